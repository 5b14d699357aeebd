"""Take whole parcels a step further: what packing, shipping and pickup have in common."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from oneshelf.base.database import Transaction
from oneshelf.base.identifiers import OrderId, ParcelId
from oneshelf.orders.progress.actions import advance, lock_orders, orders_of_parcels
from oneshelf.orders.progress.order_state import OrderState, Parcel
from oneshelf.orders.progress.quantities import Move
from oneshelf.outbound.parcel_steps import ParcelAnswer, Step, plan_steps


@dataclass(frozen=True, slots=True)
class Stepped:
    """Parcels that went a step further, their last moves, and an answer for each one asked for."""

    parcels: tuple[Parcel, ...]
    orders: Mapping[OrderId, OrderState]
    moves: tuple[Move, ...]
    answers: tuple[ParcelAnswer, ...]

    def units(self) -> Counter[ParcelId | None]:
        """Return the units in each parcel."""
        units = Counter[ParcelId | None]()
        for move in self.moves:
            units[move.parcel_id_after] += move.units
        return units


def take_step(
    tx: Transaction, parcel_ids: Sequence[ParcelId], step: Step, now: datetime
) -> Stepped:
    """Take whole parcels a step further, where all their units are ready for it.

    Locks orders. A parcel that took the step before is answered so, and nothing moves.
    """
    owners = orders_of_parcels(tx, parcel_ids)
    orders = lock_orders(tx, set(owners.values()))
    moves, answers = plan_steps(orders, owners, parcel_ids, step)
    advance(tx, orders, moves, now)
    done = dict.fromkeys(answer.parcel_id for answer in answers if answer.outcome == "done")
    return Stepped(
        tuple(orders[owners[parcel_id]].parcels[parcel_id] for parcel_id in done),
        orders,
        tuple(move for move in moves if move.status == step.path[-1]),
        tuple(answers),
    )
