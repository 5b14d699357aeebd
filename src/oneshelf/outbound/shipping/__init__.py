"""Carriers take parcels, and deliver them."""
