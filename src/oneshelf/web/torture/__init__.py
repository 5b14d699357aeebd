"""`oneshelf torture`: a real Oneshelf of its own, a crowd that breaks it, and what still stands."""
