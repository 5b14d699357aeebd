"""What an arriving delivery does to a receipt line and its shelf. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

from oneshelf.base.identifiers import LineId, NodeId, ReceiptLineId, Sku
from oneshelf.inventory.ledger import Balance, Commitment, Movement, State, Step

NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ExpectedLine:
    """Units that a delivery will bring to a node."""

    line_no: int
    sku: Sku
    node: NodeId
    due_at: datetime
    units: int


@dataclass(frozen=True, slots=True)
class Expected:
    """A delivery that was announced. reference: the sender's name for it, known once."""

    reference: str
    lines: tuple[ExpectedLine, ...]


@dataclass(frozen=True, slots=True)
class Received:
    """Units of a receipt line that came. units: fit for sale. Over and short is allowed.

    rest: whether the units that did not come are still expected.
    """

    request: UUID
    receipt_line: ReceiptLineId
    units: int
    units_damaged: int = 0
    lot: str | None = None
    rest: Literal["still_expected", "will_not_come"] = "still_expected"


@dataclass(frozen=True, slots=True)
class Arrival:
    """The changes: steps of lines, movements of nobody's units, and what lines will not get."""

    steps: list[Step]
    movements: list[Movement]
    lost: list[tuple[Commitment, int]]
    is_closed: bool


def arrive(
    received: Received,
    line: Balance,
    shelf: Balance,
    promised: Sequence[Commitment],
    waiting: Iterable[LineId],
) -> Arrival:
    """Move what came from the receipt line to the shelf.

    promised: units of lines on the receipt line. Lines that wait give theirs back, for they are
    served on the shelf in their turn; the others' arrive committed, earliest promise first.
    """
    transfer = f"receipt:{received.receipt_line}:{received.request}"
    waits = set(waiting)
    steps = [
        _step(one, "promised", "expected", one.units) for one in promised if one.line_id in waits
    ]
    firm = sorted(
        (one for one in promised if one.line_id not in waits),
        key=lambda one: (one.promised_at or NEVER, one.line_id),
    )
    left, good = {one.line_id: one.units for one in firm}, received.units
    for one in firm:
        if units := min(good, one.units):
            good -= units
            left[one.line_id] -= units
            steps += _across(one, shelf, units, transfer)
    expected = line.expected + sum(one.units for one in promised if one.line_id in waits)
    off = min(expected, good + received.units_damaged)
    movements = _moved(line, ("expected", "outside"), off, transfer)
    movements += _moved(shelf, ("outside", "available"), good, transfer)
    movements += _moved(shelf, ("outside", "damaged"), received.units_damaged, transfer)
    spoilt = max(0, received.units_damaged - max(0, expected - good))
    expected -= off
    if received.rest == "will_not_come":
        spoilt = sum(left.values())
        movements += _moved(line, ("expected", "outside"), expected, "")
        expected = 0
    lost = []
    for one in reversed(firm):
        if units := min(spoilt, left[one.line_id]):
            spoilt -= units
            left[one.line_id] -= units
            steps.append(_step(one, "promised", "outside", units))
            lost.append((one, units))
    return Arrival(steps, movements, lost, is_closed=not expected and not any(left.values()))


def _across(one: Commitment, shelf: Balance, units: int, transfer: str) -> list[Step]:
    return [
        _step(one, "promised", "outside", units, transfer),
        Step(
            line_id=one.line_id,
            order_id=one.order_id,
            point_id=shelf.point_id,
            source="outside",
            target="committed",
            units=units,
            reason="received",
            promised_at=one.promised_at,
            transfer=transfer,
        ),
    ]


def _step(one: Commitment, source: State, target: State, units: int, transfer: str = "") -> Step:
    return Step(
        line_id=one.line_id,
        order_id=one.order_id,
        point_id=one.point_id,
        source=source,
        target=target,
        units=units,
        reason="received" if transfer else "not_received",
        promised_at=one.promised_at,
        transfer=transfer,
    )


def _moved(balance: Balance, way: tuple[State, State], units: int, transfer: str) -> list[Movement]:
    if not units:
        return []
    reason = "received" if transfer else "not_received"
    return [Movement(balance.point_id, *way, units, reason, transfer=transfer)]
