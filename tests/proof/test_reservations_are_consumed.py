"""An order that names a reservation gets exactly its units, and nobody gets them twice."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import httpx
import pytest
from crowds import crowd, servers

from oneshelf.base.identifiers import ChannelId, NodeId, PublicId, Sku, new_id
from oneshelf.inventory.ledger import StockPoint
from oneshelf.inventory.reservations.actions import reserve
from oneshelf.inventory.reservations.holding import Hold, HoldLine
from shop import MONDAY, Shop, order, stock


def hold(shop, *units, minutes=15):
    """Hold units for a cart. units: (sku, node, units)."""
    lines = tuple(
        HoldLine(number, StockPoint(Sku(sku), NodeId(node)), count)
        for number, (sku, node, count) in enumerate(units, 1)
    )
    cart = Hold(PublicId(new_id()), ChannelId("web"), lines, MONDAY + timedelta(minutes=minutes))
    with shop.database.transaction("test", "hold") as tx:
        reserve(tx, [cart], MONDAY)
    shop.refresh()
    return cart.public_id


def shelf(shop, sku="LAMP", node="leeds"):
    [figures] = shop.rows(
        "SELECT available, reserved, committed FROM inventory.point"
        " WHERE sku = %(sku)s AND node = %(node)s",
        sku=sku,
        node=node,
    )
    return figures


@pytest.fixture
def shop(still):
    return Shop.opened(still, [("LAMP", "leeds", 3), ("LAMP", "london", 9), ("RUG", "york", 2)])


def test_a_reservation_is_consumed_to_the_unit_where_it_stands(shop):
    cart = hold(shop, ("LAMP", "london", 2), ("RUG", "york", 2))
    [answer] = shop.place(order(("LAMP", 2), ("RUG", 2), reservation=cart))

    assert (answer.outcome, answer.reservation) == ("placed", "consumed")
    assert shelf(shop, "LAMP", "london") == (7, 0, 2)
    assert shelf(shop, "RUG", "york") == (0, 0, 2)
    assert shelf(shop) == (3, 0, 0)


@pytest.mark.parametrize("swept", [False, True])
def test_a_lapsed_reservation_is_planned_anew_and_the_answer_says_so(shop, swept):
    cart = hold(shop, ("LAMP", "london", 9))
    shop.now += timedelta(minutes=15)
    if swept:
        shop.place(order(("LAMP", 1), node=NodeId("london")))
    [answer] = shop.place(order(("LAMP", 2), reservation=cart))

    assert (answer.outcome, answer.reservation) == ("placed", "lapsed")
    assert shelf(shop) == (1, 0, 2)


def test_of_two_orders_in_a_batch_that_name_one_reservation_one_consumes_it(shop):
    cart = hold(shop, ("LAMP", "london", 2))
    first, second = shop.place(*[order(("LAMP", 2), reservation=cart) for _ in range(2)])

    assert (first.outcome, first.reservation) == ("placed", "consumed")
    assert (second.outcome, second.reservation) == ("placed", "lapsed")
    assert shelf(shop, "LAMP", "london") == (7, 0, 2)
    assert shelf(shop) == (1, 0, 2)


def test_of_many_orders_at_two_servers_that_name_one_reservation_one_consumes_it(
    url, shop, headers
):
    cart = hold(shop, ("LAMP", "london", 9), ("LAMP", "leeds", 3))
    wishes = [order(("LAMP", 9), ("LAMP", 3), reservation=cart) for _ in range(40)]
    with servers(url) as running:
        answers = crowd([one.address for one in running], headers, wishes)

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 39
    [placed] = [answer.json() for answer in answers if answer.status_code == 201]
    assert placed["reservation"] == "consumed"
    assert {answer.json().get("reason") for answer in answers} == {None, "out_of_stock"}


@pytest.mark.parametrize("channel", ["web", "market"])
@pytest.mark.parametrize("wanted", [1, 3, 5])
def test_an_order_for_other_units_than_its_reservation_leaves_none_behind(shop, channel, wanted):
    cart = hold(shop, ("LAMP", "london", 3))
    [answer] = shop.place(order(("LAMP", wanted), reservation=cart, channel=channel))
    held = shop.rows("SELECT coalesce(sum(units), 0) FROM inventory.reserved_unit")
    stood = shop.rows("SELECT sum(reserved) FROM inventory.point")
    waits = shop.rows("SELECT count(*) FROM inventory.claim")

    assert (held, waits) == (stood, [(0,)])
    if wanted == 3:
        assert (answer.outcome, answer.reservation) == ("placed", "consumed")
    elif channel == "web":
        assert (answer.outcome, answer.reason) == ("refused", "reservation_mismatch")
    else:
        assert (answer.outcome, answer.reservation) == ("placed", "mismatched")
        assert len(answer.parcels) == 1


def test_a_kit_consumes_the_parts_that_its_reservation_holds(shop):
    stock(shop.database, ("VASE", "london", 4))
    cart = hold(shop, ("LAMP", "london", 4), ("VASE", "london", 2))
    [answer] = shop.place(order(("SET", 2), reservation=cart))

    assert (answer.outcome, answer.reservation) == ("placed", "consumed")
    assert shelf(shop, "LAMP", "london") == (5, 0, 4)
    assert shelf(shop, "VASE", "london") == (2, 0, 2)


def test_an_order_and_the_customer_who_gives_the_cart_back_never_both_win(url, shop, headers):
    carts = [hold(shop, ("LAMP", "london", 1)) for _ in range(8)]

    def give_back(address, cart):
        with httpx.Client(base_url=address, headers=headers) as client:
            more = {"Idempotency-Key": str(cart)}
            path = f"/api/v1/reservations/{cart}/release"
            return client.post(path, json={}, headers=more).json().get("outcome")

    with servers(url, 1) as [one], ThreadPoolExecutor(8) as pool:
        back = [pool.submit(give_back, one.address, cart) for cart in carts]
        wishes = [order(("LAMP", 1), reservation=cart, node=NodeId("london")) for cart in carts]
        placed = [answer.json() for answer in crowd([one.address], headers, wishes)]
        given = [future.result() for future in back]

    assert all(answer["outcome"] == "placed" for answer in placed)
    for told, answer in zip(given, placed, strict=True):
        assert answer["reservation"] == ("lapsed" if told == "released" else "consumed")
