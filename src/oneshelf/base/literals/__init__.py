"""How values are written for the database."""
