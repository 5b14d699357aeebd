"""What the plan function must keep: constraints, preferences, kits, splits, dates to come."""

from dataclasses import replace
from datetime import date, time, timedelta

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from sample_worlds import MONDAY_NINE, capacity, node, request, service, stock, week, zone
from three_places import EXPRESS, NAMES, NODES, POLICY, PRODUCTS, WORLD, decide, reasons, sent

from oneshelf.base.identifiers import ChannelId, NodeId
from oneshelf.catalog.nodes import Toggle
from oneshelf.matching.plan import LineUnits, Plan, Refusal, Take
from oneshelf.matching.planning import plan, promise
from oneshelf.matching.policy import (
    ChannelPool,
    NodeFilter,
    NodeGroup,
    NodePreference,
    SourcingPolicy,
)
from oneshelf.matching.world import compile_world


def test_the_cheapest_place_sends_and_the_dearer_one_is_told():
    answer = decide(request(("cup", 1)), {"leeds": {"cup": 1}, "york": {"cup": 1}})

    assert sent(answer) == [("leeds", 1, 1)]
    assert [p.node for p in answer.others()[0].parcels] == ["york"]
    assert answer.others()[0].cost_millis - answer.cost_millis == 55_000
    assert reasons(answer) == {"out_of_stock": ("glasgow",)}


def test_a_line_is_split_over_places_when_no_place_has_it_all():
    answer = decide(request(("cup", 3)), {"leeds": {"cup": 2}, "york": {"cup": 2}})

    assert sent(answer) == [("leeds", 1, 2), ("york", 1, 1)]
    assert answer.cost_millis == sum(parcel.cost.millis() for parcel in answer.parcels)
    assert [parcel.cost.split for parcel in answer.parcels] == [0, 50_000]


def test_a_kit_is_split_in_whole_multiples_and_takes_its_parts():
    free = {"leeds": {"cup": 7, "pot": 5}, "york": {"cup": 9, "pot": 2}}
    answer = decide(request(("set", 3)), free)

    assert sent(answer) == [("leeds", 1, 1), ("york", 1, 2)]
    assert answer.parcels[1].takes == (Take("cup", 8), Take("pot", 2))


def test_a_kit_and_its_parts_as_lines_share_one_shelf():
    asked = request(("set", 1), ("cup", 2))

    assert sent(decide(asked, {"leeds": {"cup": 6, "pot": 1}})) == [
        ("leeds", 1, 1),
        ("leeds", 2, 2),
    ]
    assert decide(asked, {"leeds": {"cup": 5, "pot": 1}}).missing == (LineUnits(2, 1),)


SPREAD = {"glasgow": {"cup": 1, "pot": 1}, "leeds": {"cup": 1}, "york": {"cup": 1, "pot": 1}}


@pytest.mark.parametrize(
    ("limits", "asked", "expected"),
    [
        ({}, {}, [("glasgow", 1, 1), ("leeds", 1, 1), ("york", 1, 1)]),
        ({"parcels_max": 2}, {}, "needs_more_parcels"),
        ({"nodes_per_line_max": 2}, {}, "needs_more_parcels"),
        ({}, {"splitting": "together"}, "needs_more_parcels"),
        ({"distance_km_max": 200}, {}, "too_far"),
        ({"ship_kinds": frozenset({"store"})}, {}, "not_eligible"),
        ({}, {"avoided": frozenset({NodeId("york")})}, "out_of_stock"),
        (
            {},
            {"wanted_by": date(2010, 12, 6)},
            [("glasgow", 1, 1), ("leeds", 1, 1), ("york", 1, 1)],
        ),
        ({}, {"wanted_by": date(2010, 12, 5)}, "too_late"),
    ],
)
def test_every_limit_of_the_policy_and_the_request_binds(limits, asked, expected):
    answer = decide(request(("cup", 3), **asked), SPREAD, policy=replace(POLICY, **limits))

    if isinstance(expected, str):
        assert isinstance(answer, Refusal)
        assert answer.reason == expected
    else:
        assert sent(answer) == expected


def test_a_chosen_node_is_honoured_or_refused_never_changed():
    free = {"leeds": {"cup": 1}, "york": {"cup": 5}}

    asked = request(("cup", 1), only_node=NodeId("york"))
    assert sent(decide(asked, free)) == [("york", 1, 1)]
    assert decide(asked, free).reason == "chosen_node"

    refused = decide(request(("cup", 2), only_node=NodeId("leeds")), free)
    assert (refused.reason, refused.missing) == ("out_of_stock", (LineUnits(1, 1),))

    sold = decide(request(("cup", 2), only_node=NodeId("leeds"), standing="sold"), free)
    assert sent(sold) == [("leeds", 1, 1)]
    assert sold.unserved == (LineUnits(1, 1),)


