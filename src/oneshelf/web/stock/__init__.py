"""Doors to stock: what stands where, and everything that changes it."""
