"""What another system has sold already is written, whatever speaks against it."""

from dataclasses import replace
from datetime import date

import pytest
from crowds import crowd, servers, told

from oneshelf.base.identifiers import NodeId, Sku, new_id
from oneshelf.base.policies import decide_policy
from oneshelf.catalog.actions import put_toggles
from oneshelf.catalog.nodes import Toggle
from oneshelf.inventory.buffers import BufferPolicy, BufferRule
from oneshelf.matching.policy import NodeFilter, NodeGroup, SourcingPolicy
from shop import MONDAY, NODES, PLACE, PRODUCTS, Shop, order, product

SHELVES = [("LAMP", "leeds", 5), ("LAMP", "york", 5), ("ACID", "leeds", 5), ("SAFE", "leeds", 5)]
GOODS = (*PRODUCTS, product("ACID", hazard="corrosive"), product("SAFE", weight_g=90_000))


def sold(*lines, **other):
    return order(*(lines or [("LAMP", 1)]), channel="market", **other)


CAUSES = {
    "no unit anywhere": sold(("RUG", 3)),
    "fewer units than sold": sold(("LAMP", 99)),
    "no unit of one line": sold(("LAMP", 1), ("VASE", 2)),
    "half of a kit": sold(("SET", 2)),
    "no unit at its only node": sold(node=NodeId("london")),
    "no unit at its pickup": sold(method="pickup", node=NodeId("london")),
    "more than one place has, together": sold(("LAMP", 9), splitting="together"),
    "a day that has passed": sold(wanted_by=date(2020, 1, 1)),
    "today": sold(wanted_by=MONDAY.date()),
    "a country without a service": sold(place=replace(PLACE, country="JP")),
    "the other end of the world": sold(place=replace(PLACE, latitude=-45.0, longitude=170.0)),
    "a hazard nobody ships": sold(("ACID", 1)),
    "too heavy for every service": sold(("SAFE", 1)),
    "a reservation nobody knows": sold(reservation=new_id()),
    "a till without the unit": sold(method="carried", node=NodeId("london")),
    "a thousand lines": sold(*[("LAMP", 1), ("RUG", 1)] * 500),
    "a hundred lines, none of which is there whole": sold(*[("LAMP", 100_000)] * 100),
    "backorder of nothing on its way": sold(("RUG", 1), backorder="accepted"),
}
NOBODY = NodeFilter("only", NodeGroup(nodes=frozenset({NodeId("nowhere")})))
POLICIES = {
    "any": {},
    "nobody may send": {"sourcing": SourcingPolicy(filters=(NOBODY,))},
    "no kind may send": {"sourcing": SourcingPolicy(ship_kinds=frozenset())},
    "nothing is near": {"sourcing": SourcingPolicy(distance_km_max=1)},
    "hazards stay": {"sourcing": SourcingPolicy(never_shipped=frozenset({"corrosive"}))},
    "one parcel": {"sourcing": SourcingPolicy(parcels_max=1, nodes_per_line_max=1)},
    "all is kept back": {"buffers": BufferPolicy(rules=(BufferRule("safety", 50),))},
}


def everything(**chosen):
    return [replace(one, key=str(new_id()), **chosen) for one in CAUSES.values()]


def of_each(shop, answers):
    """Return every order's units and where they stand: none is lost, none appears."""
    assert [answer.outcome for answer in answers] == ["placed"] * len(answers)
    return shop.rows(
        "SELECT line.line_id FROM orders.line JOIN orders.quantity USING (line_id)"
        " GROUP BY line.line_id, line.units HAVING line.units <> sum(quantity.units)"
    )


@pytest.mark.parametrize("decided", POLICIES.values(), ids=POLICIES)
def test_a_sold_order_is_written_whatever_stock_date_place_and_policy_say(still, decided):
    with still.transaction("test", "policy") as tx:
        for name, policy in decided.items():
            decide_policy(tx, name, policy, MONDAY)
    shop = Shop.opened(still, SHELVES, products=GOODS)

    assert of_each(shop, shop.place(*everything())) == []


@pytest.mark.parametrize(
    "changed",
    [
        {"parcels_per_day_max": 0},
        {"parcels_per_day_max": 1},
        {"methods": frozenset()},
        {"country": "FR"},
        {"calendar": replace(NODES[0].calendar, openings=())},
    ],
    ids=["closed to parcels", "one parcel a day", "does nothing", "abroad", "never open"],
)
def test_a_sold_order_is_written_whatever_its_places_can_do(still, changed):
    shop = Shop.opened(
        still, SHELVES, nodes=[replace(node, **changed) for node in NODES], products=GOODS
    )

    assert of_each(shop, shop.place(*everything(), *everything())) == []


def test_a_sold_order_is_written_where_there_is_no_place_at_all(still):
    shop = Shop.opened(still, nodes=())
    wishes = [one for one in everything() if one.node is None]
    wishes = [one for one in wishes if {line.sku for line in one.lines} <= {"LAMP", "RUG", "VASE"}]

    assert of_each(shop, shop.place(*wishes)) == []


def test_a_sold_order_is_written_when_its_goods_were_taken_off_everywhere(still):
    Shop.opened(still, SHELVES, products=GOODS)
    with still.transaction("test", "toggles") as tx:
        off = [Toggle(node.node_id, Sku("LAMP"), frozenset()) for node in NODES]
        put_toggles(tx, off, MONDAY)
    shop = Shop(still)

    assert of_each(shop, shop.place(*everything())) == []


def test_two_servers_write_every_sold_order_of_a_crowd(url, still, headers):
    nodes = [replace(node, parcels_per_day_max=1) for node in NODES]
    shop = Shop.opened(still, SHELVES, nodes=nodes, products=GOODS)
    wishes = [one for _ in range(4) for one in everything()]
    with servers(url) as running:
        answers = crowd([one.address for one in running], headers, wishes)

    assert told(answers) == {(201, "placed"): len(wishes)}
    assert shop.rows("SELECT count(*) FROM orders.sales_order") == [(len(wishes),)]
