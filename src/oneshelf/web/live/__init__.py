"""The live page: the shelf in motion, for a desk, a phone and a wall."""
