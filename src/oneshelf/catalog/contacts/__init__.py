"""Contact rows of customers: written, found, and erased for good."""
