"""Pools split a shelf between channels; what is one channel's is no other's."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample_worlds import MONDAY_NINE, capacity, request, stock
from three_places import EXPRESS, NODES, POLICY, PRODUCTS, WORLD, decide, due, reasons, sent

from oneshelf.base.identifiers import ChannelId, NodeId, Sku
from oneshelf.catalog.assortment import Catalog
from oneshelf.inventory.buffers import BufferPolicy
from oneshelf.inventory.ledger import StockPoint
from oneshelf.matching.decision_record import decided, decode, encode, record, replay
from oneshelf.matching.explanation import explain
from oneshelf.matching.outlook import Outlook, compile_known
from oneshelf.matching.plan import LineUnits
from oneshelf.matching.planning import plan
from oneshelf.matching.policy import ChannelPool, SourcingPolicy
from oneshelf.matching.stock_view import slice_of

WEB, APP, TILL = (ChannelId(name) for name in ("web", "app", "till"))
STORES, WAREHOUSES = frozenset({NodeId("york"), NodeId("glasgow")}), frozenset({NodeId("leeds")})
SPLIT = replace(POLICY, pools=(ChannelPool(APP, 30), ChannelPool(WEB, 70)))


def by(channel, *lines, **other):
    return request(*lines, channel=channel, **other)


@given(
    units=st.integers(0, 500),
    cuts=st.lists(st.integers(0, 100), max_size=4),
)
def test_pools_of_a_hundred_percent_leave_no_unit_over(units, cuts):
    edges = [0, *sorted(cuts), 100]
    shares = [high - low for low, high in pairwise(edges)]
    pools = tuple(ChannelPool(ChannelId(f"c{at}"), share) for at, share in enumerate(shares))
    shelf = np.full((len(WORLD.nodes), 1), units)
    parts = [slice_of(WORLD, pools, pool.channel) for pool in pools]

    assert (sum(part.of(shelf) for part in parts) == shelf).all()
    assert sum(part.at(0, units) for part in parts) == units


def test_the_last_unit_is_the_last_pools():
    shelf = {"leeds": {"cup": 1}}

    assert sent(decide(by(WEB, ("cup", 1)), shelf, policy=SPLIT)) == [("leeds", 1, 1)]
    assert decide(by(APP, ("cup", 1)), shelf, policy=SPLIT).reason == "out_of_stock"


def test_a_channel_has_another_share_at_another_place_and_none_where_it_has_no_pool():
    pools = (ChannelPool(APP, 50, WAREHOUSES), ChannelPool(APP, 10, STORES), ChannelPool(WEB, 90))
    policy = replace(POLICY, pools=pools[:1])
    shelves = {"leeds": {"cup": 10}, "york": {"cup": 10}, "glasgow": {"cup": 10}}

    refused = decide(by(APP, ("cup", 8)), shelves, policy=replace(POLICY, pools=pools))
    assert refused.missing == (LineUnits(1, 1),)  # 5 + 1 + 1
    refused = decide(by(APP, ("cup", 6)), shelves, policy=policy)
    assert (refused.reason, refused.missing) == ("out_of_stock", (LineUnits(1, 1),))
    assert reasons(refused)["not_eligible"] == ("glasgow", "york")
    assert sent(decide(by(TILL, ("cup", 30)), shelves, policy=policy)) != []


def test_what_is_on_its_way_is_split_too():
    soon = due("leeds", 10, MONDAY_NINE + timedelta(days=2))
    asked = by(APP, ("cup", 4), backorder="accepted")

    assert decide(asked, {}, policy=SPLIT, dated=[soon]).missing == (LineUnits(1, 1),)
    three = by(APP, ("cup", 3), backorder="accepted")
    assert sent(decide(three, {}, policy=SPLIT, dated=[soon])) == [("leeds", 1, 3)]


def test_a_sold_order_is_served_from_anybodys_share():
    asked = by(APP, ("cup", 10), standing="sold")

    assert sent(decide(asked, {"leeds": {"cup": 10}}, policy=SPLIT)) == [("leeds", 1, 10)]


def test_the_record_says_that_others_have_it_and_replays_to_the_same():
    asked, shelves = by(APP, ("cup", 1)), {"leeds": {"cup": 3}, "york": {"cup": 9}}
    answer = plan(asked, WORLD, stock(WORLD, asked, shelves), capacity(WORLD), SPLIT)
    kept = decode(encode(record(answer)))

    assert reasons(answer) == {"other_channels": ("leeds",), "out_of_stock": ("glasgow",)}
    assert any("Leeds keeps it for other channels" in told for told in explain(kept))
    assert replay(kept) == decided(kept)


def test_what_a_customer_holds_is_not_shared_again():
    catalog = Catalog(
        brands={},
        products={product.sku: product for product in PRODUCTS},
        nodes={node.node_id: node for node in NODES},
        toggles={},
        carriers={},
        services={EXPRESS.service_id: EXPRESS},
        channels={},
    )
    today = MONDAY_NINE.date()
    outlook = Outlook(compile_known(catalog, SPLIT, BufferPolicy(), today), today)
    held = [(StockPoint(Sku("cup"), NodeId("leeds")), 2)]

    assert sent(outlook.plan_held(by(APP, ("cup", 2)), held, ())) == [("leeds", 1, 2)]


@pytest.mark.parametrize("elsewhere", [frozenset(), STORES])
def test_two_pools_of_a_channel_never_meet_at_a_node(elsewhere):
    pools = (ChannelPool(WEB, 50, STORES), ChannelPool(WEB, 50, elsewhere))

    with pytest.raises(ValueError, match="one pool at most at a node"):
        SourcingPolicy(pools=pools)
