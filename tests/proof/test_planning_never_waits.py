"""Whoever waits for a lock lets others plan; what they learn meanwhile is news to him too."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from oneshelf.base.identifiers import NodeId, Sku, new_id
from oneshelf.catalog.actions import put_nodes
from oneshelf.inventory.counting.actions import adjust
from oneshelf.inventory.counting.saying import Adjusted
from oneshelf.inventory.ledger import StockPoint
from oneshelf.inventory.levels.actions import read_levels
from oneshelf.inventory.shelf.actions import lock_points
from oneshelf.orders.capture.actions import place
from oneshelf.orders.capture.asked import Asked
from shop import MONDAY, Shop, node, order

LAMPS, RUGS = (StockPoint(Sku(sku), NodeId("leeds")) for sku in ("LAMP", "RUG"))


def waits_for_a_lock(database):
    with database.transaction("test", "look") as tx:
        return tx.scalars(
            "SELECT pid FROM pg_stat_activity"
            " WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )


def place_while_locked(shop, wishes, meanwhile):
    """Place orders that need a shelf somebody has locked; he does something and lets go."""
    asked = [Asked(wish, b"") for wish in wishes]

    def placing():
        with shop.database.transaction("test", "place") as tx:
            return place(tx, asked, shop.outlook, MONDAY)

    with ThreadPoolExecutor(1) as pool:
        with shop.database.transaction("test", "holder") as tx:
            lock_points(tx, [LAMPS], MONDAY)
            answers = pool.submit(placing)
            until = time.monotonic() + 10
            while not waits_for_a_lock(shop.database) and time.monotonic() < until:
                time.sleep(0.01)  # nobody is told when a statement begins to wait; it soon does
            meanwhile(tx)
        return [answer.outcome for answer in answers.result()]


def coming(shop, point, units):
    """Bring units, of which this process learns before they are committed."""

    def come(tx):
        adjust(tx, [Adjusted(new_id(), point, units, "found")] if units else [], MONDAY)
        known = shop.outlook.coming([point.sku])
        shop.outlook.learn_stock(read_levels(tx, [point.sku], known))

    return come


def test_who_has_the_lock_may_plan_while_another_waits_for_it(still):
    shop = Shop.opened(still, [("LAMP", "leeds", 1)])

    def plan_too(_):
        with shop.outlook.planning(MONDAY):
            shop.outlook.take([(LAMPS, 1)], ())

    assert place_while_locked(shop, [order(("LAMP", 1))], plan_too) == ["placed"]


def test_an_order_that_would_wait_for_what_was_learned_meanwhile_is_planned_anew(still):
    shop = Shop.opened(still)
    wish = order(("LAMP", 1), channel="market")

    assert place_while_locked(shop, [wish], coming(shop, LAMPS, 1)) == ["undecided"]


@pytest.mark.parametrize(("units", "outcome"), [(0, "refused"), (1, "undecided")])
def test_an_order_is_refused_only_where_nothing_was_learned_meanwhile(still, units, outcome):
    shop = Shop.opened(still, [("RUG", "leeds", 9), ("LAMP", "leeds", 1)])
    wishes = [order(("LAMP", 1)), order(("RUG", 10))]

    assert place_while_locked(shop, wishes, coming(shop, RUGS, units)) == ["placed", outcome]


def test_an_order_begins_to_wait_as_planned_where_a_node_opened_meanwhile(still):
    shop = Shop.opened(still)

    def a_node_opens(_):
        with still.transaction("test", "open") as tx:
            put_nodes(tx, [node("hull")], MONDAY)
        shop.refresh()  # the safe id needs two looks
        shop.refresh()

    wish = order(("LAMP", 1), channel="market")

    assert place_while_locked(shop, [wish], a_node_opens) == ["placed"]
    assert "hull" in shop.outlook.world.node_index
    assert shop.rows("SELECT 'hull' = ANY(nodes) FROM inventory.claim") == [(False,)]
