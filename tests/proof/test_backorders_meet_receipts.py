"""Units that come and orders that wait cross each other: no unit stays free while one waits."""

import random
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing, suppress
from datetime import timedelta

import pytest

from oneshelf.base.database import Database
from oneshelf.base.errors import ContendedError
from oneshelf.base.identifiers import NodeId, Sku, new_id
from oneshelf.inventory.claims.actions import find_stranded
from oneshelf.inventory.counting.actions import adjust, count
from oneshelf.inventory.counting.saying import Adjusted, Counted
from oneshelf.inventory.ledger import StockPoint
from oneshelf.inventory.lines.actions import return_to_stock
from oneshelf.inventory.lines.handling import Returned
from oneshelf.inventory.receipts.actions import receive
from oneshelf.inventory.receipts.arriving import Received
from oneshelf.orders.capture.actions import place
from oneshelf.orders.capture.asked import Asked
from oneshelf.orders.changes.actions import cancel
from oneshelf.orders.changes.cancelling import Cancellation
from oneshelf.worker import Worker
from queues import left_to_serve
from shop import MONDAY, NODES, Shop, inbound, order, stock

SKUS = ("LAMP", "VASE", "RUG")
TIMES_BUSY_MAX = 50


def through(act):
    """Do it until it comes through, as somebody does who is told "busy"."""
    for _ in range(TIMES_BUSY_MAX):
        with suppress(ContendedError):
            return act()
    raise AssertionError("never came through")


def committed(database, act):
    def once():
        with database.transaction("test", "race") as tx:
            return act(tx)

    return through(once)


def waiting(chance):
    """An order that waits where there is too little: sold, or a backorder."""
    lines = [(sku, chance.randint(1, 3)) for sku in chance.sample([*SKUS, "SET"], 2)]
    standing = {"channel": "market"} if chance.random() < 0.5 else {}
    splitting = "together" if chance.random() < 0.2 else "allowed"
    return order(*lines, backorder="accepted", splitting=splitting, **standing)


def arrival(chance, receipt_lines, lot):
    point = StockPoint(Sku(chance.choice(SKUS)), chance.choice(NODES).node_id, lot)
    units = chance.randint(1, 3)
    kind = chance.randrange(4)
    if kind == 0:
        return lambda tx: adjust(tx, [Adjusted(new_id(), point, units, "found")], MONDAY)
    if kind == 1:
        back = Returned(new_id(), point, units, "available")
        return lambda tx: return_to_stock(tx, [back], MONDAY)
    if kind == 2:
        return lambda tx: count(tx, [Counted(new_id(), point, units + 3)], MONDAY)
    came = Received(new_id(), chance.choice(receipt_lines), units, lot=lot)
    return lambda tx: receive(tx, [came], MONDAY)


@pytest.mark.parametrize("lot", [None, "batch-7"])
def test_receipts_that_cross_backorders_and_unsourced_orders_strand_no_unit(still, url, lot):
    Shop.opened(still, [(sku, "leeds", 2) for sku in SKUS])
    due_at = MONDAY + timedelta(days=5)
    receipt_lines = [inbound(still, sku, "york", 40, due_at) for sku in SKUS]

    def sell(seed):
        chance = random.Random(seed)
        with closing(Database(url)) as database:
            mine = Shop(database)
            for _ in range(25):
                wish = waiting(chance)
                through(lambda wish=wish: mine.place(wish))

    def bring(seed):
        chance = random.Random(seed)
        with closing(Database(url)) as database:
            for _ in range(40):
                committed(database, arrival(chance, receipt_lines, lot))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda act: act[0](act[1]), [(sell, 1), (bring, 2), (sell, 3), (bring, 4)]))
    with still.transaction("test", "look") as tx:
        stranded = find_stranded(tx)

    assert stranded == []


@pytest.mark.parametrize("lot", [None, "batch-7"])
def test_what_comes_while_an_order_begins_to_wait_is_given_to_it(still, lot):
    shop = Shop.opened(still)
    point = StockPoint(Sku("LAMP"), NodeId("leeds"), lot)
    came = Adjusted(new_id(), point, 1, "found")
    wish = Asked(order(("LAMP", 1), channel="market"), b"")
    with ThreadPoolExecutor(1) as pool:
        with still.transaction("test", "place") as tx:
            place(tx, [wish], shop.outlook, MONDAY)
            coming = pool.submit(committed, still, lambda tx: adjust(tx, [came], MONDAY))
            wait([coming], 0.3)
        coming.result()

    assert shop.rows("SELECT sum(available), sum(committed) FROM inventory.point") == [(0, 1)]


def test_an_order_that_joins_a_queue_waits_for_who_has_it(still):
    shop = Shop.opened(still)
    first, second = (order(("RUG", 1), channel="market", key=key) for key in ("a", "b"))
    shop.place(first)
    inbound(still, "RUG", "york", 3, MONDAY + timedelta(days=5))
    with ThreadPoolExecutor(1) as pool:
        with still.transaction("test", "other") as tx:
            tx.run("SELECT FROM inventory.claim FOR NO KEY UPDATE")
            placing = pool.submit(shop.place_once, [second])
            wait([placing], 0.3)
        [answer] = placing.result()

    assert answer.outcome == "placed"


