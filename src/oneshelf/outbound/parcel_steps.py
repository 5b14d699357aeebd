"""How far a parcel may go next. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from oneshelf.base.identifiers import OrderId, ParcelId
from oneshelf.orders.lifecycle import Status, reachable
from oneshelf.orders.progress.order_state import OrderState
from oneshelf.orders.progress.quantities import Move

Outcome = Literal[
    "done",
    "already_done",
    "not_ready",  # an earlier step is missing for some of its units
    "held",  # the order waits for a person
    "cancelled",
    "unknown_parcel",
    "not_for_this",  # a parcel for a carrier at the counter, or the reverse
]


@dataclass(frozen=True, slots=True)
class ParcelAnswer:
    """What became of a step of one parcel."""

    parcel_id: ParcelId
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Step:
    """Statuses a parcel passes through, the last one its goal. for_carrier: None is any parcel."""

    path: tuple[Status, ...]
    collected_by: Literal["carrier", "customer", "anyone"] = "anyone"


def plan_steps(
    orders: Mapping[OrderId, OrderState],
    owners: Mapping[ParcelId, OrderId],
    parcel_ids: Sequence[ParcelId],
    step: Step,
) -> tuple[list[Move], list[ParcelAnswer]]:
    """Return the moves of whole parcels along a step, and an answer for each parcel asked for."""
    moves: list[Move] = []
    answers: dict[ParcelId, Outcome] = {}
    for parcel_id in dict.fromkeys(parcel_ids):
        order = orders.get(owners[parcel_id]) if parcel_id in owners else None
        if order is None:
            answers[parcel_id] = "unknown_parcel"
            continue
        taken, answers[parcel_id] = _step_one(order, parcel_id, step)
        moves += taken
    return moves, [ParcelAnswer(parcel_id, answers[parcel_id]) for parcel_id in parcel_ids]


def _step_one(order: OrderState, parcel_id: ParcelId, step: Step) -> tuple[list[Move], Outcome]:
    *before, goal = step.path
    by_carrier = order.parcels[parcel_id].service is not None
    if step.collected_by == ("customer" if by_carrier else "carrier"):
        return [], "not_for_this"
    live = [
        quantity
        for quantity in order.quantities
        if quantity.parcel_id == parcel_id and quantity.status not in {"cancelled", "returned"}
    ]
    if not live:
        return [], "cancelled"
    passed = {goal} | reachable(goal)
    if all(quantity.status in passed for quantity in live):
        return [], "already_done"
    if order.holds:
        return [], "held"
    if any(quantity.status not in before for quantity in live):
        return [], "not_ready"
    return [move for quantity in live for move in quantity.through(step.path)], "done"
