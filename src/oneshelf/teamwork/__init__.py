"""People around an order: what needs a person, and who took care of it."""
