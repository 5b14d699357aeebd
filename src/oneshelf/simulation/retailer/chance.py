"""Chance by key: the same seed and words give the same dice, whatever was asked before. Pure."""

from random import Random


def dice(seed: int, *words: str) -> Random:
    """Return fresh dice for one question, such as `dice(seed, "channel", "537434-001")`."""
    return Random("\x1f".join((str(seed), *words)))


def happens(seed: int, likelihood: float, *words: str) -> bool:
    """Say whether something of this likelihood (0 to 1) happens."""
    return dice(seed, *words).random() < likelihood
