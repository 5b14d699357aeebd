"""The catalog as CSV files that people keep in spreadsheets: read, checked, imported, exported."""
