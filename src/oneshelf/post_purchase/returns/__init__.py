"""Units come back, to any of our places."""
