"""Orders advance under their lock; the database refuses what the table does not allow."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oneshelf.base.errors import ValueRefusedError
from oneshelf.orders.lifecycle import STATUSES, TRANSITIONS, order_status
from oneshelf.orders.progress.actions import advance, find_drift, lock_orders, read_orders
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


def test_an_order_stands_where_its_least_advanced_units_stand(database, now, order_id):
    with database.transaction("test", "release") as tx:
        orders = lock_orders(tx, [order_id])
        [quantity] = orders[order_id].quantities
        orders = advance(tx, orders, [quantity.to("released", units=2)], now)
        statuses = tx.scalars("SELECT status FROM orders.sales_order")
        [sourced] = orders[order_id].standing_in({"sourced"})
        advance(tx, orders, [sourced.to("released")], now)
        statuses += tx.scalars("SELECT status FROM orders.sales_order")

        assert statuses == ["open", "in_work"]
        assert find_drift(tx) == []


def test_a_status_or_units_that_do_not_follow_from_the_quantities_are_found(database, order_id):
    with database.transaction("test", "cheat") as tx:
        tx.run("UPDATE orders.sales_order SET status = 'done'")
        tx.run("UPDATE orders.quantity SET units = 4")

        assert find_drift(tx) == [
            f"order {order_id}: 4, not 5",
            f"order {order_id}: done, not open",
        ]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(st.sets(st.sampled_from([status for status in STATUSES if status != "new"]), min_size=1))
def test_the_audit_knows_the_same_status_as_the_lifecycle(database, now, statuses):
    with database.transaction("test", "status") as tx:
        number = make_order(tx, now, [(LAMP, 1, "unsourced", None) for _ in statuses])
        for line_no, status in enumerate(statuses, 1):
            tx.run(
                "UPDATE orders.quantity SET was = %(was)s, status = %(status)s FROM orders.line"
                " WHERE line.line_id = quantity.line_id AND line.order_id = %(number)s"
                "   AND line_no = %(line_no)s",
                was=next(was for was, targets in TRANSITIONS.items() if status in targets),
                status=status,
                number=number,
                line_no=line_no,
            )
        tx.run(
            "UPDATE orders.sales_order SET status = %(due)s WHERE order_id = %(number)s",
            due=order_status(dict.fromkeys(statuses, 1)),
            number=number,
        )

        assert find_drift(tx) == []
