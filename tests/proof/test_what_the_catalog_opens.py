"""Older claims first, also when the catalog lets a shelf do more: a toggle, a node, a category."""

import random
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import replace
from itertools import count
from multiprocessing import get_context

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from test_backorders_meet_receipts import committed, through

from oneshelf.base.database import Database
from oneshelf.base.identifiers import CalendarId, NodeId, Sku, new_id
from oneshelf.catalog.actions import put_products
from oneshelf.catalog.nodes import METHODS, Toggle
from oneshelf.catalog.products import KitPart
from oneshelf.catalog.sheets.reading import GoodRow
from oneshelf.inventory.assortment.actions import import_rows, put_toggles
from oneshelf.inventory.buffers import BufferPolicy, BufferRule
from oneshelf.inventory.claims.actions import decide_buffers, find_stranded, serve_waiting
from oneshelf.inventory.counting.actions import adjust
from oneshelf.inventory.counting.saying import Adjusted
from oneshelf.inventory.ledger import StockPoint
from oneshelf.orders.capture.actions import place
from oneshelf.orders.capture.asked import Asked
from shop import MONDAY, NODES, Shop, order, product, stock

LEEDS, YORK = NodeId("leeds"), NodeId("york")
NUMBERS = count()
SOME_METHODS = [frozenset(), frozenset({"ship"}), frozenset({"pickup"}), METHODS]


def toggle(shop, sku, node, methods):
    toggles = [Toggle(NodeId(node), Sku(sku), frozenset(methods))]
    committed(shop.database, lambda tx: put_toggles(tx, toggles, MONDAY))
    shop.refresh()


def waits(*lines, **other):
    return order(*lines, backorder="accepted", channel="market", **other)


def import_one(database, kind, entry):
    done = committed(database, lambda tx: import_rows(tx, kind, [GoodRow(2, entry)], MONDAY))

    assert done.changed == 1


def standing(shop, sku="LAMP"):
    """Return the free and the bound units of a SKU."""
    [units] = shop.rows(
        "SELECT sum(available), sum(committed) FROM inventory.point WHERE sku = %(sku)s", sku=sku
    )
    return units


@pytest.mark.parametrize("wish", [{}, {"method": "pickup", "node": YORK}])
def test_a_toggle_switched_on_serves_who_waits_before_anybody_else_can_ask(still, wish):
    shop = Shop.opened(still, [("LAMP", "york", 1)])
    toggle(shop, "LAMP", "york", set())
    shop.place(waits(("LAMP", 1), **wish))
    before = standing(shop)
    toggle(shop, "LAMP", "york", METHODS)
    [late] = shop.place(order(("LAMP", 1)))

    assert (before, standing(shop)) == ((1, 0), (0, 1))
    assert late.outcome == "refused"


@pytest.mark.parametrize("toggled", ["SET", "LAMP"])
def test_a_toggle_of_a_kit_or_of_its_part_keeps_the_kit_waiting_until_it_is_switched_on(
    still, toggled
):
    shop = Shop.opened(still, [("VASE", "york", 1)])
    toggle(shop, toggled, "york", set())
    shop.place(waits(("SET", 1)))
    stock(still, ("LAMP", "york", 2))
    before = standing(shop)
    toggle(shop, toggled, "york", METHODS)

    assert (before, standing(shop), standing(shop, "VASE")) == ((2, 0), (0, 2), (0, 1))


def test_a_whole_order_is_served_by_the_toggle_that_was_missing(still):
    shop = Shop.opened(still, [("RUG", "leeds", 1)])
    toggle(shop, "RUG", "leeds", set())
    shop.place(waits(("RUG", 1), ("LAMP", 1), splitting="together"))
    stock(still, ("LAMP", "leeds", 1))
    before = standing(shop)
    toggle(shop, "RUG", "leeds", METHODS)

    assert (before, standing(shop), standing(shop, "RUG")) == ((1, 0), (0, 1), (0, 1))


