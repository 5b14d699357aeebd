"""Doors for orders: place, look, change, explain."""
