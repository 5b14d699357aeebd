"""What capacity can be asked to do. Each action runs inside the caller's transaction.

Capacity is locked after orders and before stock.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime

from oneshelf.base.database import Transaction
from oneshelf.base.identifiers import OrderId
from oneshelf.base.outbox import announce
from oneshelf.matching.capacity import store
from oneshelf.matching.capacity.facts import CapacityChanged
from oneshelf.matching.capacity.holding import DayTaken, Hold, NodeDay


def lock_days(tx: Transaction, days: Collection[NodeDay]) -> dict[NodeDay, DayTaken]:
    """Lock these days in key order and return those that have a limit; `holding.fit` decides."""
    if not days:
        return {}
    store.insert_missing(tx, set(days))
    return {
        NodeDay(row.node_id, row.on_day): DayTaken(row.taken, row.parcels_max)
        for row in store.lock_days(tx, set(days))
        if row.parcels_max is not None
    }


def hold(tx: Transaction, holds: Sequence[Hold], now: datetime) -> None:
    """Take capacity for parcels. The caller has locked their days and found that they fit.

    Days without a limit take nothing. Safe to repeat: a parcel that holds already is passed by.
    """
    if holds:
        _change(tx, store.insert_holds(tx, holds), now)


def release(tx: Transaction, orders: Sequence[OrderId], now: datetime) -> None:
    """Give back the capacity of whole orders. Safe to repeat."""
    _release(tx, orders, [None] * len(orders), now)


def release_parcels(tx: Transaction, parcels: Sequence[tuple[OrderId, int]], now: datetime) -> None:
    """Give back the capacity of single parcels. Safe to repeat."""
    _release(tx, [order for order, _ in parcels], [parcel for _, parcel in parcels], now)


def load_capacity(tx: Transaction, since: date) -> CapacityChanged:
    """Return every day from a date on, in the shape in which changes are announced."""
    return _changed(store.load(tx, since))


def find_drift(tx: Transaction) -> list[str]:
    """Say of which days the figure is not the number of parcels that hold them; none is right."""
    return [
        f"{row.node_id} on {row.on_day}: {row.taken} taken, {row.held} held"
        for row in store.find_drift(tx)
    ]


def _release(
    tx: Transaction, orders: Sequence[OrderId], parcels: Sequence[int | None], now: datetime
) -> None:
    if not orders:
        return
    counts = store.delete_holds(tx, orders, parcels)
    if counts:
        store.lock_days(tx, {NodeDay(count.node_id, count.on_day) for count in counts})
        given_back = [
            store.CountRow(count.node_id, count.on_day, -count.parcels) for count in counts
        ]
        _change(tx, given_back, now)


def _change(tx: Transaction, counts: Sequence[store.CountRow], now: datetime) -> None:
    if counts:
        announce(tx, [_changed(store.add(tx, counts))], now)


def _changed(rows: Sequence[store.DayRow]) -> CapacityChanged:
    return CapacityChanged(
        node=tuple(row.node_id for row in rows),
        on=tuple(row.on_day for row in rows),
        taken=tuple(row.taken for row in rows),
        version=tuple(row.version for row in rows),
    )