def test_a_node_that_ships_again_serves_who_waits(still):
    shop = Shop.opened(still)
    shop.place(waits(("LAMP", 1)))
    [leeds] = [one for one in NODES if one.node_id == LEEDS]
    leeds = replace(leeds, calendar_id=CalendarId("node:leeds"))
    import_one(still, "nodes", replace(leeds, methods=frozenset({"pickup"})))
    stock(still, ("LAMP", "leeds", 1))
    before = standing(shop)
    import_one(still, "nodes", leeds)

    assert (before, standing(shop)) == ((1, 0), (0, 1))


def test_a_product_that_moves_to_a_category_without_a_buffer_serves_who_waits(still):
    shop = Shop.opened(still)
    policy = BufferPolicy((BufferRule("safety", 1, category="home"),))
    committed(still, lambda tx: decide_buffers(tx, policy, MONDAY))
    shop.place(waits(("LAMP", 1)))
    stock(still, ("LAMP", "leeds", 1))
    before = standing(shop)
    import_one(still, "products", product("LAMP", category="garden"))

    assert (before, standing(shop)) == ((1, 0), (0, 1))


@pytest.mark.parametrize(
    "wish", [waits(("SET", 1)), waits(("LAMP", 1), ("VASE", 1), splitting="together")]
)
def test_the_sweep_sees_kits_and_whole_orders_that_no_verb_has_served(still, wish):
    shop = Shop.opened(still, [("LAMP", "york", 2), ("VASE", "york", 1)])
    for sku in ("LAMP", "VASE"):
        toggle(shop, sku, "york", set())
    shop.place(wish)
    shop.rows("DELETE FROM catalog.toggle RETURNING sku")
    with still.transaction("test", "sweep") as tx:
        seen = {part.sku for one in find_stranded(tx) for part in one.claim.parts}
        served = serve_waiting(tx, MONDAY)

    assert seen == {"LAMP", "VASE"}
    assert served
    with still.transaction("test", "look") as tx:
        assert find_stranded(tx) == []


GOODS = st.sampled_from(["lamp", "vase", "set"])
PLACES = st.sampled_from([one.node_id for one in NODES])
LINES = st.lists(
    st.tuples(GOODS, st.integers(1, 3)), min_size=1, max_size=2, unique_by=lambda line: line[0]
)
DOINGS = st.one_of(
    st.tuples(st.just("toggle"), GOODS, PLACES, st.sampled_from(SOME_METHODS)),
    st.tuples(st.just("wait"), LINES, st.sampled_from(["allowed", "together"]), st.booleans()),
    st.tuples(st.just("come"), st.sampled_from(["lamp", "vase"]), PLACES, st.integers(1, 3)),
)


def servable(shop):
    """Return the open claims that a free shelf could serve, found the slow way: one by one."""
    claims = shop.rows(
        "SELECT claim_id, claim.sku, order_id, serving, method, nodes,"
        "       array_agg(part.sku), array_agg(part.units)"
        "  FROM inventory.claim JOIN inventory.claim_part AS part USING (claim_id)"
        " WHERE claim.status = 'open' GROUP BY claim_id"
    )
    does = {(n, s): m for n, s, m in shop.rows("SELECT node_id, sku, methods FROM catalog.toggle")}
    free = {
        (sku, node): units
        for sku, node, units in shop.rows(
            "SELECT sku, node, sum(available) FROM inventory.point GROUP BY 1, 2"
        )
    }
    return [
        claim
        for claim, sku, _, serving, method, nodes, skus, units in claims
        for node in nodes
        if serving == "as_it_comes"
        and all(method in does.get((node, one), METHODS) for one in {sku, *skus})
        and all(free.get((s, node), 0) >= n for s, n in zip(skus, units, strict=True))
    ]


@pytest.fixture
def growing(still):
    return Shop.opened(still)


