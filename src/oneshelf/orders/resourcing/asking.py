"""What an order that stands asks of the plan function. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from msgspec.structs import replace

from oneshelf.base.identifiers import LineId, NodeId, OrderId, ParcelId, Sku
from oneshelf.catalog.products import KitPart
from oneshelf.inventory.ledger import Commitment
from oneshelf.inventory.lines.handling import LineUnits
from oneshelf.matching.request import Destination, SourcingRequest, WantedLine
from oneshelf.orders.lifecycle import Status
from oneshelf.orders.progress.order_state import ON_A_SHELF, OrderState
from oneshelf.orders.progress.quantities import Move, Quantity

WAITING: tuple[Status, ...] = ("backordered", "unsourced")
LOSABLE: tuple[Status, ...] = ("sourced", "released")
UNFIT = frozenset({"damaged", "worn"})
ENDED: frozenset[Status] = frozenset({"cancelled", "returned"})


@dataclass(frozen=True, slots=True)
class Lost:
    """Units of a quantity that have no stock behind them any more."""

    quantity: Quantity
    units: int
    reason: str

    @property
    def order_id(self) -> OrderId:
        """Return the order."""
        return self.quantity.order_id

    def away(self) -> Move:
        """Return the move that takes the units out of their parcel."""
        move = self.quantity.to("unsourced", self.reason, self.units)
        return replace(move, parcel_id_after=None)


def request_again(
    order: OrderState,
    units: Mapping[LineId, int],
    now: datetime,
    *,
    node: NodeId | None = None,
    avoided: frozenset[NodeId] = frozenset(),
) -> SourcingRequest:
    """Return the question for some units of an order; node: the only one that may send them.

    A pickup stays at its counter: the customer is asked before it goes anywhere else.
    """
    head = order.head
    shipped = head.method == "ship"
    lines = (line for line in order.lines.values() if units.get(line.line_id))
    return SourcingRequest(
        now=now,
        channel=head.channel,
        standing="sold",
        lines=tuple(WantedLine(line.line_no, line.sku, units[line.line_id]) for line in lines),
        method="ship" if shipped else "pickup",
        destination=_destination(order) if shipped else None,
        pickup_node=None if shipped else head.node,
        only_node=(node or head.node) if shipped else None,
        avoided=avoided,
        wanted_by=head.wanted_by,
        preference=head.preference,
        splitting=head.splitting,
        backorder=head.backorder,
    )


def to_avoid(order: OrderState, lost: Iterable[Lost]) -> frozenset[NodeId]:
    """Return the nodes not to ask again: those that failed this order, so the search ends.

    A unit that was there but unfit does not speak against its neighbours on the shelf. A pickup
    has one node, and is only without it when the shelf is empty.
    """
    at_counter = order.head.method == "pickup"
    failed = {
        order.node_of(one.quantity)
        for one in lost
        if (one.reason == "not_in_stock" if at_counter else one.reason not in UNFIT)
    }
    alive = {q.parcel_id for q in order.quantities if q.status not in ENDED}
    if order.head.method == "ship":
        failed |= {p.node for p in order.parcels.values() if p.parcel_id not in alive}
    return frozenset(node for node in failed if node is not None)


def losses(quantities: Iterable[Quantity], units: int, reason: str) -> list[Lost]:
    """Take lost units from quantities, the first ones first."""
    found: list[Lost] = []
    for quantity in quantities:
        taken = min(units, quantity.units)
        if taken > 0:
            found.append(Lost(quantity, taken, reason))
            units -= taken
    return found


def surplus(
    order: OrderState,
    line_id: LineId,
    node: NodeId,
    parts: Sequence[KitPart],
    commitments: Iterable[Commitment],
) -> int:
    """Return how many units (whole kits) the shelf has for a line beyond what the order knows.

    commitments: of this line. Below zero: so many the order believes in and the shelf has lost.
    """
    held = dict.fromkeys((part.sku for part in parts), 0)
    for one in commitments:
        here = one.point.node == node and one.state != "promised"
        if here and one.point.sku in held:
            held[one.point.sku] += one.units
    kits = min(held[part.sku] // part.units for part in parts)
    return kits - sum(q.units for q in shelved(order, line_id, node, ON_A_SHELF))


def gone_from(
    order: OrderState,
    places: Iterable[tuple[LineId, NodeId]],
    parts: Mapping[Sku, Sequence[KitPart]],
    commitments: Mapping[LineId, Sequence[Commitment]],
    reason: str,
) -> list[Lost]:
    """Return the units at places that the order believes in and the shelf has lost."""
    found: list[Lost] = []
    for line_id, node in places:
        components = parts[order.lines[line_id].sku]
        missing = -surplus(order, line_id, node, components, commitments.get(line_id, ()))
        if missing > 0:
            found += losses(shelved(order, line_id, node, LOSABLE), missing, reason)
    return found


def left_parts(
    order: OrderState,
    line_id: LineId,
    node: NodeId,
    parts: Sequence[KitPart],
    commitments: Iterable[Commitment],
) -> list[LineUnits]:
    """Return the components that a shelf keeps for a line beyond the kits that come from there.

    A kit that waits for its last part keeps the others.
    """
    whole: tuple[Status, ...] = (*ON_A_SHELF, "backordered")
    kits = sum(quantity.units for quantity in shelved(order, line_id, node, whole))
    held = Counter[Sku]()
    for one in commitments:
        if one.line_id == line_id and one.point.node == node and one.state != "promised":
            held[one.point.sku] += one.units
    return [
        LineUnits(line_id, node, units, part.sku)
        for part in parts
        if (units := held[part.sku] - part.units * kits) > 0
    ]


def shelved(
    order: OrderState, line_id: LineId, node: NodeId, statuses: Iterable[Status]
) -> list[Quantity]:
    """Return a line's quantities at a node in some statuses, in the order of the statuses."""
    return [
        quantity
        for status in statuses
        for quantity in order.quantities
        if quantity.status == status
        and quantity.line_id == line_id
        and order.node_of(quantity) == node
    ]


def promise(order: OrderState) -> date | None:
    """Return the day by which everything still wanted arrives; None while a unit has no date."""
    wanted = [quantity for quantity in order.quantities if quantity.status not in ENDED]
    if any(quantity.status == "unsourced" for quantity in wanted):
        return None
    days = [order.parcels[q.parcel_id].arrives_on for q in wanted if q.parcel_id is not None]
    return max(days, default=None)


def parcel_kept(order: OrderState, line_id: LineId, node: NodeId) -> ParcelId | None:
    """Return the parcel at a node that waits for the line already."""
    waiting = shelved(order, line_id, node, ("backordered",))
    return waiting[0].parcel_id if waiting else None


def _destination(order: OrderState) -> Destination:
    head = order.head
    if head.latitude is None or head.longitude is None:
        raise ValueError(f"order {head.order_id} is shipped to no place")
    return Destination(head.country or "", head.postcode or "", head.latitude, head.longitude)
