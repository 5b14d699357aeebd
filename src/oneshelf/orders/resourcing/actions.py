"""Find another source for lost units, and take in what claims were given.

Plans are made under the orders' locks and before those of capacity and stock; a plan that lost
its units meanwhile leaves the line without a source, with a claim, and says so.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from oneshelf.base.database import Transaction
from oneshelf.base.facts import Fact
from oneshelf.base.identifiers import LineId, NodeId, OrderId
from oneshelf.base.outbox import announce
from oneshelf.inventory.claims.actions import open_claims
from oneshelf.inventory.facts import ClaimServed, CommitmentLost
from oneshelf.inventory.ledger import Balance, StockPoint
from oneshelf.inventory.shelf.actions import commit_units, find_commitments, lock_points
from oneshelf.matching.actions import keep_decisions
from oneshelf.matching.capacity.actions import free_days, hold_days, lock_days
from oneshelf.matching.outlook import Outlook
from oneshelf.matching.plan import Plan, Refusal
from oneshelf.orders.capture.drafting import Parts, Standing, draw, wait_for
from oneshelf.orders.facts import (
    LinesBackordered,
    LinesSourced,
    LinesUnsourced,
    PromiseChanged,
)
from oneshelf.orders.progress.actions import add_parcels, advance, lock_orders
from oneshelf.orders.progress.order_state import OrderState
from oneshelf.orders.progress.quantities import Move, move
from oneshelf.orders.progress.telling import emptied, recalled
from oneshelf.orders.resourcing import store
from oneshelf.orders.resourcing.asking import (
    LOSABLE,
    WAITING,
    Lost,
    losses,
    parcel_kept,
    promise,
    request_again,
    shelved,
    surplus,
    visited,
)
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
    orders: Mapping[OrderId, OrderState],
    lost: Sequence[Lost],
    now: datetime,
) -> list[Replan]:
    """Plan lost units of locked orders anew, each order's together; before any lock on stock."""
    by_order: dict[OrderId, list[Lost]] = defaultdict(list)
    for one in lost:
        by_order[one.order_id].append(one)
    with outlook.planning():
        return [_plan_one(outlook, orders[order_id], theirs, now) for order_id, theirs in by_order.items()]


def _plan_one(
    outlook: Outlook, order: OrderState, lost: Sequence[Lost], now: datetime
) -> Replan:
    units: dict[LineId, int] = defaultdict(int)
    for one in lost:
        units[one.quantity.line_id] += one.units
    left = {order.node_of(one.quantity) for one in lost} - {None}
    avoided = visited(order) | frozenset(node for node in left if node is not None)
    request = request_again(order, units, now, avoided=avoided)
    parts = outlook.parts(request.lines)
    plan = None if request.pickup_node in avoided else outlook.plan(request)
    rejections = plan.rejections if plan else ()
    accepting = outlook.accepting(request, rejections)
    bare = Replan(order.head.order_id, tuple(lost), request, None, (), (), accepting)
    if plan is None or isinstance(plan, Refusal):
        return without_plan(bare)
    draws = tuple(draw(plan, request, parts, outlook.stock.choose_points))
    outlook.stock.take((one.point, one.units) for one in draws)
    outlook.capacity.take((one.node, one.capacity_on) for one in plan.parcels)
    waiting = tuple(wait_for(plan, draws, request, parts))
    return replace(bare, plan=plan, draws=draws, waiting=waiting)


def lock_plans(
    tx: Transaction,
    outlook: Outlook,
    replans: Sequence[Replan],
    now: datetime,
    *,
    also: Collection[StockPoint] = (),
) -> Locked:
    """Lock the capacity and stock of the plans, and other points the caller moves; check them."""
    days = {(one.node, one.capacity_on) for replan in replans for one in replan.parcels()}
    left = lock_days(tx, days)
    parts = outlook.parts([line for replan in replans for line in replan.request.lines])
    points = {point for replan in replans for point in replan.points(parts)}
    balances = lock_points(tx, points | set(also), now)
    standing = Standing({}, left)
    for point, balance in balances.items():
        standing.units[point, "available"] = max(0, balance.available - outlook.floor(point))
        standing.units[point, "expected"] = balance.expected
    return Locked(tuple(check(replans, standing)), balances, parts)


def write_plans(
    tx: Transaction, orders: Mapping[OrderId, OrderState], locked: Locked, now: datetime
) -> dict[OrderId, OrderState]:
    """Give lost units their new parcels, commit their stock, let the rest wait; announce it all.

    The lost stock itself was taken from the lines by the caller, or is gone already.
    """
    if not locked.replans:
        return dict(orders)
    planned = [(replan, one) for replan in locked.replans for one in replan.parcels()]
    parcels = add_parcels(
        tx, [row for replan, one in planned for row in new_parcels(replan.order_id, [one])]
    )
    numbers = iter(parcels)
    known = dict(orders)
    all_moves: list[Move] = []
    days = []
    for replan in locked.replans:
        mine = [next(numbers) for _ in replan.parcels()]
        order = known[replan.order_id]
        known[replan.order_id] = replace(
            order, parcels={**order.parcels, **{parcel.parcel_id: parcel for parcel in mine}}
        )
        all_moves += moves(replan, _line_ids(order), [parcel.parcel_id for parcel in mine])
        days += [(one.order_id, one.parcel_id, one.node, one.capacity_on) for one in mine]
    after = advance(tx, known, all_moves, now)
    told = recalled(known, [one for one in all_moves if one.was == "released"])
    announce(tx, [*told, *_sourced_facts(all_moves, after)], now)
    tell_promises(tx, {one.order_id: after[one.order_id] for one in all_moves}, "sourced_again", now)
    free_days(tx, [parcel.parcel_id for parcel in emptied(after, all_moves)], now)
    hold_days(tx, [day for day in days if day[3] is not None], now)
    _commit(tx, orders, locked, now)
    return after


def _commit(
    tx: Transaction, orders: Mapping[OrderId, OrderState], locked: Locked, now: datetime
) -> None:
    ids = {point: balance.point_id for point, balance in locked.balances.items()}
    taken = []
    wishes = []
    for replan in locked.replans:
        order = orders[replan.order_id]
        taken += takes(replan, _line_ids(order), ids)
        wishes += claims(replan, order, _line_ids(order), locked.parts)
    commit_units(tx, taken, now)
    open_claims(tx, wishes, now)
    kept = [(one.order_id, one.plan) for one in locked.replans if one.plan is not None]
    keep_decisions(tx, kept, now)


def _line_ids(order: OrderState) -> dict[int, LineId]:
    return {line.line_no: line.line_id for line in order.lines.values()}
