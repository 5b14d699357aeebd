"""An order is promised, sourced, reserved and written in one transaction, or not at all."""

from datetime import timedelta

import pytest

from oneshelf.base.identifiers import NodeId, new_id
from oneshelf.inventory.auditing.actions import audit
from oneshelf.inventory.receipts.actions import receive
from oneshelf.inventory.receipts.arriving import Received
from shop import MONDAY, Shop, inbound, order


@pytest.fixture
def shop(database):
    shop = Shop.opened(database, [("LAMP", "leeds", 3), ("LAMP", "london", 5), ("VASE", "york", 2)])
    yield shop
    with database.transaction("test", "audit") as tx:
        differences = audit(tx)

    assert differences == []


def test_an_order_takes_its_units_from_the_cheapest_place(shop):
    [answer] = shop.place(order(("LAMP", 2)))

    assert answer.outcome == "placed"
    assert [(p.node, p.lines[0].units) for p in answer.parcels] == [("leeds", 2)]
    assert shop.rows("SELECT available, committed FROM inventory.point WHERE node = 'leeds'") == [
        (1, 2)
    ]


def test_a_line_is_split_when_no_place_has_enough(shop):
    [answer] = shop.place(order(("LAMP", 8)))

    assert sorted((p.node, p.lines[0].units) for p in answer.parcels) == [
        ("leeds", 3),
        ("london", 5),
    ]


def test_nobody_gets_what_is_gone(shop):
    answers = shop.place(*[order(("LAMP", 3)) for _ in range(4)])

    assert [answer.outcome for answer in answers] == ["placed", "placed", "refused", "refused"]
    assert answers[3].reason == "out_of_stock"


def test_a_refusal_leaves_nothing_behind(shop):
    shop.place(order(("LAMP", 9), key="too-much"))

    assert shop.rows("SELECT count(*) FROM orders.sales_order") == [(0,)]
    assert shop.rows("SELECT count(*) FROM base.repeat_key") == [(0,)]


def test_the_same_key_and_body_places_one_order(shop):
    wish = order(("LAMP", 1), key="twice")

    [first] = shop.place(wish)
    again, double = shop.place(wish, wish)

    assert again.outcome == double.outcome == "repeated"
    assert again.answer == double.answer == first
    assert shop.rows("SELECT count(*) FROM orders.sales_order") == [(1,)]


def test_the_same_key_twice_in_a_batch_places_one_order(shop):
    wish = order(("LAMP", 1), key="twice")

    first, second, other = shop.place(wish, wish, order(("LAMP", 2), key="twice"))

    assert first.outcome == "placed"
    assert second.answer == first
    assert other.code == "key_reused"


def test_behind_another_body_a_repeat_still_hears_the_answer_of_its_key(shop):
    wish = order(("LAMP", 1), key="twice")
    [placed] = shop.place(wish)
    other, again = shop.place(order(("LAMP", 2), key="twice"), wish)

    assert other.code == "key_reused"
    assert again.answer == placed


def test_behind_a_refused_order_another_body_of_its_key_is_decided_in_its_turn(shop):
    greedy, modest = order(("LAMP", 99), key="twice"), order(("LAMP", 1), key="twice")
    first = shop.place_once([greedy, modest])
    [second] = shop.place_once([modest])

    assert [answer.outcome for answer in first] == ["refused", "undecided"]
    assert second.outcome == "placed"


def test_a_sold_order_is_written_without_stock(shop):
    [answer] = shop.place(order(("LAMP", 9), channel="market"))

    assert answer.outcome == "placed"
    assert answer.promised_on is None
    assert sum(line.units for line in answer.waiting) == 1
    statuses = shop.rows("SELECT status, sum(units) FROM orders.quantity GROUP BY 1 ORDER BY 1")
    assert statuses == [("sourced", 8), ("unsourced", 1)]


def test_a_till_sale_takes_its_unit_at_once_even_when_the_shelf_shows_none(shop):
    [sold, found] = shop.place(
        order(("LAMP", 1), channel="till", method="carried", node=NodeId("leeds")),
        order(("LAMP", 1), channel="till", method="carried", node=NodeId("york")),
    )

    assert sold.outcome == found.outcome == "placed"
    assert shop.rows("SELECT available FROM inventory.point WHERE node='leeds'") == [(2,)]
    assert shop.rows("SELECT count(*) FROM base.fact WHERE name = 'UnitsFoundAtTill'") == [(1,)]


def test_a_kit_is_sent_whole_from_one_place(shop):
    [refused] = shop.place(order(("SET", 1)))

    assert refused.outcome == "refused"


def test_a_pickup_is_kept_at_its_store(shop):
    [answer] = shop.place(order(("LAMP", 1), method="pickup", node=NodeId("london")))

    assert [(p.node, p.service) for p in answer.parcels] == [("london", None)]


def test_an_order_that_names_its_only_node_is_honoured_or_refused(shop):
    [honoured, refused] = shop.place(
        order(("LAMP", 1), node=NodeId("london")), order(("LAMP", 1), node=NodeId("york"))
    )

    assert [p.node for p in honoured.parcels] == ["london"]
    assert refused.outcome == "refused"


@pytest.mark.parametrize(
    "wrong",
    [
        order(("GHOST", 1)),
        order(("LAMP", 1), channel="nowhere"),
        order(("LAMP", 1), method="pickup", node=NodeId("atlantis")),
        order(("LAMP", 1), place=None),
        order(("LAMP", 1), method="carried"),
    ],
    ids=["unknown SKU", "unknown channel", "unknown node", "no place", "no till"],
)
def test_what_cannot_be_read_is_refused_clearly(shop, wrong):
    [answer] = shop.place_once([wrong])

    assert answer.code == "bad_value"
    assert "cannot be read" in str(answer)


def test_a_delivery_that_was_just_called_off_is_promised_to_nobody(database):
    Shop.opened(database)
    line = inbound(database, "LAMP", "york", 2, MONDAY + timedelta(days=5))
    shop = Shop(database)
    with database.transaction("test", "dock") as tx:  # the shop has not heard of it
        receive(tx, [Received(new_id(), line, 0, rest="will_not_come")], MONDAY)
    [answer] = shop.place_once([order(("LAMP", 1), backorder="accepted")], "before_planning")

    assert answer.outcome == "refused"


def test_contested_orders_are_decided_together_on_what_stands_there_now(database):
    shop = Shop.opened(database, [("LAMP", "leeds", 2), ("RUG", "york", 2), ("VASE", "london", 2)])
    other = Shop(database)
    other.place_once([order(("LAMP", 2)), order(("RUG", 1))])  # the shop has not heard of it
    wanted = [order(("LAMP", 1)), order(("RUG", 1)), order(("RUG", 1)), order(("VASE", 2))]
    answers = shop.place_once(wanted, "before_planning")

    assert [answer.outcome for answer in answers] == ["refused", "placed", "refused", "placed"]
