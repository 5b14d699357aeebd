"""A cart holds its units and the capacity of the days its parcels need: both or neither."""