@settings(
    max_examples=25,
    phases=[Phase.explicit, Phase.generate],  # shrinking on a database takes minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(DOINGS, min_size=4, max_size=10))
def test_no_unit_stays_free_for_a_later_order_whatever_toggles_and_kits_do(growing, doings):
    shop, number = growing, next(NUMBERS)
    sku = {name: Sku(f"{name}-{number}") for name in ("lamp", "vase", "set")}
    parts = (KitPart(sku["lamp"], 2), KitPart(sku["vase"], 1))
    goods = [product(sku["lamp"]), product(sku["vase"]), product(sku["set"], parts=parts)]
    committed(shop.database, lambda tx: put_products(tx, goods, MONDAY))
    shop.refresh()
    for kind, *doing in doings:
        if kind == "toggle":
            toggle(shop, sku[doing[0]], doing[1], doing[2])
        elif kind == "wait":
            lines = [(sku[name], units) for name, units in doing[0]]
            standing = {"channel": "market"} if doing[2] else {}
            shop.place(order(*lines, backorder="accepted", splitting=doing[1], **standing))
        else:
            stock(shop.database, (sku[doing[0]], doing[1], doing[2]))

        assert servable(shop) == []
        with shop.database.transaction("test", "look") as tx:
            assert find_stranded(tx) == []


@pytest.mark.parametrize("sku", ["LAMP", "SET"])
def test_a_toggle_that_is_switched_on_while_an_order_begins_to_wait_serves_it(still, sku):
    shop = Shop.opened(still, [("LAMP", "york", 2), ("VASE", "york", 1)])
    toggle(shop, sku, "york", set())
    on = [Toggle(YORK, Sku(sku), METHODS)]
    wish = Asked(waits((sku, 1)), b"")
    with ThreadPoolExecutor(1) as pool:
        with still.transaction("test", "place") as tx:
            place(tx, [wish], shop.outlook, MONDAY)
            switching = pool.submit(committed, still, lambda tx: put_toggles(tx, on, MONDAY))
            wait([switching], 0.3)
        switching.result()

    assert standing(shop)[1] > 0
    assert servable(shop) == []


def sell(url, seed):
    chance = random.Random(seed)
    with closing(Database(url)) as database:
        mine = Shop(database)
        for _ in range(12):
            lines = [
                (sku, chance.randint(1, 2)) for sku in chance.sample(["LAMP", "VASE", "SET"], 2)
            ]
            splitting = chance.choice(["allowed", "allowed", "together"])
            channel = chance.choice(["market", "web"])
            wish = order(*lines, backorder="accepted", splitting=splitting, channel=channel)
            through(lambda wish=wish: mine.place(wish))


def bring_and_toggle(url, seed):
    chance = random.Random(seed)
    with closing(Database(url)) as database:
        for _ in range(20):
            node = chance.choice(NODES).node_id
            if chance.random() < 0.6:
                name = Sku(chance.choice(["LAMP", "VASE", "SET"]))
                toggles = [Toggle(node, name, chance.choice(SOME_METHODS))]
                committed(database, lambda tx, toggles=toggles: put_toggles(tx, toggles, MONDAY))
            else:
                point = StockPoint(Sku(chance.choice(["LAMP", "VASE"])), node)
                came = [Adjusted(new_id(), point, chance.randint(1, 3), "found")]
                committed(database, lambda tx, came=came: adjust(tx, came, MONDAY))


@pytest.mark.parametrize("seed", range(2))
def test_toggles_that_cross_orders_which_begin_to_wait_strand_no_unit(still, url, seed):
    opening = [(sku, one.node_id, 1) for sku in ("LAMP", "VASE") for one in NODES]
    shop = Shop.opened(still, opening)
    with ProcessPoolExecutor(4, mp_context=get_context("spawn")) as pool:
        work = [
            pool.submit(act, url, 10 * seed + place)
            for place, act in enumerate([sell, bring_and_toggle, sell, bring_and_toggle])
        ]
        for one in work:
            one.result()

    assert servable(shop) == []
    with still.transaction("test", "look") as tx:
        assert find_stranded(tx) == []