def test_filters_speak_only_of_their_channels_and_categories():
    stores = NodeGroup(kinds=frozenset({"store"}), channels=frozenset({ChannelId("web")}))
    policy = replace(POLICY, filters=(NodeFilter("only", stores),))
    free = {"leeds": {"cup": 1}, "york": {"cup": 1}}

    assert sent(decide(request(("cup", 1)), free, policy=policy)) == [("york", 1, 1)]
    till = request(("cup", 1), channel=ChannelId("till"))
    assert sent(decide(till, free, policy=policy)) == [("leeds", 1, 1)]
    other_goods = replace(stores, categories=frozenset({"garden"}))
    policy = replace(POLICY, filters=(NodeFilter("only", other_goods),))
    assert sent(decide(request(("cup", 1)), free, policy=policy)) == [("leeds", 1, 1)]


def test_a_preference_costs_what_it_says():
    warehouses = NodeGroup(kinds=frozenset({"warehouse"}))
    free = {"leeds": {"cup": 1}, "york": {"cup": 1}}

    def by(surcharge_minor):
        preferences = (NodePreference(warehouses, surcharge_minor),)
        return decide(request(("cup", 1)), free, policy=replace(POLICY, preferences=preferences))

    assert sent(by(54)) == [("leeds", 1, 1)]
    assert sent(by(56)) == [("york", 1, 1)]
    assert by(54).parcels[0].cost.preference == 54_000


def test_stock_that_is_worth_more_later_is_spared():
    free = {"leeds": {"cup": 1}, "york": {"cup": 1}}
    dear = {"leeds": {"cup": 60_000}}

    assert sent(decide(request(("cup", 1)), free, opportunity=dear)) == [("york", 1, 1)]
    blind = replace(POLICY, opportunity_percent=0)
    assert sent(decide(request(("cup", 1)), free, opportunity=dear, policy=blind)) == [
        ("leeds", 1, 1)
    ]


def test_a_naive_retailer_is_one_more_policy_row():
    pools = (ChannelPool(ChannelId("web"), 50), ChannelPool(ChannelId("till"), 50))
    naive = SourcingPolicy(routing="nearest", pools=pools, split_minor=1_000_000)
    dear_near = compile_world(
        [node("near", latitude=53.5, longitude=-2.2, parcel_cost_minor=900), *NODES],
        [service()],
        PRODUCTS,
    )
    free = {"near": {"cup": 2}, "leeds": {"cup": 8}}

    assert sent(decide(request(("cup", 1)), free, dear_near)) == [("leeds", 1, 1)]
    assert sent(decide(request(("cup", 1)), free, dear_near, naive)) == [("near", 1, 1)]
    # its half of the near shelf is one cup: the next place that has two
    assert sent(decide(request(("cup", 2)), free, dear_near, naive)) == [("leeds", 1, 2)]
    refused = decide(request(("cup", 7)), free, dear_near, naive)
    assert (refused.reason, refused.missing) == ("out_of_stock", (LineUnits(1, 2),))


def test_a_toggle_takes_a_node_out_for_its_sku_alone():
    toggled = compile_world(
        NODES, [service()], PRODUCTS, [Toggle(NodeId("leeds"), "cup", frozenset({"pickup"}))]
    )
    free = {"leeds": {"cup": 5, "pot": 5}}

    refused = decide(request(("cup", 1)), free, toggled)
    assert (refused.reason, reasons(refused)["toggled_off"]) == ("toggled_off", ("leeds",))
    assert sent(decide(request(("pot", 1)), free, toggled)) == [("leeds", 1, 1)]
    pickup = request(("cup", 1), method="pickup", pickup_node=NodeId("leeds"))
    assert sent(decide(pickup, free, toggled)) == [("leeds", 1, 1)]


