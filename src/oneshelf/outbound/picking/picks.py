"""What a picker reports about one line of a parcel. Pure."""

from dataclasses import dataclass
from typing import Literal

from oneshelf.base.identifiers import ParcelId, Sku
from oneshelf.inventory.lines.handling import Reason
from oneshelf.orders.lifecycle import Status
from oneshelf.orders.progress.order_state import OrderState
from oneshelf.orders.progress.quantities import Move
from oneshelf.orders.resourcing.asking import Lost

IN_TOTE: frozenset[Status] = frozenset(
    {"picked", "packed", "shipped", "delivered", "ready_for_pickup", "handed_over"}
)

PickOutcome = Literal[
    "picked",
    "short",  # the rest of the line goes elsewhere
    "already_done",
    "too_many",  # more than the parcel wants; nothing was moved
    "not_released",
    "held",
    "unknown_parcel",
    "unknown_line",
]


@dataclass(frozen=True, slots=True)
class Pick:
    """Units of one line of a parcel that are in its tote now, in all.

    Said like this, the same report twice picks once. short: why the rest cannot be picked; None
    while the picker goes on. sku: the component that is short, if the line is a kit.
    """

    parcel_id: ParcelId
    line_no: int
    units: int
    short: Reason | None = None
    sku: Sku | None = None


@dataclass(frozen=True, slots=True)
class PickAnswer:
    """What became of a report. units: picked now. units_short: given to another source."""

    parcel_id: ParcelId
    line_no: int
    outcome: PickOutcome
    units: int = 0
    units_short: int = 0


@dataclass(frozen=True, slots=True)
class Decided:
    """The consequences of one report."""

    answer: PickAnswer
    moves: tuple[Move, ...] = ()
    lost: tuple[Lost, ...] = ()


def decide_pick(order: OrderState | None, pick: Pick) -> Decided:
    """Decide one report on the order as it stands."""

    def plainly(outcome: PickOutcome) -> Decided:
        return Decided(PickAnswer(pick.parcel_id, pick.line_no, outcome))

    if order is None:
        return plainly("unknown_parcel")
    line = order.line_numbered(pick.line_no)
    mine = [
        quantity
        for quantity in order.quantities
        if quantity.parcel_id == pick.parcel_id
        and line is not None
        and quantity.line_id == line.line_id
    ]
    if not mine:
        return plainly("unknown_line")
    released = [quantity for quantity in mine if quantity.status == "released"]
    done = sum(quantity.units for quantity in mine if quantity.status in IN_TOTE)
    there = sum(quantity.units for quantity in released)
    units = max(0, pick.units - done)
    if units > there:
        waits = any(quantity.status == "sourced" for quantity in mine)
        return plainly("held" if order.holds else "not_released" if waits else "too_many")
    moves: list[Move] = []
    lost: list[Lost] = []
    left = units
    for quantity in released:
        part = min(left, quantity.units)
        left -= part
        moves += [quantity.to("picked", units=part)] if part else []
        rest = quantity.units - part
        lost += [Lost(quantity, rest, pick.short)] if rest and pick.short else []
    short = sum(one.units for one in lost)
    outcome: PickOutcome = "short" if short else "picked" if units else "already_done"
    answer = PickAnswer(pick.parcel_id, pick.line_no, outcome, units, short)
    return Decided(answer, tuple(moves), tuple(lost))
