"""Orders advance under their lock; the database refuses what the table does not allow."""

import pytest

from oneshelf.base.errors import ValueRefusedError
from oneshelf.orders.progress.actions import advance, lock_orders, read_orders
from oneshelf.orders.progress.quantities import IllegalTransitionError
from orders_made import BERLIN, LAMP, make_order, standing, stock


@pytest.fixture
def order_id(database, now):
    with database.transaction("test", "setup") as tx:
        stock(tx, now)
        return make_order(tx, now, [(LAMP, 5, "sourced", BERLIN)])


def test_a_part_of_a_line_advances_alone_and_is_logged(database, now, order_id):
    with database.transaction("test", "release") as tx:
        orders = lock_orders(tx, [order_id])
        [quantity] = orders[order_id].quantities
        after = advance(tx, orders, [quantity.to("released", "why", 2)], now)
        logged = tx.tuples("SELECT units, was, status, reason, by, because FROM orders.progress")

        assert standing(tx, order_id) == {(1, "sourced"): 3, (1, "released"): 2}
        assert after[order_id].quantities == read_orders(tx, [order_id])[order_id].quantities
        assert logged == [(2, "sourced", "released", "why", "test", "release")]


def test_every_advance_raises_the_version(database, now, order_id):
    with database.transaction("test", "release") as tx:
        orders = lock_orders(tx, [order_id])
        [quantity] = orders[order_id].quantities
        advance(tx, orders, [quantity.to("released")], now)

        assert lock_orders(tx, [order_id])[order_id].head.version == 2


def test_an_illegal_transition_changes_nothing(database, now, order_id):
    with database.transaction("test", "release") as tx:
        orders = lock_orders(tx, [order_id])
        [quantity] = orders[order_id].quantities
        with pytest.raises(IllegalTransitionError, match="cannot become shipped"):
            advance(tx, orders, [quantity.to("shipped")], now)

        assert standing(tx, order_id) == {(1, "sourced"): 5}


def test_the_database_itself_refuses_an_illegal_transition(database, order_id):
    with database.transaction("test", "cheat") as tx:
        with pytest.raises(ValueRefusedError), tx.savepoint():
            tx.run("UPDATE orders.quantity SET was = status, status = 'shipped'")

        assert standing(tx, order_id) == {(1, "sourced"): 5}
