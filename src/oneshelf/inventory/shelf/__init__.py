"""Points and movements: the only way units change their state."""
