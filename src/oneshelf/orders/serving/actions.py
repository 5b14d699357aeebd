"""Take in what claims were given: the line stops waiting and its node gets a parcel."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from oneshelf.base.database import Transaction
from oneshelf.base.identifiers import LineId, NodeId, OrderId, Sku
from oneshelf.base.outbox import announce
from oneshelf.catalog.products import KitPart
from oneshelf.inventory.facts import ClaimServed
from oneshelf.inventory.ledger import StockPoint
from oneshelf.inventory.lines.actions import uncommit
from oneshelf.inventory.lines.handling import LineUnits
from oneshelf.inventory.shelf.actions import find_commitments
from oneshelf.matching.capacity.actions import hold as hold_days
from oneshelf.matching.capacity.actions import lock_days, release_parcels
from oneshelf.matching.outlook import Outlook
from oneshelf.matching.plan import Parcel as PlannedParcel
from oneshelf.matching.plan import Refusal
from oneshelf.orders.facts import LinesUnsourced
from oneshelf.orders.progress.actions import add_parcels, advance, lock_orders
from oneshelf.orders.progress.order_state import OrderState
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
        plan = _dates(outlook, orders[order_id], group, node, parts, now)
        if isinstance(plan, Refusal):
            lines = tuple(sorted({one.quantity.line_id for one in group}))
            refused.append(LinesUnsourced(order_id, lines, plan.reason))
        else:
            planned.append((group, plan))
    _write(tx, orders, taken, planned, now)
    announce(tx, refused, now)


def _compare(
    tx: Transaction,
    orders: Mapping[OrderId, OrderState],
    told: Sequence[tuple[OrderId, LineId, NodeId]],
    parts: Parts,
) -> Taken:
    held = find_commitments(tx, {line for _, line, _ in told})
    taken = Counter[QuantityId | None]()
    found: list[Arrival] = []
    unwanted: list[LineUnits] = []
    for order_id, line_id, node in told:
        components = parts[orders[order_id].lines[line_id].sku]
        served = surplus(orders[order_id], line_id, node, components, held)
        if served <= 0:
            continue
        mine = arrivals(orders[order_id], line_id, node, served, taken)
        found += mine
        extra = served - sum(one.units for one in mine)
        unwanted += [
            LineUnits(line_id, node, part.units * extra, part.sku) for part in components if extra
        ]
    return Taken(tuple(found), tuple(unwanted))


def _dates(
    outlook: Outlook,
    order: OrderState,
    group: Sequence[Arrival],
    node: NodeId,
    parts: Parts,
    now: datetime,
) -> tuple[PlannedParcel, ...] | Refusal:
    units = Counter[LineId]()
    for one in group:
        units[one.quantity.line_id] += one.units
    request = request_again(order, units, now, node=node)
    held = Counter[StockPoint]()
    for line in request.lines:
        for part in parts[line.sku]:
            held[StockPoint(part.sku, node)] += part.units * line.units
    plan = outlook.plan_held(request, held.items())
    return plan if isinstance(plan, Refusal) else plan.parcels


def _write(
    tx: Transaction,
    orders: Mapping[OrderId, OrderState],
    taken: Taken,
    planned: Sequence[tuple[list[Arrival], tuple[PlannedParcel, ...]]],
    now: datetime,
) -> None:
    rows = [row for group, made in planned for row in new_parcels(group[0].quantity.order_id, made)]
    parcels = add_parcels(tx, rows)
    known = {
        order_id: order.with_parcels([one for one in parcels if one.order_id == order_id])
        for order_id, order in orders.items()
    }
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
    after = advance(tx, known, moved, now)
    announce(tx, outcomes(moved, after), now)
    tell_promises(tx, {one.order_id: after[one.order_id] for one in moved}, REASON, now)
    gone = emptied(after, moved)
    lock_days(tx, capacity_days([*gone, *parcels]))
    release_parcels(tx, [(parcel.order_id, parcel.parcel_id) for parcel in gone], now)
    hold_days(tx, capacity_holds(parcels), now)
    if taken.unwanted:
        uncommit(tx, taken.unwanted, "committed", now)
