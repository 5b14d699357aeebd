"""Contact rows of orders and of their customers: found, and erased for good."""
