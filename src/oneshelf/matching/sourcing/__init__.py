"""The mathematical core: which place sends which units, at the least cost. Pure arrays."""
