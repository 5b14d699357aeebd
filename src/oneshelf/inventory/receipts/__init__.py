"""Inbound deliveries: expected by a date, promised ahead, received."""
