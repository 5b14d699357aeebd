"""What the catalog lets shelves do: changed together with who gets the units that it opens."""
