"""Which waiting units of an order a served claim was for. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from msgspec import structs

from oneshelf.base.identifiers import LineId, NodeId, OrderId, ParcelId
from oneshelf.orders.progress.order_state import OrderState
from oneshelf.orders.progress.quantities import Move, Quantity, QuantityId
from oneshelf.orders.resourcing.asking import shelved

REASON = "claim_served"


@dataclass(frozen=True, slots=True)
class Arrival:
    """Waiting units of a quantity that stand on a node's shelf now.

    in_parcel: the parcel there that waited for them; None needs a new one.
    """

    quantity: Quantity
    units: int
    node: NodeId
    in_parcel: ParcelId | None

    def into(self, parcel_id: ParcelId, units: int) -> Move:
        """Return the move of some of the units into a parcel."""
        return structs.replace(
            self.quantity.to("sourced", REASON, units), parcel_id_after=parcel_id
        )


def arrivals(
    order: OrderState,
    line_id: LineId,
    node: NodeId,
    units: int,
    taken: Counter[QuantityId | None],
) -> list[Arrival]:
    """Choose waiting units: of the parcel at that node first, then dated ones, then the rest.

    taken: units of quantities that earlier arrivals of the batch took already; is added to.
    """
    here = shelved(order, line_id, node, ("backordered",))
    waiting = [
        quantity
        for status in ("backordered", "unsourced")
        for quantity in order.quantities
        if quantity.line_id == line_id and quantity.status == status and quantity not in here
    ]
    found: list[Arrival] = []
    for quantity in here + waiting:
        part = min(units, quantity.units - taken[quantity.quantity_id])
        if part > 0:
            units -= part
            taken[quantity.quantity_id] += part
            parcel_id = quantity.parcel_id if quantity in here else None
            found.append(Arrival(quantity, part, node, parcel_id))
    return found


def by_parcel_to_make(
    found: Iterable[Arrival],
) -> dict[tuple[OrderId, NodeId], list[Arrival]]:
    """Group the arrivals that need a new parcel."""
    groups: dict[tuple[OrderId, NodeId], list[Arrival]] = {}
    for one in found:
        if one.in_parcel is None:
            groups.setdefault((one.quantity.order_id, one.node), []).append(one)
    return groups


def spread(
    group: Iterable[Arrival], units: Mapping[LineId, int], parcel_id: ParcelId
) -> tuple[list[Move], list[Arrival]]:
    """Put so many units of each line into one parcel; return the moves and what is left over."""
    wanted = dict(units)
    moves: list[Move] = []
    left: list[Arrival] = []
    for one in group:
        part = min(wanted.get(one.quantity.line_id, 0), one.units)
        if part:
            wanted[one.quantity.line_id] -= part
            moves.append(one.into(parcel_id, part))
        if part < one.units:
            left.append(replace(one, units=one.units - part))
    return moves, left
