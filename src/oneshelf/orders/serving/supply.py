"""What a late or lost delivery means to orders that wait for it. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from msgspec.structs import replace

from oneshelf.base.identifiers import LineId, ParcelId
from oneshelf.catalog.products import KitPart
from oneshelf.inventory.ledger import Commitment
from oneshelf.matching.plan import Parcel as PlannedParcel
from oneshelf.orders.progress.order_state import ON_A_SHELF, OrderState, Parcel
from oneshelf.orders.progress.quantities import Move
from oneshelf.orders.resourcing.asking import shelved


def undated(
    order: OrderState,
    line_id: LineId,
    parts: Iterable[KitPart],
    commitments: Iterable[Commitment],
) -> list[Move]:
    """Return the moves of waiting units that no delivery is to bring any more."""
    bound = [one for one in commitments if one.line_id == line_id]
    left: list[Move] = []
    dated = 0
    for quantity in order.standing_in({"backordered"}):
        node = order.node_of(quantity)
        if quantity.line_id != line_id or node is None:
            continue
        there = sum(one.units for one in shelved(order, line_id, node, ON_A_SHELF))
        coming = min(
            sum(
                one.units
                for one in bound
                if one.point.sku == part.sku and (one.state == "promised" or one.point.node == node)
            )
            // part.units
            - there
            for part in parts
        )
        units = max(0, quantity.units - max(0, coming - dated))
        dated += quantity.units - units
        if units:
            move = quantity.to("unsourced", "supply_lost", units)
            left.append(replace(move, parcel_id_after=None))
    return left


def waiting_parcels(
    order: OrderState, due: Mapping[LineId, datetime]
) -> dict[ParcelId, tuple[datetime, dict[LineId, int]]]:
    """Return the parcels that wait for re-dated units: until when, and all that goes into them."""
    found: dict[ParcelId, tuple[datetime, dict[LineId, int]]] = {}
    for quantity in order.standing_in({"backordered"}):
        if quantity.line_id in due and quantity.parcel_id is not None:
            until = due[quantity.line_id]
            before, _ = found.get(quantity.parcel_id, (until, {}))
            found[quantity.parcel_id] = (max(before, until), {})
    for quantity in order.standing_in({"backordered", "sourced"}):
        if quantity.parcel_id in found:
            units = found[quantity.parcel_id][1]
            units[quantity.line_id] = units.get(quantity.line_id, 0) + quantity.units
    return found


def completed(before: OrderState, after: OrderState) -> dict[ParcelId, dict[LineId, int]]:
    """Return the parcels that wait for nothing more, and what goes into them."""
    waiting = {quantity.parcel_id for quantity in after.standing_in({"backordered"})}
    waited = {quantity.parcel_id for quantity in before.standing_in({"backordered"})}
    found: dict[ParcelId, dict[LineId, int]] = {}
    for quantity in after.standing_in({"sourced"}):
        if quantity.parcel_id is not None and quantity.parcel_id in waited - waiting:
            units = found.setdefault(quantity.parcel_id, {})
            units[quantity.line_id] = units.get(quantity.line_id, 0) + quantity.units
    return found


def re_dated(parcel: Parcel, planned: PlannedParcel) -> Parcel:
    """Return the parcel on the days of a plan."""
    return replace(
        parcel,
        ready_at=planned.ready_at,
        collected_at=planned.collected_at,
        arrives_on=planned.arrives_on,
        capacity_on=planned.capacity_on,
    )
