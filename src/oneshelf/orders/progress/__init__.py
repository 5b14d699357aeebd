"""How far the units of a line have come: locked by order, moved between statuses, logged."""
