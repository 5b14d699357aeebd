"""The torture run as a function of its seed: a world, what everybody tries, what breaks when."""
