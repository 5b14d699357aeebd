"""Take units back at any node, never more than were sold. Safe to repeat."""

from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace

from oneshelf.base.database import Transaction
from oneshelf.base.outbox import announce
from oneshelf.catalog.actions import find_products
from oneshelf.catalog.products import KitPart
from oneshelf.inventory.lines.actions import return_to_stock
from oneshelf.orders.progress.actions import advance, lock_orders
from oneshelf.orders.progress.quantities import Move, move
from oneshelf.post_purchase.facts import ReturnReceived
from oneshelf.post_purchase.returns import store
from oneshelf.post_purchase.returns.receiving import (
    Return,
    ReturnAnswer,
    return_moves,
    to_stock,
)


def receive_returns(
    tx: Transaction, returns: Sequence[Return], now: datetime
) -> list[ReturnAnswer]:
    """Take units back onto the shelves of the nodes where they are; answer each in its order.

    Older claims get them first. Locks orders, stock.
    """
    orders = lock_orders(tx, {one.order_id for one in returns})
    known = store.find_received(tx, [one.request for one in returns])
    seen = dict(orders)
    answers: list[ReturnAnswer] = []
    received: list[Return] = []
    moves: list[Move] = []
    for one in returns:
        if one.order_id not in seen:
            answers.append(ReturnAnswer(one.request, "unknown_order"))
            continue
        if one.request in known:
            answers.append(ReturnAnswer(one.request, "already_received"))
            continue
        order = seen[one.order_id]
        taken, answer = return_moves(order, one)
        answers.append(answer)
        if taken:
            known.add(one.request)
            received.append(one)
            moves += taken
            seen[one.order_id] = replace(order, quantities=tuple(move(order.quantities, taken)))
    if not received:
        return answers
    advance(tx, orders, moves, now)
    store.add(tx, received, now)
    lines = {
        one.request: line
        for one in received
        if (line := orders[one.order_id].line_numbered(one.line_no)) is not None
    }
    announce(
        tx,
        [
            ReturnReceived(
                one.order_id, lines[one.request].line_id, one.node, one.units, one.condition
            )
            for one in received
        ],
        now,
    )
    products = find_products(tx, {line.sku for line in lines.values()})
    shelved = []
    for one in received:
        line = lines[one.request]
        sku = line.sku
        parts = products[sku].components() if sku in products else (KitPart(sku, 1),)
        shelved += to_stock(one, line, parts)
    return_to_stock(tx, shelved, now)
    return answers
