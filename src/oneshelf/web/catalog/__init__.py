"""Doors to the catalog: its tables as CSV files, and API keys."""
