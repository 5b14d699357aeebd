"""Which units of a line, or of which line, an event at a node takes. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from oneshelf.base.identifiers import LineId, NodeId, PointId, Sku
from oneshelf.inventory.ledger import Bound, Commitment, State, Step, StockPoint

NEVER = datetime.max.replace(tzinfo=UTC)
Condition = Literal["available", "damaged", "quality_hold"]
Reason = Literal["not_in_stock", "mismatch", "damaged", "worn"]


class LineUnits(Struct, frozen=True):
    """Units of a line at one node.

    sku: needed where the line is a kit, whose components move one by one. request: an outside
    request's id; the same one again does nothing.
    """

    line_id: LineId
    node: NodeId
    units: int
    sku: Sku | None = None
    request: UUID | None = None


@dataclass(frozen=True, slots=True)
class Returned:
    """Units that come back to a shelf, in a condition; the request's id makes a repeat harmless."""

    request: UUID
    point: StockPoint
    units: int
    condition: Condition
    line_id: LineId | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """A picker could not use units of a line at a node, and why.

    not_in_stock: the shelf is empty, all that belongs to anyone there is lost. mismatch: the units
    are not there. damaged, worn: they are, but not for sale.
    """

    request: UUID
    line_id: LineId
    node: NodeId
    units: int
    reason: Reason
    sku: Sku | None = None


@dataclass(frozen=True, slots=True)
class TillSale:
    """Units sold over the counter: they leave at once, whoever they belonged to.

    point: without a lot, any lot at the node will do.
    """

    request: UUID
    point: StockPoint
    units: int
    line_id: LineId | None = None


def choose(
    commitments: Iterable[Commitment], wanted: LineUnits, state: Bound
) -> list[tuple[Commitment, int]]:
    """Choose the line's units in that state at the node, as many as there are."""
    chosen = []
    missing = wanted.units
    for one in commitments:
        if (
            one.line_id == wanted.line_id
            and one.state == state
            and one.point.node == wanted.node
            and wanted.sku in {None, one.point.sku}
            and (units := min(missing, one.units)) > 0
        ):
            chosen.append((one, units))
            missing -= units
    return chosen


def by_line(commitments: Iterable[Commitment]) -> defaultdict[LineId, list[Commitment]]:
    """Return the commitments of each line, so that none goes through those of a whole batch."""
    of_line = defaultdict[LineId, list[Commitment]](list)
    for one in commitments:
        of_line[one.line_id].append(one)
    return of_line


def choose_each(
    commitments: Iterable[Commitment], wanted: Sequence[LineUnits], state: Bound
) -> list[list[tuple[Commitment, int]]]:
    """Choose for each in turn, the next one from what is left."""
    of_line = by_line(commitments)
    chosen = []
    for one in wanted:
        mine = choose(of_line[one.line_id], one, state)
        of_line[one.line_id] = less(of_line[one.line_id], mine)
        chosen.append(mine)
    return chosen


def latest_promised_first(commitments: Iterable[Commitment]) -> list[Commitment]:
    """Sort by who loses units first: no promise, then the latest one."""
    return sorted(
        (one for one in commitments if one.state == "committed"),
        key=lambda one: (one.promised_at or NEVER, one.line_id),
        reverse=True,
    )


def take_from(losers: Sequence[Commitment], units: int) -> list[tuple[Commitment, int]]:
    """Take up to so many units from lines, in the order given."""
    taken = []
    for one in losers:
        if part := min(units, one.units):
            units -= part
            taken.append((one, part))
    return taken


def step(one: Commitment, target: State, units: int, reason: str) -> Step:
    """Move units of a line to another state."""
    return Step(
        line_id=one.line_id,
        order_id=one.order_id,
        point_id=one.point_id,
        source=one.state,
        target=target,
        units=units,
        reason=reason,
        promised_at=one.promised_at,
    )


def less(
    commitments: Iterable[Commitment], taken: Iterable[tuple[Commitment, int]]
) -> list[Commitment]:
    """Return what is left of commitments, so that the next one finds it."""
    gone = Counter[tuple[LineId, PointId, Bound]]()
    for one, units in taken:
        gone[one.line_id, one.point_id, one.state] += units
    left = []
    for one in commitments:
        units = gone[one.line_id, one.point_id, one.state]
        if units < one.units:
            left.append(replace(one, units=one.units - units) if units else one)
    return left


def shelf_order(points: Iterable[StockPoint], place: StockPoint) -> list[StockPoint]:
    """Return the shelf points that may serve a place: its lot, or any lot and then the shelf."""
    return sorted(
        (
            point
            for point in points
            if (point.sku, point.node) == (place.sku, place.node)
            and point.receipt_line is None
            and place.lot in {None, point.lot}
        ),
        key=lambda point: (point.lot is None, point.lot or ""),
    )
