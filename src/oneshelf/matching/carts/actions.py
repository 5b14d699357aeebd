"""The verbs of `inventory.reservations`, with the capacity that carts need.

A cart's capacity lasts as long as its reservation: to extend the one is to extend the other. Locks
reservations, capacity days, stock points; each in key order.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from oneshelf.base.database import Transaction
from oneshelf.base.identifiers import NodeId, PublicId
from oneshelf.inventory.facts import ReservationLapsed, ReservationLost
from oneshelf.inventory.levels.actions import read_levels
from oneshelf.inventory.reservations import actions as stock
from oneshelf.inventory.reservations.holding import Gone, Moved, Reserved, Resized, Short
from oneshelf.matching.capacity.actions import (
    find_cart_holds,
    hold_for_carts,
    load_capacity,
    lock_days,
    release_of_carts,
)
from oneshelf.matching.capacity.holding import CartHold, NodeDay, Wish, lacking
from oneshelf.matching.carts.asking import Answer, Cart, Full, Outrun, nodes_of, opened
from oneshelf.matching.outlook import Outlook
from oneshelf.matching.plan import Refusal, Refused
from oneshelf.matching.request import SourcingRequest

FOR_LACK_OF_STOCK: frozenset[Refused] = frozenset({"out_of_stock", "needs_more_parcels"})
FOR_LACK_OF_DAYS: frozenset[Refused] = frozenset({"no_capacity", "too_late"})
A_DAY = timedelta(days=1)
Act = Callable[[Collection[PublicId]], Mapping[PublicId, Reserved | Short | Gone]]


def learn(
    outlook: Outlook,
    tx: Transaction,
    refusals: Sequence[tuple[SourcingRequest, Refusal]],
    now: datetime,
) -> bool:
    """Read what others gave back a moment ago; say whether it may turn any of these refusals.

    Before anything of this transaction changes stock or capacity: the outlook learns what it reads.
    """
    wanted = {
        sku
        for request, refusal in refusals
        if refusal.reason in FOR_LACK_OF_STOCK
        for sku in outlook.world.components(request.lines)
    }
    rose = bool(wanted) and outlook.rises_by(read_levels(tx, wanted, outlook.coming(wanted)))
    if not any(refusal.reason in FOR_LACK_OF_DAYS for _, refusal in refusals):
        return rose
    _learn_capacity(outlook, tx, now)
    return True


def learn_all(
    outlook: Outlook, tx: Transaction, requests: Collection[SourcingRequest], now: datetime
) -> None:
    """Read all figures that plans of these requests would look at, as `learn` does."""
    skus = {sku for request in requests for sku in outlook.world.components(request.lines)}
    if skus:
        outlook.learn_stock(read_levels(tx, skus, outlook.coming(skus)))
        _learn_capacity(outlook, tx, now)


def hold(tx: Transaction, carts: Sequence[Cart], now: datetime) -> dict[PublicId, Answer]:
    """Hold units and days for carts: all that a cart needs or nothing. Safe to repeat."""
    asked = {cart.hold.public_id: cart for cart in reversed(carts)}
    known = {i for i, kept in stock.lock_holds(tx, asked, now).items() if kept != "unknown"}
    new = [cart for public_id, cart in reversed(asked.items()) if public_id not in known]
    room = lock_days(tx, {day for cart in new for day in cart.days}, now)
    lacks = lacking([Wish(cart.days) for cart in new], room)
    answers: dict[PublicId, Answer] = {
        cart.hold.public_id: Outrun(full) for cart, full in zip(new, lacks, strict=True) if full
    }
    fit = [cart.hold for public_id, cart in reversed(asked.items()) if public_id not in answers]
    answers |= stock.reserve(tx, fit, now)
    held = [cart for cart in new if isinstance(answers[cart.hold.public_id], tuple)]
    hold_for_carts(
        tx, [one for cart in held for one in _holds(cart.hold.public_id, cart.days)], now
    )
    return answers


def increase(
    outlook: Outlook, tx: Transaction, lines: Sequence[Resized], now: datetime
) -> dict[PublicId, Answer]:
    """Let lines keep so many units in all, if they keep fewer; takes a day where a node is new."""

    def act(ids: Collection[PublicId]) -> Mapping[PublicId, Reserved | Short | Gone]:
        return stock.increase(tx, [line for line in lines if line.public_id in ids], now)

    return _change(outlook, tx, lines, act, now)


def decrease(
    outlook: Outlook, tx: Transaction, lines: Sequence[Resized], now: datetime
) -> dict[PublicId, Answer]:
    """Let lines keep so many units in all, if they keep more; a node left empty frees its day."""

    def act(ids: Collection[PublicId]) -> Mapping[PublicId, Reserved | Short | Gone]:
        return stock.decrease(tx, [line for line in lines if line.public_id in ids], now)

    return _change(outlook, tx, lines, act, now)


def transfer(
    outlook: Outlook, tx: Transaction, moves: Sequence[Moved], now: datetime
) -> dict[PublicId, Answer]:
    """Let lines stand at other points: the days of new nodes are taken, of empty ones freed."""

    def act(ids: Collection[PublicId]) -> Mapping[PublicId, Reserved | Short | Gone]:
        return stock.transfer(tx, [one for one in moves if one.public_id in ids], now)

    return _change(outlook, tx, moves, act, now)


def release(
    tx: Transaction, public_ids: Collection[PublicId], now: datetime
) -> dict[PublicId, Gone]:
    """Give the units and days of carts back for good."""
    stock.lock_holds(tx, public_ids, now)
    release_of_carts(tx, find_cart_holds(tx, public_ids), now)
    return stock.release(tx, public_ids, now)


def settle(
    tx: Transaction, facts: Sequence[ReservationLapsed | ReservationLost], now: datetime
) -> None:
    """Give back the days of carts at nodes where they hold nothing any more."""
    named = {fact.reservation for fact in facts}
    kept = stock.lock_holds(tx, named, now)
    stock.end_lapsed(tx, named, now)
    _leave(tx, {i: units if isinstance(units, tuple) else () for i, units in kept.items()}, now)


def consume(tx: Transaction, days: Mapping[PublicId, Sequence[NodeDay]], now: datetime) -> None:
    """End locked carts whose units and days become an order's in this transaction.

    days: all that each of them holds. The caller has locked their points and days, and gives the
    order what it needs of both.
    """
    stock.end_holds(tx, days)
    release_of_carts(
        tx, [one for public_id, held in days.items() for one in _holds(public_id, held)], now
    )


def read_days(
    tx: Transaction, public_ids: Collection[PublicId]
) -> dict[PublicId, tuple[NodeDay, ...]]:
    """Read the days that carts hold, each as often as it is held; for sure once they are locked."""
    days: dict[PublicId, tuple[NodeDay, ...]] = dict.fromkeys(public_ids, ())
    for one in find_cart_holds(tx, public_ids) if public_ids else []:
        days[one.reservation] += (one.day,) * one.parcels
    return days


def _change(
    outlook: Outlook,
    tx: Transaction,
    changes: Sequence[Moved | Resized],
    act: Act,
    now: datetime,
) -> dict[PublicId, Answer]:
    """Change locked carts where the nodes that they come to stand at have a day for them."""
    ids = {change.public_id for change in changes}
    kept = {i: u for i, u in stock.lock_holds(tx, ids, now).items() if isinstance(u, tuple)}
    new = {
        public_id: opened(units, [one for one in changes if one.public_id == public_id])
        for public_id, units in sorted(kept.items())
    }
    days = _first_days(outlook, tx, {node for nodes in new.values() for node in nodes}, now)
    held = {one.day for one in find_cart_holds(tx, kept)}
    room = lock_days(tx, {*days.values(), *held}, now)
    answers: dict[PublicId, Answer] = {
        public_id: Full(full)
        for public_id, nodes in new.items()
        if (full := tuple(node for node in nodes if node not in days))
    }
    wishes = {
        public_id: tuple(days[node] for node in nodes)
        for public_id, nodes in new.items()
        if public_id not in answers
    }
    lacks = lacking([Wish(wanted) for wanted in wishes.values()], room)
    answers |= {i: Outrun(full) for i, full in zip(wishes, lacks, strict=True) if full}
    done = act(ids - answers.keys())
    stand = {i: units for i, units in done.items() if i in kept and isinstance(units, tuple)}
    taken = [
        one
        for public_id, units in stand.items()
        for one in _holds(
            public_id, [day for day in wishes[public_id] if day.node in nodes_of(units)]
        )
    ]
    hold_for_carts(tx, taken, now)
    _leave(tx, stand, now)
    return {**answers, **done}


def _first_days(
    outlook: Outlook, tx: Transaction, nodes: Collection[NodeId], now: datetime
) -> dict[NodeId, NodeDay]:
    """Return the first day with room of each node that has one; none is said on a fresh read."""
    days = _with_room(outlook, nodes, now)
    if len(days) < len(nodes):
        _learn_capacity(outlook, tx, now)
        days = _with_room(outlook, nodes, now)
    return days


def _with_room(outlook: Outlook, nodes: Iterable[NodeId], now: datetime) -> dict[NodeId, NodeDay]:
    first = {node: outlook.first_day(node, now) for node in nodes}
    return {node: NodeDay(node, on) for node, on in first.items() if on is not None}


def _learn_capacity(outlook: Outlook, tx: Transaction, now: datetime) -> None:
    outlook.learn_capacity(load_capacity(tx, now.date() - A_DAY))


def _leave(tx: Transaction, stand: Mapping[PublicId, Reserved], now: datetime) -> None:
    """Give back the days of locked carts at nodes where nothing of them stands."""
    nodes = {public_id: nodes_of(units) for public_id, units in stand.items()}
    held = find_cart_holds(tx, nodes) if nodes else []
    release_of_carts(tx, [one for one in held if one.day.node not in nodes[one.reservation]], now)


def _holds(public_id: PublicId, days: Sequence[NodeDay]) -> list[CartHold]:
    return [CartHold(public_id, day, parcels) for day, parcels in Counter(days).items()]
