"""What capacity can be asked to do. Each action runs inside the caller's transaction.

Capacity is locked after orders and reservations and before stock.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import date, datetime

from oneshelf.base.database import Transaction
from oneshelf.base.identifiers import OrderId, PublicId
from oneshelf.base.outbox import announce
from oneshelf.inventory.reservations.actions import end_lapsed
from oneshelf.matching.capacity import store
from oneshelf.matching.capacity.facts import CapacityChanged
from oneshelf.matching.capacity.holding import CartHold, DayTaken, Hold, NodeDay


def lock_days(tx: Transaction, days: Collection[NodeDay], now: datetime) -> dict[NodeDay, DayTaken]:
    """Lock these days in key order and return those that have a limit; `lacking` decides.

    What lapsed carts hold on them becomes free, but for a cart that another transaction has.
    """
    if not days:
        return {}
    store.insert_missing(tx, set(days))
    locked = {
        NodeDay(row.node_id, row.on_day): DayTaken(row.taken, row.parcels_max)
        for row in store.lock_days(tx, set(days))
        if row.parcels_max is not None
    }
    freed = _free_ended(tx, [day for day, state in locked.items() if state.taken], now)
    return {
        day: DayTaken(state.taken - freed[day], state.parcels_max) for day, state in locked.items()
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


def hold_for_carts(tx: Transaction, holds: Sequence[CartHold], now: datetime) -> None:
    """Take capacity for carts. The caller has locked their reservations, then these days.

    Days without a limit take nothing. Safe to repeat: what a cart holds already is passed by.
    """
    if holds:
        _change(tx, store.insert_cart_holds(tx, holds), now)


def release_of_carts(tx: Transaction, holds: Sequence[CartHold], now: datetime) -> None:
    """Give back what carts hold on these days. The caller has locked their reservations."""
    if holds:
        store.lock_days(tx, {hold.day for hold in holds})
        _give_back(tx, store.delete_cart_holds(tx, holds), now)


def find_cart_holds(tx: Transaction, reservations: Collection[PublicId]) -> list[CartHold]:
    """Find what carts hold; for sure once their reservations are locked."""
    return [_cart_hold(row) for row in store.find_cart_holds(tx, reservations)]


def load_capacity(tx: Transaction, since: date) -> CapacityChanged:
    """Return every day from a date on, in the shape in which changes are announced."""
    return _changed(store.load(tx, since))


def find_drift(tx: Transaction) -> list[str]:
    """Say which days count other parcels than hold them, and which carts left theirs behind.

    None is right. A lapsed cart may hold a day until somebody needs it.
    """
    return [
        f"{row.node_id} on {row.on_day}: {row.taken} taken, {row.held} held"
        for row in store.find_drift(tx)
    ] + [
        f"{row.node_id} on {row.on_day}: {row.parcels} left behind by cart {row.reservation}"
        for row in store.find_left_behind(tx)
    ]


def _release(
    tx: Transaction, orders: Sequence[OrderId], parcels: Sequence[int | None], now: datetime
) -> None:
    if not orders:
        return
    counts = store.delete_holds(tx, orders, parcels)
    if counts:
        store.lock_days(tx, {NodeDay(count.node_id, count.on_day) for count in counts})
        _give_back(tx, counts, now)


def _free_ended(tx: Transaction, days: Collection[NodeDay], now: datetime) -> Counter[NodeDay]:
    """Free on locked days what ended carts hold; return how many parcels of each day."""
    ended = store.find_ended(tx, days, now) if days else []
    over = end_lapsed(tx, {row.reservation for row in ended if row.is_held}, now)
    gone = [_cart_hold(row) for row in ended if not row.is_held or row.reservation in over]
    counts = store.delete_cart_holds(tx, gone) if gone else []
    _give_back(tx, counts, now)
    return Counter({NodeDay(one.node_id, one.on_day): one.parcels for one in counts})


def _cart_hold(row: store.CartRow) -> CartHold:
    return CartHold(row.reservation, NodeDay(row.node_id, row.on_day), row.parcels)


def _give_back(tx: Transaction, counts: Sequence[store.CountRow], now: datetime) -> None:
    less = [store.CountRow(count.node_id, count.on_day, -count.parcels) for count in counts]
    _change(tx, less, now)


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
