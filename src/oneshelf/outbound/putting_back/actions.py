"""Put units back whose line was cancelled when they were already picked."""

from collections.abc import Sequence
from datetime import datetime

from oneshelf.base.database import Transaction
from oneshelf.base.outbox import announce
from oneshelf.inventory.recalls.actions import put_back as put_back_in_stock
from oneshelf.inventory.recalls.recalled import PutBack
from oneshelf.orders.progress.actions import lock_orders
from oneshelf.outbound.facts import UnitsPutBack
from oneshelf.outbound.putting_back.tote_reports import ToteAnswer, ToteReport


def put_back(tx: Transaction, reports: Sequence[ToteReport], now: datetime) -> list[ToteAnswer]:
    """Take units out of totes that no order wants; older claims get them, then anyone.

    Answers each report in its order. Locks orders, stock. Safe to repeat.
    """
    orders = lock_orders(tx, {one.order_id for one in reports})
    backs: dict[int, PutBack] = {}
    answers: list[ToteAnswer] = []
    for at, one in enumerate(reports):
        order = orders.get(one.order_id)
        line = order.line_numbered(one.line_no) if order else None
        if line is None:
            answers.append(
                ToteAnswer(one.order_id, one.line_no, "unknown_line" if order else "unknown_order")
            )
            continue
        backs[at] = PutBack(one.request, line.line_id, one.node, one.sku, one.units, one.found)
        answers.append(ToteAnswer(one.order_id, one.line_no, "nothing_to_put_back"))
    moved = put_back_in_stock(tx, list(backs.values()), now) if backs else []
    told: list[UnitsPutBack] = []
    for (at, back), units in zip(backs.items(), moved, strict=True):
        if units:
            one = reports[at]
            answers[at] = ToteAnswer(one.order_id, one.line_no, "put_back", units)
            told.append(
                UnitsPutBack(one.order_id, back.line_id, one.node, one.sku, units, one.found)
            )
    announce(tx, told, now)
    return answers
