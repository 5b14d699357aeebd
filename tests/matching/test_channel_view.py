"""A channel sees at each node exactly what one order could get there."""

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from oneshelf.catalog.assortment import Catalog
from oneshelf.catalog.products import KitPart
from oneshelf.inventory.buffers import BufferPolicy, BufferRule
from oneshelf.inventory.facts import StockChanged
from oneshelf.matching.outlook import Outlook, compile_known
from oneshelf.matching.plan import Plan
from oneshelf.matching.policy import ChannelPool, NodeFilter, NodeGroup, SourcingPolicy
from oneshelf.matching.request import Destination, SourcingRequest, WantedLine
from oneshelf.matching.watching.channel_view import ChannelView, with_their_kits
from oneshelf.simulation.network import draw_network

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
HOME = Destination("GB", "M1", 53.48, -2.24)
NETWORK = draw_network(7, nodes=3, skus=3)
COLD = frozenset({"ambient", "frozen"})
NETWORK = replace(
    NETWORK,
    nodes=(replace(NETWORK.nodes[0], temperatures=COLD), *NETWORK.nodes[1:]),
    products=(*NETWORK.products[:2], replace(NETWORK.products[2], temperature="frozen")),
    services=tuple(replace(service, temperatures=COLD) for service in NETWORK.services),
)
NODES = [node.node_id for node in NETWORK.nodes]
PLAIN = [product.sku for product in NETWORK.products]
KIT = replace(
    NETWORK.products[0],
    sku="set",
    category="gifts",
    parts=(KitPart(PLAIN[0], 2), KitPart(PLAIN[1], 1)),
)
CHANNELS = [channel.channel_id for channel in NETWORK.channels]

some_nodes = st.frozensets(st.sampled_from(NODES), max_size=2)
methods = st.sampled_from(("ship", "pickup"))
pools = st.builds(ChannelPool, st.just("web"), st.integers(0, 100), some_nodes)
groups = st.builds(
    NodeGroup,
    kinds=st.just(frozenset()),
    nodes=some_nodes,
    channels=st.frozensets(st.sampled_from(CHANNELS), max_size=1),
    categories=st.frozensets(st.sampled_from(("home", "gifts")), max_size=1),
)
filters = st.builds(NodeFilter, st.sampled_from(("only", "all_but")), groups)
policies = st.builds(
    SourcingPolicy,
    filters=st.lists(filters, max_size=2).map(tuple),
    pools=st.lists(pools, max_size=1).map(tuple),
)
rules = st.one_of(
    st.builds(BufferRule, st.just("safety"), st.integers(0, 3), st.sampled_from([None, *PLAIN])),
    st.builds(BufferRule, st.just("channel"), st.integers(0, 5), channel=st.just("web")),
)
toggles = st.dictionaries(
    st.tuples(st.sampled_from(NODES), st.sampled_from([*PLAIN, "set"])),
    st.frozensets(methods, max_size=1),
    max_size=3,
)
stocks = st.lists(st.integers(0, 6), min_size=9, max_size=9)


def outlook(stock, policy, buffers, switched):
    products = (*NETWORK.products, KIT)
    catalog = Catalog(
        brands={},
        products={product.sku: product for product in products},
        nodes={node.node_id: node for node in NETWORK.nodes},
        toggles=switched,
        carriers={},
        services={service.service_id: service for service in NETWORK.services},
        channels={channel.channel_id: channel for channel in NETWORK.channels},
    )
    known = compile_known(catalog, policy, BufferPolicy(tuple(buffers)), NOW.date())
    cells = [(sku, node) for sku in PLAIN for node in NODES]
    nothing, one = (None,) * len(cells), (1,) * len(cells)
    known.stock.apply(
        StockChanged(
            point_id=tuple(range(len(cells))),
            sku=tuple(sku for sku, _ in cells),
            node=tuple(node for _, node in cells),
            lot=nothing,
            receipt_line=nothing,
            due_at=nothing,
            available=tuple(stock),
            expected=(0,) * len(cells),
            version=one,
        )
    )
    return Outlook(known, NOW.date())


def can_get(outlook, sku, node, channel, method, units):
    request = SourcingRequest(
        channel=channel,
        method=method,
        lines=(WantedLine(1, sku, units),),
        now=NOW,
        standing="ask",
        destination=HOME if method == "ship" else None,
        pickup_node=node if method == "pickup" else None,
        only_node=node if method == "ship" else None,
    )
    return isinstance(outlook.plan(request), Plan)


@settings(max_examples=60)
@given(stocks, policies, st.lists(rules, max_size=2), toggles, methods, st.sampled_from(CHANNELS))
def test_the_view_shows_what_one_order_could_get(stock, policy, buffers, switched, method, channel):
    seen = outlook(stock, policy, buffers, switched)
    places = [(sku, node) for sku in [*PLAIN, "set"] for node in NODES]
    view = ChannelView(seen.known, channel, method)
    for (sku, node), units in zip(places, view.at_places(*zip(*places, strict=True)), strict=True):
        told = (sku, node, units)

        assert not units or can_get(seen, sku, node, channel, method, units), told
        assert not can_get(seen, sku, node, channel, method, units + 1), told


@settings(max_examples=60)
@given(stocks, policies, st.lists(rules, max_size=2), toggles, methods, st.sampled_from(CHANNELS))
def test_place_by_place_is_the_same_as_node_by_node(
    stock, policy, buffers, switched, method, channel
):
    known = outlook(stock, policy, buffers, switched).known
    view = ChannelView(known, channel, method)
    for product in known.world.products.values():
        by_node = view.by_node(product).tolist()

        assert view.at_places([product.sku] * len(NODES), NODES) == by_node
        assert view.in_network([product]) == [sum(by_node)]


def test_what_nobody_knows_is_not_nothing():
    view = ChannelView(outlook([1] * 9, SourcingPolicy(), [], {}).known, "web", "ship")

    assert view.at_places(["nowhere", PLAIN[0]], [NODES[0], "nowhere"]) == [None, None]


def test_a_part_changes_the_kits_that_contain_it():
    world = outlook([1] * 9, SourcingPolicy(), [], {}).world

    assert with_their_kits(world, [PLAIN[1]]) == ["set", PLAIN[1]]
    assert with_their_kits(world, [PLAIN[2]]) == [PLAIN[2]]
