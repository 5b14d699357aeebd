"""Expect deliveries, re-date them, receive them: dated supply, and what becomes of promises."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from oneshelf.base.database import Transaction
from oneshelf.base.errors import OneshelfError
from oneshelf.base.identifiers import ReceiptLineId
from oneshelf.base.outbox import announce
from oneshelf.inventory.claims.actions import find_waiting_lines, lock_for_serving, serve_claims
from oneshelf.inventory.facts import ClaimServed, PromiseLost, ReceiptLineReDated
from oneshelf.inventory.ledger import Balance, Movement, StockPoint
from oneshelf.inventory.receipts import store
from oneshelf.inventory.receipts.arriving import Expected, Received, arrive
from oneshelf.inventory.receipts.store import ReceiptLineRow, UpdateRow
from oneshelf.inventory.shelf.actions import (
    carry,
    find_commitments,
    lock_point_ids,
    move,
    take_requests,
    touch,
)


def expect(
    tx: Transaction, receipts: Sequence[Expected], now: datetime
) -> dict[tuple[str, int], ReceiptLineId]:
    """Write announced deliveries down; lines that wait are promised their units.

    Returns the line of each (reference, line number). A reference that is known stays as it was.
    """
    asked = {receipt.reference: receipt for receipt in reversed(receipts)}
    fresh = set(store.add_receipts(tx, list(asked), now))
    store.add_lines(tx, [receipt for reference, receipt in asked.items() if reference in fresh])
    rows = store.find_lines(tx, list(asked))
    new = [row for row in rows if row.reference in fresh]
    locked = lock_for_serving(tx, [_point(row) for row in new], now)
    move(
        tx,
        [
            Movement(
                locked[_point(row)].point_id, "outside", "expected", row.units_expected, "expected"
            )
            for row in new
        ],
        now,
    )
    serve_claims(tx, locked, now)
    return {(row.reference, row.line_no): row.receipt_line_id for row in rows}


def re_date(tx: Transaction, dues: Mapping[ReceiptLineId, datetime], now: datetime) -> None:
    """Let receipt lines come at other times; tell the lines that were promised units of them."""
    rows = store.lock_lines(tx, dues)
    moved = {row.receipt_line_id: row for row in rows if row.due_at != dues[row.receipt_line_id]}
    if not moved:
        return
    locked = lock_for_serving(tx, [_point(row) for row in moved.values()], now)
    store.update_due(tx, {line: dues[line] for line in moved})
    ids = {locked[_point(row)].point_id: line for line, row in moved.items()}
    touch(tx, list(ids), now)
    promised = find_commitments(tx, point_ids=list(ids))
    facts = []
    for point_id, line in ids.items():
        theirs = [one for one in promised if one.point_id == point_id]
        lines, orders = ([one.line_id for one in theirs], [one.order_id for one in theirs])
        facts.append(ReceiptLineReDated(line, dues[line], tuple(lines), tuple(orders)))
    announce(tx, facts, now)
    serve_claims(tx, locked, now)


def receive(tx: Transaction, received: Sequence[Received], now: datetime) -> None:
    """Bring units of receipt lines to their shelves; serve who was promised or waits.

    More or less than expected may come, also after a line was closed. The same request again does
    nothing.
    """
    fresh = take_requests(tx, {one.request for one in received}, now)
    new = list({one.request: one for one in received if one.request in fresh}.values())
    rows = {row.receipt_line_id: row for row in store.lock_lines(tx, {o.receipt_line for o in new})}
    if unknown := {one.receipt_line for one in new} - rows.keys():
        raise OneshelfError(
            "not_found",
            f"There are no receipt lines {sorted(unknown)}.",
            "Announce the delivery first, or correct the stock by a count.",
        )
    points = {_point(row) for row in rows.values()}
    points |= {_shelf(rows[one.receipt_line], one) for one in new}
    locked = lock_for_serving(tx, points, now)
    served: list[ClaimServed] = []
    for one in new:
        served += _receive(tx, one, rows[one.receipt_line], locked, now)
    announce(tx, served, now)
    serve_claims(tx, locked, now)


def _receive(
    tx: Transaction,
    received: Received,
    row: ReceiptLineRow,
    locked: Mapping[StockPoint, Balance],
    now: datetime,
) -> list[ClaimServed]:
    ids = [locked[_point(row)].point_id, locked[_shelf(row, received)].point_id]
    standing = lock_point_ids(tx, ids, now)
    line, shelf = standing[_point(row)], standing[_shelf(row, received)]
    promised = find_commitments(tx, point_ids=[line.point_id])
    waiting = find_waiting_lines(tx, [one.line_id for one in promised])
    arrival = arrive(received, line, shelf, promised, waiting)
    carry(tx, arrival.steps, now, arrival.movements)
    status = "closed" if arrival.is_closed else "open"
    came = received.units + received.units_damaged
    store.update_received(tx, [UpdateRow(row.receipt_line_id, came, status)])
    is_less = received.units_damaged or received.rest == "will_not_come"
    unsure = [(one, one.units) for one in promised if is_less and one.line_id in waiting]
    lost = [
        PromiseLost(one.order_id, one.line_id, row.receipt_line_id, units)
        for one, units in arrival.lost + unsure
    ]
    announce(tx, lost, now)
    return [
        ClaimServed(step.order_id, step.line_id, row.node, step.units)
        for step in arrival.steps
        if step.target == "committed"
    ]


def _point(row: ReceiptLineRow) -> StockPoint:
    return StockPoint(row.sku, row.node, None, row.receipt_line_id)


def _shelf(row: ReceiptLineRow, received: Received) -> StockPoint:
    return StockPoint(row.sku, row.node, received.lot)
