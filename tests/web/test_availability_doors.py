"""What channels may sell: one stock, a view for each, and a feed of what changed."""

import time
from dataclasses import replace

import pytest

from oneshelf.base.policies import decide_policy
from oneshelf.catalog.actions import put_nodes, put_toggles
from oneshelf.catalog.nodes import Toggle
from oneshelf.inventory.buffers import BufferPolicy, BufferRule
from oneshelf.web.application import furnish
from shop import MONDAY, NODES, Shop, stock

PATH = "/api/v1/availability"


@pytest.fixture
def shop(database):
    return Shop.opened(database, [("LAMP", "leeds", 5), ("LAMP", "york", 4), ("VASE", "leeds", 1)])


@pytest.fixture
def house(shop):
    return furnish(shop.database)


def write(shop, verb, *what):
    with shop.database.transaction("test", "write") as tx:
        verb(tx, *what, MONDAY)


def units(admin, channel="web", method="ship", sku="LAMP"):
    return admin.get(
        f"{PATH}/products/{sku}", params={"channel": channel, "method": method}
    ).json()["units"]


def within_a_second(look, expected):
    until = time.monotonic() + 1
    while (found := look()) != expected and time.monotonic() < until:
        time.sleep(0.01)
    return found


def changes(admin, after, channel="web"):
    page = admin.get(f"{PATH}/changes", params={"channel": channel, "after": after}).json()
    return {one["sku"]: one["units"] for one in page["items"]}, page


def test_many_item_nodes_are_looked_up_in_one_call(admin, shop):
    places = [("LAMP", "leeds"), ("LAMP", "london"), ("SET", "leeds"), ("LAMP", "x"), ("y", "york")]
    body = {"channel": "web", "places": [{"sku": s, "node": n} for s, n in places]}

    def look():
        return admin.post(f"{PATH}/lookup", json=body).json()

    before = look()["facts_read_to"]
    stock(shop.database, ("LAMP", "london", 2))

    assert look()["units"][0] == 5
    assert within_a_second(lambda: look()["units"], [5, 2, 1, None, None])[1] == 2
    assert within_a_second(lambda: look()["facts_read_to"] > before, expected=True)


def test_a_product_is_told_node_by_node_with_what_is_to_come(admin):
    told = admin.get(f"{PATH}/products/SET", params={"channel": "web"}).json()

    assert (told["units"], told["nodes"]) == (1, [{"node": "leeds", "units": 1}])
    assert told["to_come"] == []


def test_each_view_changes_within_a_second_and_no_other(admin, shop):
    everywhere = BufferRule("channel", 6, channel="market")
    write(shop, decide_policy_named("buffers"), BufferPolicy((everywhere,)))
    write(shop, put_toggles, [Toggle("york", "LAMP", frozenset({"pickup"}))])

    assert within_a_second(lambda: units(admin, "market"), 3) == 3
    assert within_a_second(lambda: units(admin), 5) == 5
    assert units(admin, method="pickup") == 9


def decide_policy_named(name):
    return lambda tx, policy, now: decide_policy(tx, name, policy, now)


def test_a_closed_node_shows_nothing_and_the_feed_says_start_over(admin, shop):
    first = admin.get(PATH, params={"channel": "web"}).json()
    write(shop, put_nodes, [replace(NODES[0], parcels_per_day_max=0)])

    def feed():
        return "over" if changes(admin, first["changes_after"])[1]["start_over"] else "on"

    assert within_a_second(lambda: units(admin), 4) == 4
    assert within_a_second(feed, "over") == "over"


def test_a_list_and_its_changes_are_the_stock_of_now(admin, shop):
    first = admin.get(PATH, params={"channel": "web", "limit": 3}).json()
    rest = admin.get(PATH, params={"channel": "web", "cursor": first["next_cursor"]}).json()
    listed = {one["sku"]: one["units"] for one in first["items"] + rest["items"]}
    place = first["changes_after"]
    stock(shop.database, ("VASE", "leeds", 7))

    def feed():
        nonlocal place, listed
        changed, page = changes(admin, place)
        place = page["next_after"]
        listed = listed | changed
        return listed

    assert listed == {"LAMP": 9, "RUG": 0, "SET": 1, "VASE": 1}
    assert rest["next_cursor"] is None
    assert within_a_second(feed, {"LAMP": 9, "RUG": 0, "SET": 2, "VASE": 8}) == listed
    assert listed["VASE"] == 8
    assert changes(admin, place)[0] == {}


def test_an_unknown_channel_and_an_unknown_product_are_refused(admin):
    nobody = admin.get(f"{PATH}/products/LAMP", params={"channel": "x"})
    nothing = admin.get(f"{PATH}/products/x", params={"channel": "web"})

    assert (nobody.status_code, nobody.json()["code"]) == (422, "bad_value")
    assert (nothing.status_code, nothing.json()["code"]) == (404, "not_found")
