"""Take in what claims were given: the line stops waiting and its node gets a parcel."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from oneshelf.base.database import Transaction
from oneshelf.base.identifiers import LineId, NodeId, OrderId, ParcelId, Sku
from oneshelf.base.outbox import announce
from oneshelf.catalog.products import KitPart
from oneshelf.inventory.facts import ClaimServed, PromiseLost, ReceiptLineReDated
from oneshelf.inventory.ledger import StockPoint
from oneshelf.inventory.lines.actions import uncommit
from oneshelf.inventory.lines.handling import LineUnits, by_line
from oneshelf.inventory.shelf.actions import find_commitments
from oneshelf.matching.capacity.actions import hold as hold_days
from oneshelf.matching.capacity.actions import lock_days, release_parcels
from oneshelf.matching.outlook import Outlook
from oneshelf.matching.plan import Parcel as PlannedParcel
from oneshelf.matching.plan import Refusal
from oneshelf.orders.facts import LinesUnsourced
from oneshelf.orders.progress.actions import add_parcels, advance, lock_orders, re_date_parcels
from oneshelf.orders.progress.order_state import OrderState, Parcel
from oneshelf.orders.progress.quantities import Move, QuantityId
from oneshelf.orders.progress.telling import emptied
from oneshelf.orders.resourcing.actions import capacity_days, capacity_holds, tell_promises
from oneshelf.orders.resourcing.asking import request_again, surplus
from oneshelf.orders.resourcing.outcomes import outcomes
from oneshelf.orders.resourcing.replans import new_parcels
from oneshelf.orders.serving.arrivals import (
    REASON,
    Arrival,
    arrivals,
    by_parcel_to_make,
    spread,
)
from oneshelf.orders.serving.supply import completed, re_dated, undated, waiting_parcels

SUPPLY_LOST = "supply_lost"
SUPPLY_RE_DATED = "supply_re_dated"
Parts = Mapping[Sku, tuple[KitPart, ...]]


@dataclass(frozen=True, slots=True)
class Taken:
    """What claims brought: arrivals that an order waits for, and units nobody wants any more."""

    arrivals: tuple[Arrival, ...]
    unwanted: tuple[LineUnits, ...]


def source_served(
    outlook: Outlook, tx: Transaction, facts: Sequence[ClaimServed], now: datetime
) -> None:
    """Give a parcel to waiting lines whose claims got units on a shelf.

    What the shelf has for a line is compared with what its order knows of, so telling twice
    changes nothing. Units of an order that wants them no more go back to the shelf.
    """
    orders = lock_orders(tx, {fact.order_id for fact in facts})
    told = dict.fromkeys(
        (fact.order_id, fact.line_id, fact.node) for fact in facts if fact.order_id in orders
    )
    parts = outlook.parts([orders[order].lines[line] for order, line, _ in told])
    taken = _compare(tx, orders, list(told), parts)
    planned: list[tuple[list[Arrival], tuple[PlannedParcel, ...]]] = []
    refused: list[LinesUnsourced] = []
    for (order_id, node), group in by_parcel_to_make(taken.arrivals).items():
        units = Counter[LineId]()
        for one in group:
            units[one.quantity.line_id] += one.units
        plan = _plan(outlook, orders[order_id], units, node, parts, now)
        if isinstance(plan, Refusal):
            lines = tuple(sorted({one.quantity.line_id for one in group}))
            refused.append(LinesUnsourced(order_id, lines, plan.reason))
        else:
            planned.append((group, plan))
    _write(outlook, tx, orders, taken, planned, now)
    announce(tx, refused, now)


def supply_lost(
    outlook: Outlook, tx: Transaction, facts: Sequence[PromiseLost], now: datetime
) -> None:
    """Tell customers and a person that units have no date any more; their claims go on waiting."""
    orders = lock_orders(tx, {fact.order_id for fact in facts})
    told = dict.fromkeys((f.order_id, f.line_id) for f in facts if f.order_id in orders)
    parts = outlook.parts([orders[order].lines[line] for order, line in told])
    held = find_commitments(tx, {line for _, line in told})
    moved = [
        move
        for order_id, line_id in told
        for move in undated(
            orders[order_id], line_id, parts[orders[order_id].lines[line_id].sku], held
        )
    ]
    if not moved:
        return
    _finish(outlook, tx, orders, moved, SUPPLY_LOST, now)


def supply_re_dated(
    outlook: Outlook, tx: Transaction, facts: Sequence[ReceiptLineReDated], now: datetime
) -> None:
    """Give parcels that wait for a delivery the days that follow from its new one."""
    due = {line: fact.due_at for fact in facts for line in fact.lines}
    orders = lock_orders(tx, {order_id for fact in facts for order_id in fact.orders})
    wanted = [
        (order, parcel_id, units, max(now, until))
        for order in orders.values()
        for parcel_id, (until, units) in waiting_parcels(order, due).items()
    ]
    found = _plan_days(outlook, wanted)
    re_date_parcels(tx, found)
    tell_promises(tx, _with(orders, found), SUPPLY_RE_DATED, now)
    before = [orders[one.order_id].parcels[one.parcel_id] for one in found]
    _move_capacity(tx, before, found, now)


def _finish(
    outlook: Outlook,
    tx: Transaction,
    orders: Mapping[OrderId, OrderState],
    moved: Sequence[Move],
    reason: str,
    now: datetime,
) -> None:
    """Write the moves; give parcels that wait for nothing more the days of now; tell it all."""
    after = advance(tx, orders, moved, now)
    announce(tx, outcomes(moved, after), now)
    wanted = [
        (order, parcel_id, units, now)
        for order_id, order in after.items()
        for parcel_id, units in completed(orders[order_id], order).items()
    ]
    found = _plan_days(outlook, wanted)
    re_date_parcels(tx, found)
    touched = {one.order_id for one in moved}
    told = {
        order_id: order for order_id, order in _with(after, found).items() if order_id in touched
    }
    tell_promises(tx, told, reason, now)
    before = [orders[one.order_id].parcels[one.parcel_id] for one in found]
    known = {quantity.parcel_id for order in orders.values() for quantity in order.quantities}
    made = [
        orders[one.order_id].parcels[one.parcel_id_after]
        for one in {move.parcel_id_after: move for move in moved}.values()
        if one.parcel_id_after is not None and one.parcel_id_after not in known
    ]
    _move_capacity(tx, [*emptied(after, moved), *before], [*made, *found], now)


def _plan_days(
    outlook: Outlook, wanted: Sequence[tuple[OrderState, ParcelId, Mapping[LineId, int], datetime]]
) -> list[Parcel]:
    """Return parcels on the days that follow when their units stand there then."""
    parts = outlook.parts([line for order, *_ in wanted for line in order.lines.values()])
    found: list[Parcel] = []
    for order, parcel_id, units, from_then in wanted:
        parcel = order.parcels[parcel_id]
        plan = _plan(outlook, order, units, parcel.node, parts, from_then)
        if not isinstance(plan, Refusal) and len(plan) == 1:
            found.append(re_dated(parcel, plan[0]))
    return found


def _with(
    orders: Mapping[OrderId, OrderState], parcels: Sequence[Parcel]
) -> dict[OrderId, OrderState]:
    return {
        order_id: order.with_parcels([one for one in parcels if one.order_id == order_id])
        for order_id, order in orders.items()
    }


def _move_capacity(
    tx: Transaction, gone: Sequence[Parcel], made: Sequence[Parcel], now: datetime
) -> None:
    """Give the days of some parcels back and take those of others, all locked at once."""
    lock_days(tx, capacity_days([*gone, *made]), now)
    release_parcels(tx, [(one.order_id, one.parcel_id) for one in gone], now)
    hold_days(tx, capacity_holds(made), now)


def _compare(
    tx: Transaction,
    orders: Mapping[OrderId, OrderState],
    told: Sequence[tuple[OrderId, LineId, NodeId]],
    parts: Parts,
) -> Taken:
    held = by_line(find_commitments(tx, {line for _, line, _ in told}))
    taken = Counter[QuantityId | None]()
    found: list[Arrival] = []
    unwanted: list[LineUnits] = []
    for order_id, line_id, node in told:
        components = parts[orders[order_id].lines[line_id].sku]
        served = surplus(orders[order_id], line_id, node, components, held.get(line_id, ()))
        if served <= 0:
            continue
        mine = arrivals(orders[order_id], line_id, node, served, taken)
        found += mine
        extra = served - sum(one.units for one in mine)
        unwanted += [
            LineUnits(line_id, node, part.units * extra, part.sku) for part in components if extra
        ]
    return Taken(tuple(found), tuple(unwanted))


def _plan(
    outlook: Outlook,
    order: OrderState,
    units: Mapping[LineId, int],
    node: NodeId,
    parts: Parts,
    from_then: datetime,
) -> tuple[PlannedParcel, ...] | Refusal:
    """Plan units that stand at a node then: the same dates as a new order would get."""
    request = request_again(order, units, from_then, node=node)
    held = Counter[StockPoint]()
    for line in request.lines:
        for part in parts[line.sku]:
            held[StockPoint(part.sku, node)] += part.units * line.units
    plan = outlook.plan_held(request, held.items(), (), "all")
    return plan if isinstance(plan, Refusal) else plan.parcels


def _write(
    outlook: Outlook,
    tx: Transaction,
    orders: Mapping[OrderId, OrderState],
    taken: Taken,
    planned: Sequence[tuple[list[Arrival], tuple[PlannedParcel, ...]]],
    now: datetime,
) -> None:
    rows = [row for group, made in planned for row in new_parcels(group[0].quantity.order_id, made)]
    parcels = add_parcels(tx, rows)
    known = _with(orders, parcels)
    moved: list[Move] = [
        one.into(one.in_parcel, one.units) for one in taken.arrivals if one.in_parcel is not None
    ]
    numbered = iter(parcels)
    for group, made in planned:
        ids = known[group[0].quantity.order_id].line_ids()
        left = group
        for parcel in made:
            units = {ids[line.line_no]: line.units for line in parcel.units}
            mine, left = spread(left, units, next(numbered).parcel_id)
            moved += mine
    _finish(outlook, tx, known, moved, REASON, now)
    if taken.unwanted:
        uncommit(tx, taken.unwanted, "committed", now)
