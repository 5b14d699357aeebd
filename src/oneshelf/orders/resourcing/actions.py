"""Find another source for lost units.

Plans are made under the orders' locks and before those of capacity and stock; a plan that lost
its units meanwhile leaves the line without a source, with a claim, and says so.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from oneshelf.base.database import Transaction
from oneshelf.base.identifiers import LineId, OrderId
from oneshelf.base.outbox import announce
from oneshelf.inventory.claims.actions import find_waiting_skus_of, lock_for_serving, open_claims
from oneshelf.inventory.claims.serving import ClaimWish
from oneshelf.inventory.facts import CommitmentLost
from oneshelf.inventory.ledger import Balance, StockPoint, Take
from oneshelf.inventory.levels.actions import read_levels
from oneshelf.inventory.lines.actions import NOT_IN_STOCK, uncommit
from oneshelf.inventory.lines.handling import by_line
from oneshelf.inventory.shelf.actions import commit_units, find_commitments, lock_points
from oneshelf.matching.capacity.actions import hold as hold_days
from oneshelf.matching.capacity.actions import lock_days, release_parcels
from oneshelf.matching.capacity.holding import Hold, NodeDay
from oneshelf.matching.decisions.actions import Decided, recorded, remember
from oneshelf.matching.outlook import Outlook
from oneshelf.matching.plan import Refusal
from oneshelf.orders.capture.drafting import Parts, draw, wait_for
from oneshelf.orders.progress.actions import add_parcels, advance, lock_orders
from oneshelf.orders.progress.order_state import OrderState, Parcel
from oneshelf.orders.progress.quantities import Move
from oneshelf.orders.progress.telling import emptied, recalled
from oneshelf.orders.resourcing import store
from oneshelf.orders.resourcing.asking import (
    Lost,
    gone_from,
    left_parts,
    request_again,
    to_avoid,
)
from oneshelf.orders.resourcing.outcomes import new_promises, outcomes
from oneshelf.orders.resourcing.replans import (
    Replan,
    check,
    claims,
    moves,
    new_parcels,
    takes,
    without_plan,
)


@dataclass(frozen=True, slots=True)
class Locked:
    """Plans for lost units that hold under the locks of capacity and stock."""

    replans: tuple[Replan, ...]
    balances: Mapping[StockPoint, Balance]
    parts: Parts


def plan_again(
    outlook: Outlook,
    tx: Transaction,
    orders: Mapping[OrderId, OrderState],
    lost: Sequence[Lost],
    now: datetime,
) -> list[Replan]:
    """Plan lost units of locked orders anew, each order's together, on a plain read of the stock.

    Before any lock on capacity and stock, and before the transaction has moved any stock.
    """
    by_order: dict[OrderId, list[Lost]] = defaultdict(list)
    for one in lost:
        by_order[one.order_id].append(one)
    lines = [orders[one.order_id].lines[one.quantity.line_id] for one in lost]
    skus = {part.sku for parts in outlook.parts(lines).values() for part in parts}
    if skus:
        outlook.learn_stock(read_levels(tx, skus, outlook.coming(skus)))
    with outlook.planning(now):
        emptied = [(point, outlook.stock.available(point)) for point in _emptied(tx, orders, lost)]
        outlook.take(emptied, ())
        return [
            _plan_one(outlook, orders[order_id], theirs, now)
            for order_id, theirs in by_order.items()
        ]


def _emptied(
    tx: Transaction, orders: Mapping[OrderId, OrderState], lost: Sequence[Lost]
) -> set[StockPoint]:
    """Return the shelves that are said to be empty: what the books show there is lost as well."""
    places = {
        (one.quantity.line_id, orders[one.order_id].node_of(one.quantity))
        for one in lost
        if one.reason == NOT_IN_STOCK
    }
    held = find_commitments(tx, {line_id for line_id, _ in places}) if places else []
    return {one.point for one in held if (one.line_id, one.point.node) in places}


def _plan_one(outlook: Outlook, order: OrderState, lost: Sequence[Lost], now: datetime) -> Replan:
    units: dict[LineId, int] = defaultdict(int)
    for one in lost:
        units[one.quantity.line_id] += one.units
    avoided = to_avoid(order, lost)
    request = request_again(order, units, now, avoided=avoided)
    parts = outlook.parts(request.lines)
    plan = None if request.pickup_node in avoided else outlook.plan(request, "all")
    rejections = plan.rejections if plan else ()
    accepting = outlook.accepting(request, rejections)
    bare = Replan(order.head.order_id, tuple(lost), request, None, (), (), accepting)
    if plan is None or isinstance(plan, Refusal):
        return without_plan(bare)
    draws = tuple(draw(plan, request, parts, outlook.stock.choose_points))
    outlook.take(
        ((one.point, one.units) for one in draws),
        (NodeDay(one.node, one.capacity_on) for one in plan.parcels),
    )
    waiting = tuple(wait_for(plan, draws, request, parts))
    return replace(bare, plan=plan, draws=draws, waiting=waiting)


def lock_plans(
    tx: Transaction,
    outlook: Outlook,
    orders: Mapping[OrderId, OrderState],
    replans: Sequence[Replan],
    now: datetime,
    *,
    also: Collection[StockPoint] = (),
) -> Locked:
    """Lock the capacity and stock of the plans, and other points the caller moves; check them."""
    lock_days(
        tx,
        {NodeDay(one.node, one.capacity_on) for replan in replans for one in replan.parcels()}
        | capacity_days(
            orders[replan.order_id].parcels[parcel_id]
            for replan in replans
            for parcel_id in {one.quantity.parcel_id for one in replan.lost}
            if parcel_id is not None
        ),
        now,
    )
    parts = outlook.parts([line for replan in replans for line in replan.request.lines])
    points = {point for replan in replans for point in replan.points(parts)}
    points |= set(also)
    if any(len(of) > 1 for of in parts.values()):  # kits leave parts behind, for which others wait
        skus = {part.sku for of in parts.values() for part in of}
        lines = {line_id for replan in replans for line_id in orders[replan.order_id].lines}
        skus |= set(find_waiting_skus_of(tx, lines))  # a whole order's new claims join these queues
        balances = lock_for_serving(tx, points, now, skus=skus)
    else:
        balances = lock_points(tx, points, now)
    return Locked(tuple(check(replans, balances)), balances, parts)


def write_plans(
    tx: Transaction, orders: Mapping[OrderId, OrderState], locked: Locked, now: datetime
) -> dict[OrderId, OrderState]:
    """Give lost units their new parcels, commit their stock, let the rest wait; announce it all.

    The lost stock itself was taken from the lines by the caller, or is gone already.
    """
    if not locked.replans:
        return dict(orders)
    rows = [
        row for replan in locked.replans for row in new_parcels(replan.order_id, replan.parcels())
    ]
    numbered = iter(add_parcels(tx, rows))
    known = dict(orders)
    moved = list[Move]()
    added: list[Parcel] = []
    for replan in locked.replans:
        mine = [next(numbered) for _ in replan.parcels()]
        order = known[replan.order_id]
        moved += moves(replan, order.line_ids(), [parcel.parcel_id for parcel in mine])
        known[replan.order_id] = order.with_parcels(mine)
        added += mine
    after = advance(tx, known, moved, now)
    told = recalled(known, [one for one in moved if one.was == "released"])
    announce(tx, [*told, *outcomes(moved, after)], now)
    tell_promises(tx, {one.order_id: after[one.order_id] for one in moved}, "sourced_again", now)
    gone = [(parcel.order_id, parcel.parcel_id) for parcel in emptied(after, moved)]
    release_parcels(tx, gone, now)
    hold_days(tx, capacity_holds(added), now)
    _commit(tx, orders, locked, now)
    _free_left_parts(tx, after, locked, now)
    return after


def _commit(
    tx: Transaction, orders: Mapping[OrderId, OrderState], locked: Locked, now: datetime
) -> None:
    ids = {point: balance.point_id for point, balance in locked.balances.items()}
    taken: list[Take] = []
    wishes = list[ClaimWish]()
    for replan in locked.replans:
        lines = orders[replan.order_id].line_ids()
        taken += takes(replan, lines, ids)
        wishes += claims(replan, orders[replan.order_id], lines, locked.parts)
    commit_units(tx, taken, now)
    open_claims(tx, wishes, now)
    remember(
        tx,
        [
            Decided(one.order_id, "resource", recorded(one.plan))
            for one in locked.replans
            if one.plan
        ],
        now,
    )


def _free_left_parts(
    tx: Transaction, orders: Mapping[OrderId, OrderState], locked: Locked, now: datetime
) -> None:
    """Give back the parts of kits that went elsewhere because another part was lost."""
    lost = {
        (one.order_id, one.quantity.line_id, node)
        for replan in locked.replans
        for one in replan.lost
        if (node := orders[one.order_id].node_of(one.quantity)) is not None
    }
    kits = [
        (orders[order_id], line_id, node, parts)
        for order_id, line_id, node in sorted(lost)
        if len(parts := locked.parts[orders[order_id].lines[line_id].sku]) > 1
    ]
    held = find_commitments(tx, {line_id for _, line_id, _, _ in kits}) if kits else []
    left = [
        units
        for order, line_id, node, parts in kits
        for units in left_parts(order, line_id, node, parts, held)
    ]
    if left:
        uncommit(tx, left, "committed", now, within=locked.balances)


def source_again(
    outlook: Outlook, tx: Transaction, facts: Sequence[CommitmentLost], now: datetime
) -> None:
    """Find another source for lines whose stock was lost at a node, as far as it is still lost.

    What the order believes in is compared with what the shelf has for it, so telling twice, or
    telling of a loss that somebody settled already, changes nothing.
    """
    orders = lock_orders(tx, {fact.order_id for fact in facts})
    told = {
        (fact.order_id, fact.line_id, fact.node): fact.reason
        for fact in facts
        if fact.order_id in orders
    }
    parts = outlook.parts([orders[order].lines[line] for order, line, _ in told])
    held = find_commitments(tx, {line for _, line, _ in told})
    of_lines = by_line(held)
    lost: list[Lost] = []
    for (order_id, line_id, node), reason in told.items():
        lost += gone_from(orders[order_id], [(line_id, node)], parts, of_lines, reason)
    if lost:
        replans = plan_again(outlook, tx, orders, lost, now)
        locked = lock_plans(tx, outlook, orders, replans, now, also={one.point for one in held})
        write_plans(tx, orders, locked, now)


def tell_promises(
    tx: Transaction, orders: Mapping[OrderId, OrderState], reason: str, now: datetime
) -> None:
    """Write the new days of locked orders whose promise is another one now, and announce them."""
    days, facts = new_promises(orders, reason)
    if days:
        store.set_promises(tx, days)
        announce(tx, facts, now)


def capacity_days(parcels: Iterable[Parcel]) -> set[NodeDay]:
    """Return the days whose capacity parcels take."""
    return {NodeDay(one.node, one.capacity_on) for one in parcels if one.capacity_on is not None}


def capacity_holds(parcels: Iterable[Parcel]) -> list[Hold]:
    """Return what parcels take of their days."""
    return [
        Hold(one.order_id, one.parcel_id, NodeDay(one.node, one.capacity_on))
        for one in parcels
        if one.capacity_on is not None
    ]
