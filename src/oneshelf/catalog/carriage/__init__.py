"""Carriers, their services and the zones that price and time them."""
