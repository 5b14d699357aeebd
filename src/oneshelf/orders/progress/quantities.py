"""Units of a line and how they move between statuses. Pure.

A quantity is some units of one line that stand at the same place. Moving a part of it splits it;
quantities are never merged, so the units of a line always add up to what was ordered.
"""

from collections.abc import Sequence
from typing import NewType

from msgspec import Struct
from msgspec.structs import replace

from oneshelf.base.errors import OneshelfError
from oneshelf.base.identifiers import LineId, OrderId, ParcelId
from oneshelf.orders.lifecycle import TRANSITIONS, Status

QuantityId = NewType("QuantityId", int)


class IllegalTransitionError(OneshelfError):
    """A status that may not follow the one before it."""

    def __init__(self, was: Status, status: Status) -> None:
        """Say what may follow instead."""
        super().__init__(
            "illegal_transition",
            f"Units that are {was} cannot become {status}.",
            f"They can become: {', '.join(TRANSITIONS[was]) or 'nothing, this is an end'}.",
        )


class Move(Struct, frozen=True):
    """Units of one line that change their status, and perhaps their parcel."""

    order_id: OrderId
    line_id: LineId
    was: Status
    status: Status
    units: int
    parcel_id_before: ParcelId | None = None
    parcel_id_after: ParcelId | None = None
    reason: str = ""


class Quantity(Struct, frozen=True):
    """Units of one line in one status. quantity_id: None until it is written."""

    quantity_id: QuantityId | None
    order_id: OrderId
    line_id: LineId
    units: int
    was: Status
    status: Status
    parcel_id: ParcelId | None = None

    def to(self, status: Status, reason: str = "", units: int | None = None) -> Move:
        """Return the move of these units, or of some of them, to a status; the parcel stays."""
        return Move(
            order_id=self.order_id,
            line_id=self.line_id,
            was=self.status,
            status=status,
            units=self.units if units is None else units,
            parcel_id_before=self.parcel_id,
            parcel_id_after=self.parcel_id,
            reason=reason,
        )

    def through(self, path: Sequence[Status]) -> list[Move]:
        """Return the moves of these units from where they stand to the end of a path."""
        rest = path[path.index(self.status) :]
        moves = []
        here = self
        for status in rest[1:]:
            moves.append(here.to(status))
            here = here.moved(moves[-1], self.units)
        return moves

    def moved(self, by: Move, units: int) -> "Quantity":
        """Return these units, or some of them, where the move brought them."""
        return Quantity(
            quantity_id=self.quantity_id,
            order_id=self.order_id,
            line_id=self.line_id,
            units=units,
            was=by.was,
            status=by.status,
            parcel_id=by.parcel_id_after,
        )


def move(quantities: Sequence[Quantity], moves: Sequence[Move]) -> list[Quantity]:
    """Return the quantities after the moves, in the order of the moves.

    Raises IllegalTransitionError, and a `conflict` for more units than there are.
    """
    after = list(quantities)
    for wanted in moves:
        after = _move_one(after, wanted)
    return after


def _move_one(quantities: Sequence[Quantity], wanted: Move) -> list[Quantity]:
    if wanted.status not in TRANSITIONS[wanted.was]:
        raise IllegalTransitionError(wanted.was, wanted.status)
    if wanted.units < 1:
        raise ValueError(f"a move is of at least 1 unit, got {wanted.units}")
    origin = (wanted.line_id, wanted.was, wanted.parcel_id_before)
    left = wanted.units
    after: list[Quantity] = []
    for quantity in quantities:
        if left == 0 or (quantity.line_id, quantity.status, quantity.parcel_id) != origin:
            after.append(quantity)
            continue
        taken = min(left, quantity.units)
        moved = quantity.moved(wanted, taken)
        if taken == quantity.units:
            after.append(moved)
        else:
            after.append(replace(quantity, units=quantity.units - taken))
            after.append(replace(moved, quantity_id=None))
        left -= taken
    if left:
        raise OneshelfError(
            "conflict",
            f"Line {wanted.line_id} has {wanted.units - left} units {wanted.was} there, "
            f"not {wanted.units}.",
            "Read the order again and decide anew.",
        )
    return after
