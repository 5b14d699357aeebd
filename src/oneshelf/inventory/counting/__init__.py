"""What people and other systems say about shelves: counts, adjustments, other grades, transfers."""
