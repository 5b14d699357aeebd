"""Cancel, hold, lift and release orders that stand. Every action is safe to repeat."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from oneshelf.base.database import Transaction
from oneshelf.base.identifiers import OrderId
from oneshelf.base.outbox import announce
from oneshelf.orders.changes import store
from oneshelf.orders.changes.cancelling import Cancellation, Cancelled, cancel_moves
from oneshelf.orders.changes.telling import cancelled, recalled, released
from oneshelf.orders.facts import OrderHeld, OrderHoldLifted
from oneshelf.orders.progress.actions import advance, lock_orders, note_change
from oneshelf.orders.progress.quantities import Move, move

ORDERS_PER_RELEASE = 500


@dataclass(frozen=True, slots=True)
class Hold:
    """One reason to keep an order from its nodes, like `fraud` or `address`."""

    order_id: OrderId
    reason: str


def cancel(tx: Transaction, wishes: Sequence[Cancellation], now: datetime) -> list[Cancelled]:
    """Cancel units, also in the middle of picking; give stock, capacity and claims back.

    Answers each wish in its order. What a carrier has is too late. Locks orders, capacity, stock.
    """
    orders = lock_orders(tx, {wish.order_id for wish in wishes})
    seen = dict(orders)
    moves: list[Move] = []
    answers: list[Cancelled] = []
    for wish in wishes:
        if wish.order_id not in seen:
            answers.append(Cancelled(wish.order_id, 0, 0, "unknown_order"))
            continue
        taken, answer = cancel_moves(seen[wish.order_id], wish)
        seen[wish.order_id] = replace(
            seen[wish.order_id], quantities=tuple(move(seen[wish.order_id].quantities, taken))
        )
        moves += taken
        answers.append(answer)
    if moves:
        after = advance(tx, orders, moves, now)
        announce(tx, [*recalled(orders, moves), *cancelled(moves)], now)
        del after
    return answers


def hold(tx: Transaction, holds: Sequence[Hold], now: datetime) -> list[Hold]:
    """Keep orders from their nodes, each for its reasons; return the reasons that are new.

    Units that a node was told of but has not picked are called back.
    """
    orders = lock_orders(tx, {one.order_id for one in holds})
    asked = sorted({(one.order_id, one.reason) for one in holds if one.order_id in orders})
    placed = store.add_holds(tx, asked, now) if asked else []
    if not placed:
        return []
    held = {
        order_id: replace(
            orders[order_id],
            holds=orders[order_id].holds
            | {reason for other, reason in placed if other == order_id},
        )
        for order_id, _ in placed
    }
    moves = [
        quantity.to("sourced", "held")
        for order in held.values()
        for quantity in order.standing_in({"released"})
    ]
    advance(tx, held, moves, now)
    note_change(tx, list(held.values()))
    told = [OrderHeld(order_id, reason) for order_id, reason in placed]
    announce(tx, [*told, *recalled(held, moves)], now)
    return [Hold(order_id, reason) for order_id, reason in placed]


def lift(tx: Transaction, holds: Sequence[Hold], now: datetime) -> list[Hold]:
    """Take reasons to wait away; return those that stood. The order waits for the others."""
    orders = lock_orders(tx, {one.order_id for one in holds})
    asked = sorted({(one.order_id, one.reason) for one in holds if one.order_id in orders})
    lifted = store.lift_holds(tx, asked, now) if asked else []
    if not lifted:
        return []
    free_again = [
        replace(
            orders[order_id],
            holds=orders[order_id].holds
            - {reason for other, reason in lifted if other == order_id},
        )
        for order_id in {order_id for order_id, _ in lifted}
    ]
    note_change(tx, free_again)
    announce(tx, [OrderHoldLifted(order_id, reason) for order_id, reason in sorted(lifted)], now)
    return [Hold(order_id, reason) for order_id, reason in sorted(lifted)]


def release_due(tx: Transaction, now: datetime) -> int:
    """Give orders whose grace period is over to their nodes; return how many were looked at."""
    orders = lock_orders(tx, store.lock_due(tx, now, ORDERS_PER_RELEASE))
    if not orders:
        return 0
    moves = [
        quantity.to("released") for order in orders.values() for quantity in order.releasable()
    ]
    advance(tx, orders, moves, now)
    moved = {one.order_id for one in moves}
    if idle := [order for order_id, order in orders.items() if order_id not in moved]:
        note_change(tx, idle)
    announce(tx, released(orders, moves), now)
    return len(orders)
