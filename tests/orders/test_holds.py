"""A held order is not released by any path; the others go when their grace period is over."""

from datetime import timedelta

import pytest

from oneshelf.orders.changes.actions import Hold, hold, lift, release_due
from orders_made import BERLIN, LAMP, RUG, facts, make_order, standing, stock


@pytest.fixture
def order_id(database, now):
    with database.transaction("test", "setup") as tx:
        stock(tx, now)
        return make_order(tx, now, [(LAMP, 5, "sourced", BERLIN)])


def test_an_order_is_released_once_when_its_grace_period_is_over(database, now):
    with database.transaction("test", "setup") as tx:
        stock(tx, now)
        later = now + timedelta(minutes=30)
        order_id = make_order(tx, now, [(LAMP, 5, "sourced", BERLIN)], grace_until=later)
        before = release_due(tx, now)
        done = release_due(tx, later)
        again = release_due(tx, later)

        assert (before, done, again) == (0, 1, 0)
        assert standing(tx, order_id) == {(1, "released"): 5}
        assert facts(tx) == ["OrderReleased"]


def test_every_hold_must_be_lifted_before_a_release(database, now, order_id):
    with database.transaction("test", "hold") as tx:
        hold(tx, [Hold(order_id, "fraud"), Hold(order_id, "address")], now)
        lift(tx, [Hold(order_id, "fraud")], now)
        one_left = release_due(tx, now)
        lift(tx, [Hold(order_id, "address")], now)
        none_left = release_due(tx, now)

        assert (one_left, none_left) == (0, 1)
        assert standing(tx, order_id) == {(1, "released"): 5}


def test_holding_and_lifting_twice_is_once(database, now, order_id):
    fraud = Hold(order_id, "fraud")
    with database.transaction("test", "hold") as tx:
        placed = [hold(tx, [fraud, fraud], now), hold(tx, [fraud], now)]
        lifted = [lift(tx, [fraud, fraud], now), lift(tx, [fraud], now)]

        assert (placed, lifted) == ([[fraud], []], [[fraud], []])
        assert facts(tx) == ["OrderHeld", "OrderHoldLifted"]


def test_a_hold_calls_back_what_its_node_has_not_picked(database, now, order_id):
    with database.transaction("test", "hold") as tx:
        release_due(tx, now)
        hold(tx, [Hold(order_id, "fraud")], now)

        assert standing(tx, order_id) == {(1, "sourced"): 5}
        assert facts(tx) == ["OrderReleased", "OrderHeld", "PickRecalled"]
        assert release_due(tx, now) == 0


@pytest.mark.parametrize(("splitting", "sent"), [("allowed", 1), ("together", 0)])
def test_what_must_not_be_split_waits_for_all_of_it(database, now, splitting, sent):
    lines = [(LAMP, 1, "sourced", BERLIN), (RUG, 1, "unsourced", None)]
    with database.transaction("test", "release") as tx:
        stock(tx, now)
        order_id = make_order(tx, now, lines, splitting=splitting)
        release_due(tx, now)

        assert standing(tx, order_id).get((1, "released"), 0) == sent


def test_a_parcel_waits_until_all_that_goes_into_it_is_there(database, now):
    lines = [(LAMP, 1, "sourced", BERLIN), (RUG, 1, "backordered", BERLIN)]
    with database.transaction("test", "release") as tx:
        stock(tx, now)
        order_id = make_order(tx, now, lines)
        release_due(tx, now)

        assert standing(tx, order_id) == {(1, "sourced"): 1, (2, "backordered"): 1}
