"""What follows an order: returns."""
