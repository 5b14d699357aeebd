"""Which SKUs crossed a mark since it was last told. Pure.

A SKU stands at the lowest mark that its units do not exceed; above all marks it stands at none.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from oneshelf.base.identifiers import Sku
from oneshelf.matching.watermarks.facts import Direction
from oneshelf.matching.world import World, remembering

Marks = tuple[int, ...]

MARKS_MAX = 20
MARK_MAX = 1_000_000


@dataclass(frozen=True, slots=True)
class WatermarkRule:
    """Marks for some SKUs, rising, 0 to 1,000,000; None matches any. No marks: nothing is told."""

    marks: Marks
    sku: Sku | None = None
    category: str | None = None

    def __post_init__(self) -> None:
        """Say which marks were found and what was expected."""
        if len(self.marks) > MARKS_MAX or list(self.marks) != sorted(set(self.marks)):
            raise ValueError(f"marks rise and are {MARKS_MAX} at most, got {self.marks}")
        if any(not 0 <= mark <= MARK_MAX for mark in self.marks):
            raise ValueError(f"a mark is 0 to {MARK_MAX:,}, got {self.marks}")


@dataclass(frozen=True, slots=True)
class WatermarkPolicy:
    """Rules in their order; of those that match a SKU the last one counts."""

    rules: tuple[WatermarkRule, ...] = (WatermarkRule((0,)),)


@dataclass(frozen=True, slots=True)
class Crossing:
    """A SKU stands at another mark than was told. stands_at: None is above all."""

    sku: Sku
    units: int
    stands_at: int | None
    stood_at: int | None

    def telling(self) -> tuple[int, Direction] | None:
        """Return the mark and the direction to tell; None where only the marks have moved."""
        if self.stands_at is not None and (self.stood_at is None or self.stands_at < self.stood_at):
            return self.stands_at, "fell"
        if self.stood_at is not None and self.units > self.stood_at:
            return self.stood_at, "rose"
        return None


def find_moved(
    policy: WatermarkPolicy,
    world: World,
    skus: tuple[Sku, ...],
    units: NDArray[np.int64],
    told: Mapping[Sku, int],
) -> list[Sku]:
    """Return the SKUs that stand at another mark than was told.

    skus, units: of those that ever had stock. told: the mark of each SKU that stands at one.
    """
    place = {sku: at for at, sku in enumerate(skus)}
    marks_of = marks_by_sku(policy, world)
    moved: list[Sku] = [sku for sku in told if sku not in place or not marks_of.get(sku)]
    groups: dict[Marks, list[int]] = {}
    for sku, at in place.items():
        if marks := marks_of.get(sku):
            groups.setdefault(marks, []).append(at)
    for marks, places in groups.items():
        stands = np.searchsorted(marks, units[places])
        stood = np.full(len(places), len(marks))
        for number, at in enumerate(places):
            if (mark := told.get(skus[at])) is not None:
                found = bisect_left(marks, mark)
                stood[number] = found if marks[found : found + 1] == (mark,) else -1
        moved += [skus[places[number]] for number in (stands != stood).nonzero()[0].tolist()]
    return sorted(moved)


def cross(
    marks_of: Mapping[Sku, Marks], units: Mapping[Sku, int], told: Mapping[Sku, int]
) -> list[Crossing]:
    """Return what to tell and to remember of these SKUs, by rising SKU."""
    found: list[Crossing] = []
    for sku in sorted(units):
        marks = marks_of.get(sku, ())
        at = bisect_left(marks, units[sku])
        stands_at = marks[at] if at < len(marks) else None
        if stands_at != told.get(sku):
            found.append(Crossing(sku, units[sku], stands_at, told.get(sku)))
    return found


@remembering(maxsize=2)
def marks_by_sku(policy: WatermarkPolicy, world: World) -> Mapping[Sku, Marks]:
    """Return the marks of every plain SKU; a kit has none, its parts have."""
    plain = [product for product in world.products.values() if not product.parts]
    found: dict[Sku, Marks] = {}
    for rule in policy.rules:
        fits: Iterable[Sku] = (
            product.sku
            for product in plain
            if rule.sku in {None, product.sku} and rule.category in {None, product.category}
        )
        found |= dict.fromkeys(fits, rule.marks)
    return found
