"""Backorders: lines that wait for stock, and who of them gets units that become free."""