def test_the_shopper_can_choose_cheapest_earliest_or_fewest_parcels():
    world = compile_world(
        [
            node("hub", parcel_cost_minor=600),
            node("one", parcel_cost_minor=0),
            node("two", parcel_cost_minor=0),
        ],
        [service(zones=(zone(base_minor=100),)), EXPRESS],
        PRODUCTS,
    )
    asked = request(("cup", 1), ("pot", 1))
    free = {"hub": {"cup": 1, "pot": 1}, "one": {"cup": 1}, "two": {"pot": 1}}
    options = promise(asked, world, stock(world, asked, free), capacity(world), POLICY)
    by = {preference: o.plan for o in options for preference in o.preferences}

    # two parcels of 1.00 + 0.20 + 0.10 and a split of 0.50; one of 1.00 + 6.00 + 0.40 + 0.10
    assert by["cheapest"].cost_millis == 310_000
    assert by["fewest_parcels"].cost_millis == 750_000
    assert len(by["fewest_parcels"].parcels) == 1
    # today: 7.00 + 6.00 + 0.40 in one parcel, 2 x (7.00 + 0.20) + 0.50 in two
    assert by["earliest"].arrives_on() == date(2010, 12, 6)
    assert by["earliest"].cost_millis == 1_340_000


def test_a_shopper_for_whom_all_wishes_are_one_sees_one_option():
    asked = request(("cup", 1))
    world = compile_world(NODES, [service()], PRODUCTS)
    [option] = promise(
        asked, world, stock(world, asked, {"leeds": {"cup": 1}}), capacity(world), POLICY
    )

    assert option.preferences == ("cheapest", "earliest", "fewest_parcels")


def test_a_pickup_is_served_where_the_customer_comes_and_nowhere_else():
    asked = request(("cup", 2), method="pickup", pickup_node=NodeId("york"))

    answer = decide(asked, {"york": {"cup": 2}, "leeds": {"cup": 9}})
    assert sent(answer) == [("york", 1, 2)]
    assert (answer.parcels[0].service, answer.parcels[0].cost.freight) == (None, 0)
    assert decide(asked, {"leeds": {"cup": 9}}).reason == "out_of_stock"


def test_a_sold_order_is_served_as_far_as_stock_goes_and_never_refused():
    asked = request(("cup", 4), ("pot", 1), standing="sold")
    answer = decide(asked, {"leeds": {"cup": 1}, "york": {"cup": 2}})

    assert sent(answer) == [("leeds", 1, 1), ("york", 1, 2)]
    assert answer.unserved == (LineUnits(1, 1), LineUnits(2, 1))
    assert answer.reason == "as_far_as_stock_goes"
    empty = decide(asked, {})
    assert (empty.parcels, empty.cost_millis, empty.arrives_on()) == ((), 0, None)
    assert empty.unserved == (LineUnits(1, 4), LineUnits(2, 1))


@pytest.mark.parametrize(
    ("asked", "policy", "taken"),
    [
        ({"wanted_by": date(2010, 12, 1)}, {}, {}),
        ({}, {"distance_km_max": 1}, {}),
        ({}, {"ship_kinds": frozenset({"drop_ship"})}, {}),
        ({}, {"never_shipped": frozenset({"flammable"})}, {}),
        ({}, {}, {("leeds", date(2010, 12, day)): 9 for day in range(1, 32)}),
    ],
)
def test_a_sold_order_is_not_refused_for_date_distance_policy_or_capacity(asked, policy, taken):
    world = compile_world([node("leeds", parcels_per_day_max=9)], [service()], PRODUCTS)
    view = {"leeds": {"cup": 1}}
    answer = decide(
        request(("cup", 1), standing="sold", **asked),
        view,
        world,
        replace(POLICY, **policy),
        taken=taken,
    )

    assert sent(answer) == [("leeds", 1, 1)]


def test_a_sold_order_may_need_more_parcels_than_the_policy_likes():
    asked = request(("cup", 3), standing="sold")

    assert len(decide(asked, SPREAD, policy=replace(POLICY, parcels_max=1)).parcels) == 3


@pytest.mark.parametrize(
    "nonsense",
    [
        {"parcels_max": 5},
        {"nodes_per_line_max": 0},
        {"opportunity_percent": -1},
        {"distance_km_max": 0},
        {"pools": (ChannelPool(ChannelId("web"), 101),)},
        {"pools": (ChannelPool(ChannelId("web"), 1), ChannelPool(ChannelId("web"), 2))},
    ],
)
def test_a_policy_refuses_nonsense(nonsense):
    with pytest.raises(ValueError, match=r"is \d|pool"):
        SourcingPolicy(**nonsense)


def test_a_policy_is_a_row_that_reads_back_the_same():
    policy = SourcingPolicy(
        filters=(NodeFilter("only", NodeGroup(kinds=frozenset({"store"}))),),
        pools=(ChannelPool(ChannelId("web"), 50),),
        distance_km_max=400,
    )

    assert msgspec.json.decode(msgspec.json.encode(policy), type=SourcingPolicy) == policy


