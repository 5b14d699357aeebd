"""Cancel, hold, lift and release orders that stand. Every action is safe to repeat."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from msgspec.structs import replace

from oneshelf.base.database import Transaction
from oneshelf.base.identifiers import LineId, OrderId
from oneshelf.base.outbox import announce
from oneshelf.catalog.actions import find_products
from oneshelf.inventory.claims.actions import (
    Withdrawn,
    find_waiting_skus_of,
    lock_for_serving,
    withdraw_claims,
)
from oneshelf.inventory.ledger import Balance, StockPoint
from oneshelf.inventory.lines.actions import cancel_lines, uncommit
from oneshelf.inventory.recalls.actions import recall
from oneshelf.inventory.shelf.actions import find_commitments
from oneshelf.matching.capacity.actions import release_parcels
from oneshelf.orders.changes import store
from oneshelf.orders.changes.cancelling import Cancellation, Cancelled, cancel_moves
from oneshelf.orders.facts import OrderHeld, OrderHoldLifted
from oneshelf.orders.lifecycle import Status
from oneshelf.orders.progress.actions import advance, lock_orders, note_change, units_behind
from oneshelf.orders.progress.order_state import ON_A_SHELF, OrderState
from oneshelf.orders.progress.quantities import Move, move
from oneshelf.orders.progress.telling import cancelled, emptied, recalled, released
from oneshelf.orders.resourcing.asking import left_parts

ORDERS_PER_RELEASE = 500
ON_THE_SHELF: frozenset[Status] = frozenset({"sourced", "released"})
IN_A_TOTE: frozenset[Status] = frozenset({"picked", "packed", "ready_for_pickup"})


@dataclass(frozen=True, slots=True)
class Hold:
    """One reason to keep an order from its nodes, like `fraud` or `address`."""

    order_id: OrderId
    reason: str


def cancel(tx: Transaction, wishes: Sequence[Cancellation], now: datetime) -> list[Cancelled]:
    """Cancel units, also in the middle of picking; give stock, capacity and claims back.

    Answers each wish in its order. What a carrier has is too late; what is in a tote is called
    back, and free when somebody has put it back. Locks orders, capacity, stock.
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
        _give_back(tx, orders, after, moves, now)
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


def _give_back(
    tx: Transaction,
    orders: Mapping[OrderId, OrderState],
    after: Mapping[OrderId, OrderState],
    moves: Sequence[Move],
    now: datetime,
) -> None:
    """Free capacity, then stock and claims, all points locked at once before the first is freed.

    A line with nothing left to come gives back all it has, also what its order does not know of.
    """
    parcels = [(parcel.order_id, parcel.parcel_id) for parcel in emptied(after, moves)]
    release_parcels(tx, parcels, now)
    recall(tx, units_behind(tx, orders, [one for one in moves if one.was in IN_A_TOTE]), now)
    lines = {one.line_id for one in moves}
    open_lines = {
        quantity.line_id
        for order in after.values()
        for quantity in order.standing_in(ON_A_SHELF | {"unsourced", "backordered"})
    }
    points = {one.point for one in find_commitments(tx, lines)}
    locked = lock_for_serving(tx, points, now, skus=find_waiting_skus_of(tx, lines))
    partly = [one for one in moves if one.line_id in open_lines]
    if theirs := [one for one in partly if one.was in ON_THE_SHELF]:
        uncommit(tx, units_behind(tx, orders, theirs), "committed", now, within=locked)
    _free_kit_parts(tx, after, partly, locked, now)
    waiting = Counter[LineId]()
    for one in partly:
        waiting[one.line_id] += one.units * (one.was in {"unsourced", "backordered"})
    withdrawn = [Withdrawn(line_id, units) for line_id, units in waiting.items() if units]
    if withdrawn:
        withdraw_claims(tx, withdrawn, now, within=locked)
    if whole := sorted(lines - open_lines):
        cancel_lines(tx, whole, now, within=locked)


def _free_kit_parts(
    tx: Transaction,
    orders: Mapping[OrderId, OrderState],
    moves: Sequence[Move],
    locked: Mapping[StockPoint, Balance],
    now: datetime,
) -> None:
    """Give back the parts that stood ready for kits that waited for another part."""
    late = {
        (one.order_id, one.line_id, node)
        for one in moves
        if one.was == "backordered" and one.parcel_id_before is not None
        for node in [orders[one.order_id].parcels[one.parcel_id_before].node]
    }
    products = find_products(tx, {orders[order].lines[line].sku for order, line, _ in late})
    held = find_commitments(tx, {line for _, line, _ in late}) if late else []
    left = [
        units
        for order_id, line_id, node in sorted(late)
        if len(parts := products[orders[order_id].lines[line_id].sku].components()) > 1
        for units in left_parts(orders[order_id], line_id, node, parts, held)
    ]
    if left:
        uncommit(tx, left, "committed", now, within=locked)
