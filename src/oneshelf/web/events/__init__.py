"""Doors to what happened: facts as a stream."""
