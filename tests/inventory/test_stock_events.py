"""What happens to whose units when shelves, deliveries and tills say something new."""

from datetime import timedelta

import pytest

from oneshelf.base.identifiers import LineId, NodeId, OrderId, Sku, new_id
from oneshelf.catalog.products import KitPart
from oneshelf.inventory.claims.actions import open_claims
from oneshelf.inventory.claims.serving import ClaimWish
from oneshelf.inventory.counting.actions import adjust, arrive, send
from oneshelf.inventory.counting.saying import Adjusted, Arrived, Sent
from oneshelf.inventory.ledger import StockPoint, Take
from oneshelf.inventory.lines.actions import reject, sell_at_till
from oneshelf.inventory.lines.handling import Rejected, TillSale
from oneshelf.inventory.receipts.actions import expect, re_date, receive
from oneshelf.inventory.receipts.arriving import Expected, ExpectedLine, Received
from oneshelf.inventory.shelf.actions import commit_units, lock_points

LAMP, BERLIN, PARIS = Sku("LAMP"), NodeId("berlin"), NodeId("paris")
SHELF = StockPoint(LAMP, BERLIN)


@pytest.fixture
def tx(database):
    with database.transaction("test", "events") as tx:
        yield tx


def sold(tx, now, stock, *lines):
    """Put units on the shelf; one order line each takes some, later lines promised later."""
    adjust(tx, [Adjusted(new_id(), SHELF, stock, "opening")], now)
    here = lock_points(tx, [SHELF], now)[SHELF].point_id
    takes = [
        Take(LineId(no), OrderId(no), here, units, "available", now + timedelta(days=no))
        for no, units in enumerate(lines, 1)
    ]
    commit_units(tx, takes, now)


def shelf(tx, now, point=SHELF):
    return lock_points(tx, [point], now)[point]


def facts(tx, name):
    return tx.scalars(
        "SELECT body FROM base.fact WHERE name = %(name)s ORDER BY fact_id", name=name
    )


@pytest.mark.parametrize(
    ("reason", "available", "on_hand", "damaged", "losers"),
    [
        ("not_in_stock", 0, 0, 0, {1, 2}),
        ("mismatch", 5, 8, 0, {1}),
        ("damaged", 5, 10, 2, {1}),
        ("worn", 5, 10, 2, {1}),
    ],
)
def test_the_reason_of_a_rejection_decides_what_the_stock_becomes(
    tx, now, *, reason, available, on_hand, damaged, losers
):
    sold(tx, now, 10, 2, 3)
    reject(tx, [Rejected(new_id(), LineId(1), BERLIN, 2, reason)], now)

    after = shelf(tx, now)
    assert (after.available, after.on_hand(), after.damaged) == (available, on_hand, damaged)
    assert {fact["line_id"] for fact in facts(tx, "CommitmentLost")} == losers


def test_a_till_takes_free_units_then_the_latest_promise_then_what_it_found(tx, now):
    sold(tx, now, 4, 1, 2)
    sell_at_till(tx, [TillSale(new_id(), SHELF, 2)], now)
    assert [(f["line_id"], f["units"]) for f in facts(tx, "CommitmentLost")] == [(2, 1)]
    sell_at_till(tx, [TillSale(new_id(), SHELF, 3)], now)

    assert [f["units"] for f in facts(tx, "UnitsFoundAtTill")] == [1]
    assert shelf(tx, now).on_hand() == 0


def test_units_on_their_way_are_in_exactly_one_place(tx, now):
    sold(tx, now, 5)
    there = StockPoint(LAMP, PARIS)
    send(tx, [Sent(new_id(), SHELF, PARIS, 3)], now)
    assert (shelf(tx, now).on_hand(), shelf(tx, now, there).in_transit) == (2, 3)
    arrive(tx, [Arrived(new_id(), there, 1, 1, 1)], now)

    after = shelf(tx, now, there)
    assert (after.available, after.damaged, after.in_transit, after.outside) == (1, 1, 0, -2)


def test_a_delivery_serves_who_was_promised_then_who_waits_then_the_shelf(tx, now):
    due_at = now + timedelta(days=3)
    [line] = expect(
        tx, [Expected("ASN", (ExpectedLine(1, LAMP, BERLIN, due_at, 9),))], now
    ).values()
    inbound = StockPoint(LAMP, BERLIN, None, line)
    point_id = lock_points(tx, [inbound], now)[inbound].point_id
    commit_units(tx, [Take(LineId(1), OrderId(1), point_id, 4, "expected", due_at)], now)
    open_claims(tx, [ClaimWish(LineId(2), OrderId(2), LAMP, (KitPart(LAMP, 1),), 3)], now)
    re_date(tx, {line: due_at + timedelta(days=1)}, now)
    assert [fact["lines"] for fact in facts(tx, "ReceiptLineReDated")] == [[1]]
    receive(tx, [Received(new_id(), line, 5)], now)
    assert [(f["line_id"], f["units"]) for f in facts(tx, "ClaimServed")] == [(1, 4), (2, 1)]
    receive(tx, [Received(new_id(), line, 6)], now)

    assert [(f["line_id"], f["units"]) for f in facts(tx, "ClaimServed")][2:] == [(2, 2)]
    assert (shelf(tx, now).committed, shelf(tx, now).available) == (7, 4)
