"""Customers collect their parcels with a code that works once."""
