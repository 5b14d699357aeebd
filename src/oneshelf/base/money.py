"""Money: whole minor units and an ISO 4217 code. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount of one currency. Never a float; never added across currencies."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        """Refuse what is not an ISO 4217 code."""
        if not re.fullmatch("[A-Z]{3}", self.currency):
            raise ValueError(f"a currency is three capital letters, got {self.currency!r}")

    def __add__(self, other: "Money") -> "Money":
        """Add money of the same currency."""
        self._same_currency(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        """Subtract money of the same currency."""
        self._same_currency(other)
        return Money(self.minor - other.minor, self.currency)

    def times(self, units: int) -> "Money":
        """Return the amount for so many units."""
        return Money(self.minor * units, self.currency)

    def _same_currency(self, other: "Money") -> None:
        if self.currency != other.currency:
            raise ValueError(f"cannot mix {self.currency} and {other.currency}")


def share(minor: int, weights: Sequence[int]) -> list[int]:
    """Split an amount by weights to the minor unit; the shares add up to exactly the amount.

    Largest remainders get the odd units, earlier shares first. All weights zero: equal weights.
    """
    if not weights:
        raise ValueError("an amount needs at least one share to go to")
    if min(weights) < 0:
        raise ValueError(f"a weight is at least 0, got {min(weights)}")
    whole = sum(weights)
    parts = [1] * len(weights) if whole == 0 else list(weights)
    whole = sum(parts)
    shares = [minor * part // whole for part in parts]
    remainders = [minor * part % whole for part in parts]
    by_remainder = sorted(range(len(parts)), key=lambda place: (-remainders[place], place))
    for place in by_remainder[: minor - sum(shares)]:
        shares[place] += 1
    return shares
