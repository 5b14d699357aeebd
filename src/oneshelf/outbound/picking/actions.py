"""Pick parcels, and send what is short from elsewhere in the same transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec.structs import replace

from oneshelf.base.database import Transaction
from oneshelf.base.errors import ContendedError
from oneshelf.base.facts import Fact
from oneshelf.base.identifiers import OrderId, new_id
from oneshelf.base.outbox import announce
from oneshelf.catalog.actions import find_products
from oneshelf.inventory.lines.actions import SERIALISATION_FAILURE, reject
from oneshelf.inventory.lines.actions import pick as pick_from_stock
from oneshelf.inventory.lines.handling import LineUnits, Rejected, by_line
from oneshelf.inventory.shelf.actions import find_commitments
from oneshelf.matching.outlook import Outlook
from oneshelf.orders.progress.actions import (
    advance,
    lock_orders,
    orders_of_parcels,
    units_behind,
)
from oneshelf.orders.progress.order_state import OrderState
from oneshelf.orders.progress.quantities import Move, move
from oneshelf.orders.progress.telling import line_units
from oneshelf.orders.resourcing.actions import lock_plans, plan_again, write_plans
from oneshelf.orders.resourcing.asking import Lost, gone_from
from oneshelf.outbound.facts import ParcelPicked, PickShort
from oneshelf.outbound.picking.picks import Decided, Pick, PickAnswer, decide_pick


def pick(
    outlook: Outlook, tx: Transaction, picks: Sequence[Pick], now: datetime
) -> list[PickAnswer]:
    """Put units into totes; units that are short leave the shelf's books and find another source.

    Answers each report in its order. Locks orders, capacity, stock. Safe to repeat. Raises `busy`
    if a shelf lost the units between look and lock.
    """
    owners = orders_of_parcels(tx, {one.parcel_id for one in picks})
    orders = lock_orders(tx, set(owners.values()))
    seen = _as_on_the_shelves(outlook, tx, orders)
    decided: list[Decided] = []
    for one in picks:
        order_id = owners.get(one.parcel_id)
        verdict = decide_pick(None if order_id is None else seen[order_id], one)
        decided.append(verdict)
        if order_id is not None:
            seen[order_id] = _without(seen[order_id], verdict)
    moves = [one for verdict in decided for one in verdict.moves]
    lost = [one for verdict in decided for one in verdict.lost]
    after = advance(tx, orders, moves, now)
    announce(tx, _facts(after, moves, lost), now)
    if lost:
        _move_stock(outlook, tx, after, picks, decided, now)
    elif moves:
        _take_all(tx, units_behind(tx, after, moves), now)
    return [verdict.answer for verdict in decided]


def _as_on_the_shelves(
    outlook: Outlook, tx: Transaction, orders: Mapping[OrderId, OrderState]
) -> dict[OrderId, OrderState]:
    """Return the orders less what shelves have lost and nobody has sourced anew yet."""
    parts = outlook.parts([line for order in orders.values() for line in order.lines.values()])
    lines = {line_id for order in orders.values() for line_id in order.lines}
    held = by_line(find_commitments(tx, lines))
    seen: dict[OrderId, OrderState] = {}
    for order_id, order in orders.items():
        places = {
            (quantity.line_id, node)
            for quantity in order.standing_in({"released"})
            if (node := order.node_of(quantity)) is not None
        }
        lost = gone_from(order, sorted(places), parts, held, "lost")
        gone = [one.away() for one in lost]
        left = tuple(move(order.quantities, gone))
        seen[order_id] = replace(order, quantities=left) if gone else order
    return seen


def _without(order: OrderState, verdict: Decided) -> OrderState:
    """Return the order as the next report finds it."""
    gone = [one.away() for one in verdict.lost]
    return replace(order, quantities=tuple(move(order.quantities, [*verdict.moves, *gone])))


def _move_stock(
    outlook: Outlook,
    tx: Transaction,
    orders: Mapping[OrderId, OrderState],
    picks: Sequence[Pick],
    decided: Sequence[Decided],
    now: datetime,
) -> None:
    moves = [one for verdict in decided for one in verdict.moves]
    lost = [one for verdict in decided for one in verdict.lost]
    replans = plan_again(outlook, tx, orders, lost, now)
    touched = {(one.order_id, one.line_id) for one in moves}
    touched |= {(one.order_id, one.quantity.line_id) for one in lost}
    points = {one.point for one in find_commitments(tx, {line for _, line in touched})}
    locked = lock_plans(tx, outlook, orders, replans, now, also=points)
    products = find_products(tx, {orders[order].lines[line].sku for order, line in touched})
    if moves:
        _take_all(tx, line_units(orders, moves, products), now)
    rejected = [
        Rejected(new_id(), behind.line_id, behind.node, behind.units, report.short, behind.sku)
        for report, verdict in zip(picks, decided, strict=True)
        if report.short
        for behind in line_units(orders, [one.away() for one in verdict.lost], products)
        if report.sku in {None, behind.sku}
    ]
    if rejected and reject(tx, rejected, now) != sum(one.units for one in rejected):
        raise ContendedError(SERIALISATION_FAILURE)
    write_plans(tx, orders, locked, now)


def _take_all(tx: Transaction, wanted: Sequence[LineUnits], now: datetime) -> None:
    """Put the units behind what was picked into totes. Raises `busy` if a shelf lost some since."""
    done = pick_from_stock(tx, wanted, now)
    if sum(one.units for one in done) != sum(one.units for one in wanted):
        raise ContendedError(SERIALISATION_FAILURE)


def _facts(
    orders: Mapping[OrderId, OrderState], moves: Sequence[Move], lost: Sequence[Lost]
) -> list[Fact]:
    facts: list[Fact] = []
    parcels = {one.parcel_id_after: one.order_id for one in moves}
    for parcel_id, order_id in parcels.items():
        order = orders[order_id]
        if parcel_id is None:
            continue
        mine = [quantity for quantity in order.quantities if quantity.parcel_id == parcel_id]
        if not any(quantity.status == "released" for quantity in mine):
            units = sum(quantity.units for quantity in mine if quantity.status == "picked")
            facts.append(ParcelPicked(order_id, parcel_id, order.parcels[parcel_id].node, units))
    for one in lost:
        parcel = one.quantity.parcel_id
        if parcel is not None:
            node = orders[one.order_id].parcels[parcel].node
            facts.append(PickShort(one.order_id, parcel, node, one.units, one.reason))
    return facts
