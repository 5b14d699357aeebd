"""Units of order lines on their way: picked, shipped, handed over, given up, lost, returned."""
