"""Units of one SKU free those of another: a kit's parts, a whole order's lines."""

from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager, nullcontext
from datetime import timedelta

import pytest

from oneshelf.base.errors import ContendedError
from oneshelf.base.identifiers import LineId, NodeId, OrderId, Sku, new_id
from oneshelf.catalog.products import KitPart
from oneshelf.inventory.claims.actions import (
    Withdrawn,
    lock_for_serving,
    lock_for_waiting,
    open_claims,
    serve_claims,
    withdraw_claims,
)
from oneshelf.inventory.claims.serving import ClaimWish
from oneshelf.inventory.counting.actions import adjust
from oneshelf.inventory.counting.saying import Adjusted
from oneshelf.inventory.ledger import Movement, StockPoint
from oneshelf.inventory.lines.actions import cancel_lines
from oneshelf.inventory.receipts.actions import expect
from oneshelf.inventory.receipts.arriving import Expected, ExpectedLine
from oneshelf.inventory.shelf.actions import lock_points, move

LAMP, RUG, SET = Sku("LAMP"), Sku("RUG"), Sku("SET")
LAMPS, RUGS = StockPoint(LAMP, NodeId("a")), StockPoint(RUG, NodeId("a"))
RUGS_ELSEWHERE = StockPoint(RUG, NodeId("b"))
ALL = (LAMPS, RUGS, RUGS_ELSEWHERE)
LINE, OTHER_LINE, ORDER = LineId(1), LineId(2), OrderId(1)


def wait_for_a_kit(tx, now):
    parts = (KitPart(LAMP, 1), KitPart(RUG, 2))
    lock_points(tx, ALL, now)
    open_claims(tx, [ClaimWish(LINE, ORDER, SET, parts, 1)], now)


def wait_for_a_whole_order(tx, now):
    lines = ((LINE, LAMP), (OTHER_LINE, RUG))
    lock_points(tx, ALL, now)
    open_claims(
        tx,
        [
            ClaimWish(line, ORDER, sku, (KitPart(sku, 1),), 1, serving="together")
            for line, sku in lines
        ],
        now,
    )


def bring(tx, point, units, now):
    adjust(tx, [Adjusted(new_id(), point, units, "found")], now)


def standing(tx):
    """Return what is free and what is promised to orders: (SKU, node): (available, committed)."""
    rows = tx.tuples("SELECT sku, node, available, committed FROM inventory.point")
    return {(sku, node): figures for sku, node, *figures in rows if any(figures)}


def promised(tx):
    """Return how many units to come each line is promised."""
    rows = tx.tuples("SELECT line_id, units FROM inventory.commitment WHERE state = 'promised'")
    return dict(rows)


@pytest.mark.parametrize(
    ("wait", "rugs", "needed"),
    [(wait_for_a_kit, RUGS, 2), (wait_for_a_whole_order, RUGS_ELSEWHERE, 1)],
)
def test_the_last_to_come_gives_a_kit_or_a_whole_order_what_stood_there(
    database, now, wait, rugs, needed
):
    with database.transaction("test", "queues") as tx:
        wait(tx, now)
        bring(tx, rugs, 3, now)
        before = standing(tx)
        bring(tx, LAMPS, 1, now)

        assert before == {(RUG, rugs.node): [3, 0]}
        assert standing(tx) == {(RUG, rugs.node): [3 - needed, needed], (LAMP, "a"): [0, 1]}


def test_who_brings_the_other_part_at_the_same_time_waits_and_then_gives_both(database, now):
    def bring_the_lamp():
        with database.transaction("test", "lamp") as tx:
            bring(tx, LAMPS, 1, now)

    with database.transaction("test", "opening") as tx:
        wait_for_a_kit(tx, now)
    with ThreadPoolExecutor(1) as pool:
        with database.transaction("test", "rugs") as tx:
            bring(tx, RUGS, 2, now)
            bringing = pool.submit(bring_the_lamp)
            wait([bringing], 0.3)
        bringing.result()
    with database.transaction("test", "look") as tx:
        assert standing(tx) == {(LAMP, "a"): [0, 1], (RUG, "a"): [0, 2]}


def test_who_may_still_lock_more_points_holds_no_queue_that_their_holder_waits_for(database, now):
    with database.transaction("test", "opening") as tx:
        wait_for_a_kit(tx, now)
    with database.transaction("test", "placing") as tx:
        lock_for_waiting(tx, {LAMPS}, {LAMP}, now)
        with database.transaction("test", "rugs") as other:
            bring(other, RUGS, 2, now)
        more = lock_points(tx, {RUGS}, now)

    assert more[RUGS].available == 2


@contextmanager
def locked_by_another(database, now):
    with database.transaction("test", "another") as another:
        lock_points(another, {RUGS}, now)
        yield


def come(tx, point_id, units, now):
    move(tx, [Movement(point_id, "outside", "available", units, "found")], now)


def bring_a_lamp_while_rugs_come(database, now, then):
    """Lock the lamps' shelf, let rugs come in another transaction, and only then serve.

    As rugs do that came after the free shelves were looked up, and before the queue was locked.
    """
    with database.transaction("test", "opening") as tx:
        wait_for_a_kit(tx, now)
    with database.transaction("test", "lamp") as tx:
        locked = lock_for_serving(tx, {LAMPS}, now)
        with database.transaction("test", "rugs") as other:
            come(other, lock_points(other, {RUGS}, now)[RUGS].point_id, 2, now)
        come(tx, locked[LAMPS].point_id, 1, now)
        with then:
            return serve_claims(tx, locked, now)


def test_what_became_free_meanwhile_is_given_too(database, now):
    served = bring_a_lamp_while_rugs_come(database, now, nullcontext())

    assert [(one.node, one.units) for one in served] == [("a", 1)]


def test_what_became_free_meanwhile_and_is_locked_by_another_asks_for_a_repeat(database, now):
    with pytest.raises(ContendedError) as refusal:
        bring_a_lamp_while_rugs_come(database, now, locked_by_another(database, now))

    assert refusal.value.sqlstate == "40001"  # at once: who waited here would be told 55P03


def withdraw(tx, line, now):
    withdraw_claims(tx, [Withdrawn(line)], now)


def cancel(tx, line, now):
    cancel_lines(tx, [line], now)


@pytest.mark.parametrize("leave", [withdraw, cancel])
def test_what_held_a_whole_order_up_leaves_and_the_rest_is_served(database, now, leave):
    with database.transaction("test", "queues") as tx:
        wait_for_a_whole_order(tx, now)
        bring(tx, RUGS, 1, now)
        leave(tx, LINE, now)

        assert standing(tx) == {(RUG, "a"): [0, 1]}


def test_the_delivery_that_a_served_kit_no_longer_needs_is_promised_to_the_next(database, now):
    with database.transaction("test", "queues") as tx:
        wait_for_a_kit(tx, now)
        here = frozenset({RUGS_ELSEWHERE.node})
        open_claims(tx, [ClaimWish(OTHER_LINE, OrderId(2), RUG, (KitPart(RUG, 1),), 3, here)], now)
        due = ExpectedLine(1, RUG, RUGS_ELSEWHERE.node, now + timedelta(days=3), 3)
        expect(tx, [Expected("delivery", (due,))], now)
        before = promised(tx)
        bring(tx, RUGS, 2, now)
        bring(tx, LAMPS, 1, now)

        assert before == {LINE: 2, OTHER_LINE: 1}
        assert promised(tx) == {OTHER_LINE: 3}
