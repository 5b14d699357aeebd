"""The records of decisions: kept with the order, found again, forgotten in time."""
