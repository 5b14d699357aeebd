"""Lock orders, move their units between statuses, give them parcels."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from msgspec.structs import replace

from oneshelf.base.database import Transaction
from oneshelf.base.identifiers import OrderId, ParcelId
from oneshelf.catalog.actions import find_products
from oneshelf.inventory.lines.handling import LineUnits
from oneshelf.orders.progress import store
from oneshelf.orders.progress.order_state import Line, NewParcel, OrderHead, OrderState, Parcel
from oneshelf.orders.progress.quantities import Move, Quantity, move
from oneshelf.orders.progress.telling import line_units

OfOrder = TypeVar("OfOrder", Line, Quantity, Parcel, Move, store.HoldRow)


def lock_orders(tx: Transaction, order_ids: Collection[OrderId]) -> dict[OrderId, OrderState]:
    """Lock orders, in their numbers' order, and read all that is theirs; unknown ones are absent.

    Orders are locked before capacity and stock, and after anything of outbound.
    """
    heads = store.lock_orders(tx, order_ids) if order_ids else []
    return _load(tx, heads) if heads else {}


def read_orders(tx: Transaction, order_ids: Collection[OrderId]) -> dict[OrderId, OrderState]:
    """Read orders without a lock: for plans that are checked later."""
    heads = store.find_orders(tx, order_ids) if order_ids else []
    return _load(tx, heads) if heads else {}


def orders_of_parcels(tx: Transaction, parcel_ids: Collection[ParcelId]) -> dict[ParcelId, OrderId]:
    """Return whose the parcels are; unknown ones are absent."""
    return dict(store.find_orders_of_parcels(tx, parcel_ids))


def advance(
    tx: Transaction, orders: Mapping[OrderId, OrderState], moves: Sequence[Move], now: datetime
) -> dict[OrderId, OrderState]:
    """Move units of locked orders between statuses; return the orders as they stand then.

    Raises IllegalTransitionError, and a `conflict` for more units than stand there; the database
    would refuse both as well.
    """
    if not moves:
        return dict(orders)
    by_order = _by_order(moves)
    quantities: dict[OrderId, list[Quantity]] = {}
    changed: list[Quantity] = []
    added: list[Quantity] = []
    for order_id, theirs in by_order.items():
        before = frozenset(orders[order_id].quantities)
        after = quantities[order_id] = move(orders[order_id].quantities, theirs)
        added += [quantity for quantity in after if quantity.quantity_id is None]
        changed += [q for q in after if q.quantity_id is not None and q not in before]
    store.update_quantities(tx, changed, now)
    store.log_moves(tx, moves, now)
    if added:  # only the database knows what they are called
        store.add_quantities(tx, added, now)
        split = list(dict.fromkeys(quantity.order_id for quantity in added))
        quantities |= _by_order(store.find_quantities(tx, split))
    advanced = {
        order_id: replace(orders[order_id], quantities=tuple(quantities[order_id]))
        for order_id in by_order
    }
    note_change(tx, list(advanced.values()))
    return dict(orders) | advanced


def note_change(tx: Transaction, orders: Sequence[OrderState]) -> None:
    """Raise the versions of locked orders that changed, and note where they stand."""
    store.raise_versions(tx, orders)


def find_drift(tx: Transaction) -> list[str]:
    """Say of which orders the status or a line's units do not follow from the quantities."""
    return [f"order {row.order_id}: {row.found}, not {row.due}" for row in store.find_drift(tx)]


def units_behind(
    tx: Transaction, orders: Mapping[OrderId, OrderState], moves: Sequence[Move]
) -> list[LineUnits]:
    """Return the units on shelves behind the moves: components, if a line is a kit."""
    skus = {orders[one.order_id].lines[one.line_id].sku for one in moves}
    return line_units(orders, moves, find_products(tx, skus))


def add_parcels(tx: Transaction, parcels: Sequence[NewParcel]) -> list[Parcel]:
    """Write new parcels of locked orders, in the given order, and return them numbered."""
    if not parcels:
        return []
    numbers = store.draw_parcel_ids(tx, len(parcels))
    store.add_parcels(tx, numbers, parcels)
    return [
        Parcel(
            order_id=parcel.order_id,
            parcel_id=number,
            node=parcel.node,
            service=parcel.service,
            ready_at=parcel.ready_at,
            collected_at=parcel.collected_at,
            arrives_on=parcel.arrives_on,
            capacity_on=parcel.capacity_on,
        )
        for number, parcel in zip(numbers, parcels, strict=True)
    ]


def re_date_parcels(tx: Transaction, parcels: Sequence[Parcel]) -> None:
    """Give parcels of locked orders the days they bear."""
    if parcels:
        store.update_dates(tx, parcels)


def _load(tx: Transaction, heads: Sequence[OrderHead]) -> dict[OrderId, OrderState]:
    ids = [head.order_id for head in heads]
    lines = _by_order(store.find_lines(tx, ids))
    quantities = _by_order(store.find_quantities(tx, ids))
    parcels = _by_order(store.find_parcels(tx, ids))
    holds = _by_order(store.find_holds(tx, ids))
    return {
        head.order_id: OrderState(
            head,
            {line.line_id: line for line in lines[head.order_id]},
            tuple(quantities[head.order_id]),
            {parcel.parcel_id: parcel for parcel in parcels[head.order_id]},
            frozenset(hold.reason for hold in holds[head.order_id]),
        )
        for head in heads
    }


def _by_order(rows: Sequence[OfOrder]) -> defaultdict[OrderId, list[OfOrder]]:
    theirs: defaultdict[OrderId, list[OfOrder]] = defaultdict(list)
    for row in rows:
        theirs[row.order_id].append(row)
    return theirs
