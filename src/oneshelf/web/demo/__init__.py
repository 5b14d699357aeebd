"""A retailer's week, played through the public API: set-up, people, table."""
