"""Holds with a time limit, for carts and checkouts, on concrete units."""
