"""Units whose line was cancelled go from their totes back to a shelf."""
