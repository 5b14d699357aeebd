"""What moves of units mean to others: facts, freed shelves, freed capacity. Pure."""

from collections.abc import Mapping, Sequence
from itertools import groupby

from oneshelf.base.identifiers import NodeId, OrderId, ParcelId, Sku
from oneshelf.catalog.products import KitPart, Product
from oneshelf.inventory.lines.handling import LineUnits
from oneshelf.orders.facts import OrderCancelled, OrderReleased, PickRecalled
from oneshelf.orders.lifecycle import Status
from oneshelf.orders.progress.order_state import OrderState, Parcel
from oneshelf.orders.progress.quantities import Move

IN_WORK: frozenset[Status] = frozenset({"released", "picked", "packed", "ready_for_pickup"})
GONE: frozenset[Status] = frozenset({"cancelled", "returned"})


def by_order_and_reason(moves: Sequence[Move]) -> list[tuple[OrderId, str, list[Move]]]:
    """Group moves, since a fact tells of one order and one reason."""

    def key(move: Move) -> tuple[OrderId, str]:
        return move.order_id, move.reason

    return [(*names, list(theirs)) for names, theirs in groupby(sorted(moves, key=key), key)]


def released(orders: Mapping[OrderId, OrderState], moves: Sequence[Move]) -> list[OrderReleased]:
    """Tell nodes that they may begin."""
    return [
        OrderReleased(order_id, parcels, _nodes(orders[order_id], parcels))
        for order_id, _, theirs in by_order_and_reason(moves)
        for parcels in [_parcels(theirs)]
    ]


def recalled(orders: Mapping[OrderId, OrderState], moves: Sequence[Move]) -> list[PickRecalled]:
    """Tell nodes that units they work on are not wanted from them any more."""
    return [
        PickRecalled(
            order_id,
            parcels,
            _nodes(orders[order_id], parcels),
            sum(move.units for move in theirs),
            reason,
        )
        for order_id, reason, theirs in by_order_and_reason(
            [move for move in moves if move.was in IN_WORK]
        )
        for parcels in [_parcels(theirs)]
    ]


def cancelled(moves: Sequence[Move]) -> list[OrderCancelled]:
    """Tell of units that are not wanted any more."""
    return [
        OrderCancelled(
            order_id,
            tuple(sorted({move.line_id for move in theirs})),
            sum(move.units for move in theirs),
            reason,
        )
        for order_id, reason, theirs in by_order_and_reason(moves)
    ]


def line_units(
    orders: Mapping[OrderId, OrderState], moves: Sequence[Move], products: Mapping[Sku, Product]
) -> list[LineUnits]:
    """Return the units on shelves behind the moves: components, if a line is a kit."""
    found: list[LineUnits] = []
    for move in moves:
        order = orders[move.order_id]
        if move.parcel_id_before is None:
            continue
        node = order.parcels[move.parcel_id_before].node
        sku = order.lines[move.line_id].sku
        parts = products[sku].components() if sku in products else (KitPart(sku, 1),)
        found += [
            LineUnits(move.line_id, node, part.units * move.units, part.sku) for part in parts
        ]
    return found


def emptied(after: Mapping[OrderId, OrderState], moves: Sequence[Move]) -> list[Parcel]:
    """Return the parcels that the moves left with nothing to do."""
    left = {
        quantity.parcel_id
        for order in after.values()
        for quantity in order.quantities
        if quantity.status not in GONE
    }
    touched = {
        (move.order_id, move.parcel_id_before)
        for move in moves
        if move.parcel_id_before is not None
    }
    return [
        after[order_id].parcels[parcel_id]
        for order_id, parcel_id in sorted(touched)
        if parcel_id not in left
    ]


def _parcels(moves: Sequence[Move]) -> tuple[ParcelId, ...]:
    return tuple(
        sorted({move.parcel_id_before for move in moves if move.parcel_id_before is not None})
    )


def _nodes(order: OrderState, parcels: Sequence[ParcelId]) -> tuple[NodeId, ...]:
    return tuple(sorted({order.parcels[parcel].node for parcel in parcels}))
