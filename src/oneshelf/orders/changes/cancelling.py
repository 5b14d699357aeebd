"""What a cancellation takes back: the least advanced units first. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from oneshelf.base.identifiers import OrderId
from oneshelf.orders.lifecycle import CANCELLABLE, STATUSES, Status
from oneshelf.orders.progress.order_state import Line, OrderState
from oneshelf.orders.progress.quantities import Move, Quantity

LEAST_ADVANCED_FIRST: tuple[Status, ...] = tuple(s for s in STATUSES if s in CANCELLABLE)


@dataclass(frozen=True, slots=True)
class Cancellation:
    """A wish to cancel an order, a line, or a part of it.

    line_no: None is the whole order. units_kept: of the line, so many are still wanted; said like
    this, the same wish twice cancels once.
    """

    order_id: OrderId
    reason: str
    line_no: int | None = None
    units_kept: int = 0

    def __post_init__(self) -> None:
        """Refuse what only a bug in the caller can ask for."""
        if self.units_kept < 0 or (self.units_kept and self.line_no is None):
            raise ValueError(f"units are kept of a line, and at least 0: {self}")


@dataclass(frozen=True, slots=True)
class Cancelled:
    """units: cancelled now. units_too_late: of those wanted, already with the carrier or gone."""

    order_id: OrderId
    units: int
    units_too_late: int
    outcome: Literal["cancelled", "nothing_to_cancel", "too_late", "unknown_order", "unknown_line"]


def cancel_moves(order: OrderState, wish: Cancellation) -> tuple[list[Move], Cancelled]:
    """Return the moves of one cancellation and its answer."""
    lines = list(order.lines.values())
    if wish.line_no is not None:
        lines = [line for line in lines if line.line_no == wish.line_no]
        if not lines:
            return [], Cancelled(wish.order_id, 0, 0, "unknown_line")
    moves: list[Move] = []
    too_late = 0
    for line in lines:
        taken, missed = _cancel_line(order.quantities, line, wish)
        moves += taken
        too_late += missed
    units = sum(move.units for move in moves)
    if units:
        return moves, Cancelled(wish.order_id, units, too_late, "cancelled")
    outcome: Literal["too_late", "nothing_to_cancel"] = (
        "too_late" if too_late else "nothing_to_cancel"
    )
    return [], Cancelled(wish.order_id, 0, too_late, outcome)


def _cancel_line(
    quantities: Sequence[Quantity], line: Line, wish: Cancellation
) -> tuple[list[Move], int]:
    theirs = [q for q in quantities if q.line_id == line.line_id and q.status != "cancelled"]
    left = max(0, sum(quantity.units for quantity in theirs) - wish.units_kept)
    moves: list[Move] = []
    free = [quantity for quantity in theirs if quantity.status in CANCELLABLE]
    for quantity in sorted(free, key=lambda q: LEAST_ADVANCED_FIRST.index(q.status)):
        if left == 0:
            break
        units = min(left, quantity.units)
        moves.append(quantity.to("cancelled", wish.reason, units))
        left -= units
    return moves, left
