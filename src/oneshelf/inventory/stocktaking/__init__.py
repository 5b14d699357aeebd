"""Set very many shelves to what a file says, and know how far it has come."""
