"""Units in totes that no order wants any more, until they stand on a shelf again."""