def test_a_late_sold_order_pays_for_every_late_day():
    asked = request(("cup", 1), standing="sold", wanted_by=date(2010, 12, 4))
    world = compile_world(NODES, [service()], PRODUCTS)
    answer = decide(asked, {"leeds": {"cup": 1}}, world)

    assert answer.parcels[0].cost.lateness == 3 * 300 * 1000


def test_the_unknown_is_refused_not_raised():
    view = stock(WORLD, request(("cup", 1)), {})

    assert plan(request(("gone", 1)), WORLD, view, capacity(WORLD), POLICY).reason == "unknown_sku"


worlds = st.fixed_dictionaries(
    {
        name: st.fixed_dictionaries({sku: st.integers(0, 3) for sku in ("cup", "pot")})
        for name in NAMES
    }
)
orders = st.lists(
    st.tuples(st.sampled_from(["cup", "pot", "set"]), st.integers(1, 3)), min_size=1, max_size=3
)
hours = st.integers(0, 24 * 14).map(lambda ahead: MONDAY_NINE + timedelta(hours=ahead))


@given(orders, worlds, hours, st.sampled_from(["ask", "sold"]))
@settings(max_examples=150)
def test_a_plan_sends_exactly_what_is_wanted_from_what_stands_there(lines, free, now, standing):
    asked = request(*lines, now=now, standing=standing)
    answer = decide(asked, free)

    if isinstance(answer, Refusal):
        assert standing == "ask"
        assert answer.reason == "out_of_stock" or answer.missing == ()
        return
    served = {line.line_no: 0 for line in asked.lines}
    for rest in answer.unserved:
        served[rest.line_no] += rest.units
    for parcel in answer.parcels:
        for units in parcel.units:
            served[units.line_no] += units.units
        assert parcel.ready_at >= now
        assert parcel.collected_at >= parcel.ready_at
        assert parcel.arrives_on >= parcel.collected_at.date()
    assert served == {line.line_no: line.units for line in asked.lines}
    for name, shelf in free.items():
        for sku, units in shelf.items():
            parcels = [parcel for parcel in answer.parcels if parcel.node == name]
            taken = sum(t.units for p in parcels for t in p.takes if t.sku == sku)
            assert taken <= units
    assert answer.cost_millis == sum(parcel.cost.millis() for parcel in answer.parcels)
    assert answer.bound_millis <= answer.cost_millis
    assert all(other.cost_millis >= answer.cost_millis for other in answer.others())


@given(orders, worlds, hours)
@settings(max_examples=60)
def test_the_plan_at_sourcing_is_the_plan_that_was_promised(lines, free, now):
    asked = request(*lines, now=now)
    view = stock(WORLD, asked, free)
    promised = promise(asked, WORLD, view, capacity(WORLD), POLICY)
    fresh = compile_world(reversed(NODES), [EXPRESS, service()], reversed(PRODUCTS))
    sourced = plan(asked, fresh, stock(fresh, asked, free), capacity(fresh), POLICY)

    if isinstance(promised, Refusal):
        assert promised == sourced
    else:
        assert promised[0].plan == sourced


@given(orders, worlds, st.integers(0, 2))
@settings(max_examples=60)
def test_more_stock_never_makes_a_plan_dearer_or_later(lines, free, more):
    asked = request(*lines, preference="earliest")
    richer = {
        name: {sku: units + more for sku, units in shelf.items()} for name, shelf in free.items()
    }
    answer, better = decide(asked, free), decide(asked, richer)

    if isinstance(answer, Plan):
        assert better.arrives_on() <= answer.arrives_on()
        cheap = structs.replace(asked, preference="cheapest")
        assert decide(cheap, richer).cost_millis <= decide(cheap, free).cost_millis


def test_five_hundred_nodes_share_one_function_with_three():
    nodes = [
        node(f"n{at:03}", latitude=50 + at % 80 / 10, cut_off=time(10 + at % 8))
        for at in range(500)
    ]
    world = compile_world(nodes, [service(collects=week()), EXPRESS], PRODUCTS)
    free = {f"n{at:03}": {"cup": at % 3, "pot": at % 2} for at in range(500)}
    answer = decide(request(("cup", 1), ("pot", 1)), free, world)

    assert isinstance(answer, Plan)
    assert sum(len(rejection.nodes) for rejection in answer.rejections) == 84
    assert np.all(answer.trace.problem.site_stock.sum(axis=1) > 0)