def test_an_order_that_would_wait_for_what_has_come_is_planned_anew(still):
    shop = Shop.opened(still)
    stock(still, ("LAMP", "leeds", 1))
    wish = order(("LAMP", 1), channel="market")
    [first] = shop.place_once([wish])
    [second] = shop.place_once([wish])

    assert (first.outcome, second.outcome) == ("undecided", "placed")
    assert second.waiting == ()


def test_an_order_is_not_refused_what_came_a_moment_ago(still):
    shop = Shop.opened(still)
    stock(still, ("LAMP", "leeds", 1))
    wishes = [order(("LAMP", 1)), order(("LAMP", 2))]
    first = shop.place_once(wishes)
    second = shop.place_once(wishes)

    assert [answer.outcome for answer in first] == ["undecided", "refused"]
    assert [answer.outcome for answer in second] == ["placed", "refused"]


def test_sales_and_corrections_of_the_same_shelves_never_wait_in_a_circle(still, url):
    Shop.opened(still, [(sku, "leeds", 1_000) for sku in SKUS])

    def sell(seed):
        chance = random.Random(seed)
        with closing(Database(url)) as database:
            mine = Shop(database)
            for _ in range(30):
                lines = [(sku, 1) for sku in chance.sample(SKUS, 3)]
                mine.place(order(*lines))

    def correct(seed):
        chance = random.Random(seed)
        points = [StockPoint(Sku(sku), NodeId("leeds")) for sku in SKUS]
        with closing(Database(url)) as database:
            for _ in range(60):
                chance.shuffle(points)
                found = [Adjusted(new_id(), point, 1, "found") for point in points]
                committed(database, lambda tx, found=found: adjust(tx, found, MONDAY))

    with ThreadPoolExecutor(4) as pool:
        list(
            pool.map(lambda act: act[0](act[1]), [(sell, 1), (correct, 2), (sell, 3), (correct, 4)])
        )
    with still.transaction("test", "look") as tx:
        [placed] = tx.scalars("SELECT sum(committed) FROM inventory.point")

    assert placed == 2 * 30 * 3


def free_units(shop):
    return {
        (sku, node): units
        for sku, node, units in shop.rows(
            "SELECT sku, node, sum(available) FROM inventory.point GROUP BY 1, 2"
        )
        if units
    }


def open_claims(shop):
    """Return the claims of one SKU that take what comes: (id, line, SKU): nodes."""
    return {
        (claim, line, sku): nodes
        for claim, line, sku, nodes in shop.rows(
            "SELECT claim_id, line_id, min(claim_part.sku), nodes"
            "  FROM inventory.claim JOIN inventory.claim_part USING (claim_id)"
            " WHERE claim.status = 'open' AND serving = 'as_it_comes'"
            " GROUP BY claim_id HAVING count(*) = 1 AND min(claim_part.units) = 1"
        )
    }


def taken_by_new(shop, since):
    """Return which shelves gave units to lines that did not wait: (SKU, node)."""
    return set(
        shop.rows(
            "SELECT DISTINCT sku, node"
            "  FROM inventory.movement JOIN inventory.point USING (point_id)"
            " WHERE movement_id > %(since)s AND reason = 'ordered' AND source = 'available'",
            since=since,
        )
    )


@pytest.mark.parametrize("seed", range(6))
def test_no_later_order_gets_a_unit_that_an_older_claim_waits_for(still, url, seed):
    chance = random.Random(seed)
    shop = Shop.opened(still, [(sku, "leeds", 4) for sku in SKUS])
    other, worker = Shop(Database(url)), Worker(still)
    due_at = MONDAY + timedelta(days=5)
    receipt_lines = [inbound(still, sku, "york", 60, due_at) for sku in SKUS]
    numbers = []
    for _ in range(40):
        [newest] = shop.rows("SELECT coalesce(max(movement_id), 0) FROM inventory.movement")
        older = open_claims(shop)
        kind = chance.randrange(6)
        if kind < 3:  # each process sees only its own doings until it looks
            answers = chance.choice([shop, other]).place(waiting(chance), waiting(chance))
            numbers += [one.number for one in answers if one.outcome == "placed"]
        elif kind == 3 and numbers:
            wish = Cancellation(chance.choice(numbers), "changed_mind")
            committed(still, lambda tx, wish=wish: cancel(tx, [wish], MONDAY))
        elif kind == 4:
            worker.settle()
        else:
            committed(still, arrival(chance, receipt_lines, None))
        still_open = [older[claim] for claim in older.keys() & open_claims(shop).keys()]
        wanted = {
            (claim[2], node)
            for claim in older.keys() & open_claims(shop).keys()
            for node in older[claim] or [one.node_id for one in NODES]
        }

        assert taken_by_new(shop, newest[0]) & wanted == set(), still_open
        assert free_units(shop).keys() & wanted == set()
        assert left_to_serve(still, MONDAY) == []
    worker.settle()
    other.database.close()
