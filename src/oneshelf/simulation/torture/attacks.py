"""The simplest attacks on any shop, and what they prove: a function of the seed. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

CROWD = 100  # buyers for one unit
UNITS_MAX = 20
WANTED = (1, 1, 1, 2)


@dataclass(frozen=True, slots=True)
class Wish:
    """One buyer wants so many units."""

    sku: str
    units: int


@dataclass(frozen=True, slots=True)
class Attack:
    """Stock by SKU, and buyers who come all at once."""

    name: str
    stock: Mapping[str, int]
    buyers: tuple[Wish, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an attack. acknowledged: units told; standing: units the other side shows."""

    attack: Attack
    orders: int
    refused: int
    failed: int
    acknowledged: Mapping[str, int]
    standing: Mapping[str, int]

    def oversold(self) -> int:
        """Return units that were told to buyers beyond the stock there was."""
        return _beyond(self.acknowledged, self.attack.stock)

    def lost(self) -> int:
        """Return units that were told to buyers and that no order shows."""
        return _beyond(self.acknowledged, self.standing)


def last_unit(sku: str) -> Attack:
    """Return a crowd of buyers for one unit."""
    return Attack("last_unit", {sku: 1}, (Wish(sku, 1),) * CROWD)


def scarce(seed: int, skus: Sequence[str], buyers: int) -> Attack:
    """Return many buyers for a few units of each of some SKUs."""
    chance = Random(f"{seed}/scarce")
    stock = {sku: chance.randint(1, UNITS_MAX) for sku in skus}
    wishes = tuple(Wish(chance.choice(skus), chance.choice(WANTED)) for _ in range(buyers))
    return Attack("scarce", stock, wishes)


def summed(wishes: Sequence[Wish]) -> dict[str, int]:
    """Return units by SKU."""
    units = Counter[str]()
    for wish in wishes:
        units[wish.sku] += wish.units
    return dict(units)


def _beyond(units: Mapping[str, int], limit: Mapping[str, int]) -> int:
    return sum(max(0, count - limit.get(sku, 0)) for sku, count in units.items())
