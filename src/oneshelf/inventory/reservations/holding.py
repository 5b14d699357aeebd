"""Hold units for carts: every line of a cart or none. Pure.

Structs, for the reason given in `inventory.ledger`.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

from msgspec import Struct

from oneshelf.base.identifiers import ChannelId, PointId, PublicId
from oneshelf.inventory.ledger import StockPoint

Gone = Literal["unknown", "consumed", "released", "lapsed"]


class HeldUnits(Struct, frozen=True):
    """Units of one point that a reservation holds for one line of the cart."""

    line_no: int
    point_id: PointId
    point: StockPoint
    units: int


class HoldLine(Struct, frozen=True):
    """Units that a line of a cart wants at one point, at least 1."""

    line_no: int
    point: StockPoint
    units: int

    def __post_init__(self) -> None:
        """Refuse what only a bug in the caller can ask for."""
        if self.units < 1:
            raise ValueError(f"a hold names at least 1 unit in each line: {self}")


class Hold(Struct, frozen=True):
    """A cart's wish: all its lines or none, until lapses_at."""

    public_id: PublicId
    channel: ChannelId
    lines: tuple[HoldLine, ...]
    lapses_at: datetime

    def __post_init__(self) -> None:
        """Refuse what only a bug in the caller can ask for."""
        if not self.lines:
            raise ValueError(f"a hold names at least one line: {self}")
        several = len(self.lines) > 1  # most carts have one
        if several and len({(one.line_no, one.point) for one in self.lines}) < len(self.lines):
            raise ValueError(f"a hold names each line and point once: {self.lines}")


class Resized(Struct, frozen=True):
    """So many units in all that a line of a hold shall keep at one point."""

    public_id: PublicId
    line_no: int
    point: StockPoint
    units: int


class Moved(Struct, frozen=True):
    """A line of a hold that shall stand at another point, with all its units at the first one."""

    public_id: PublicId
    line_no: int
    source: StockPoint
    target: StockPoint


class Short(Struct, frozen=True):
    """Units missing at each point. Nothing was held."""

    units: Mapping[StockPoint, int]


Reserved = tuple[HeldUnits, ...]


def hold(
    holds: Sequence[Hold], for_sale: Mapping[StockPoint, int]
) -> list[tuple[HoldLine, ...] | Short]:
    """Answer each cart in its order; what one takes, the next no longer finds.

    for_sale: units free at each point; a point that is absent has none.
    """
    free = dict(for_sale)
    answers: list[tuple[HoldLine, ...] | Short] = []
    for cart in holds:
        for line in cart.lines:
            free[line.point] = free.get(line.point, 0) - line.units
        short = {line.point: -free[line.point] for line in cart.lines if free[line.point] < 0}
        if short:
            for line in cart.lines:
                free[line.point] += line.units
        answers.append(Short(short) if short else cart.lines)
    return answers


def standing(status: str, lapses_at: datetime, now: datetime) -> tuple[()] | Gone:
    """Say why a hold can no longer be used, or nothing if it can."""
    if status == "held":
        return () if now < lapses_at else "lapsed"
    if status == "consumed":
        return "consumed"
    return "released" if status == "released" else "lapsed"
