"""What the plan function must keep: constraints, preferences, kits, splits, dates to come."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_worlds import (
    MONDAY_NINE,
    capacity,
    node,
    product,
    request,
    service,
    stock,
    week,
    zone,
)

from oneshelf.base.identifiers import ChannelId, NodeId, ReceiptLineId
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
from oneshelf.matching.stock_view import DatedSupply
from oneshelf.matching.world import compile_world

POLICY = SourcingPolicy()
EXPRESS = service("express", (zone(base_minor=700, transit_days=0),))
NAMES = ("glasgow", "leeds", "york")
NODES = (
    node("glasgow", latitude=55.86, longitude=-4.25, kind="store"),
    node("leeds"),
    node(
        "york",
        latitude=53.96,
        longitude=-1.08,
        kind="store",
        parcel_cost_minor=150,
        unit_cost_minor=25,
    ),
)
PRODUCTS = (
    product("cup"),
    product("pot"),
    product("set", parts=[("cup", 4), ("pot", 1)], weight_g=2500),
    product("new", launches_on=date(2010, 12, 20)),
)
WORLD = compile_world(NODES, [service(), EXPRESS], PRODUCTS)


def decide(asked, free, world=WORLD, policy=POLICY, *, taken=None, dated=(), opportunity=None):
    view = stock(world, asked, free, dated, opportunity)
    return plan(asked, world, view, capacity(world, taken), policy)


def sent(answer):
    """Who sends how many units of which line."""
    assert isinstance(answer, Plan), answer
    return sorted((p.node, u.line_no, u.units) for p in answer.parcels for u in p.units)


def reasons(answer):
    return {rejection.reason: rejection.nodes for rejection in answer.rejections}


def due(node_name, units, at, receipt_line=1, component=0, world=WORLD):
    place = world.node_index[node_name]
    return DatedSupply(component, place, at, units, ReceiptLineId(receipt_line))


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


def test_a_backorder_waits_for_the_receipt_and_names_its_line():
    arrival = datetime(2010, 12, 15, 10, tzinfo=UTC)  # Wednesday, worked on at once, ready at 12
    asked = request(("cup", 3), backorder="accepted")
    answer = decide(asked, {"leeds": {"cup": 1}}, dated=[due("leeds", 5, arrival, 77)])

    assert sum(units for _, _, units in sent(answer)) == 3
    takes = [take for parcel in answer.parcels for take in parcel.takes]
    assert sum(take.units for take in takes if take.receipt_line is None) == 1
    assert [take.units for take in takes if take.receipt_line == 77] == [2]
    assert answer.arrives_on() == date(2010, 12, 16)
    refused = decide(replace(asked, backorder="refused"), {"leeds": {"cup": 1}})
    assert refused.missing == (LineUnits(1, 2),)


def test_stock_on_the_shelf_goes_before_stock_on_its_way():
    soon = datetime(2010, 12, 7, 7, tzinfo=UTC)
    asked = request(("cup", 1), backorder="accepted")
    answer = decide(asked, {"york": {"cup": 1}}, dated=[due("leeds", 5, soon)])

    assert sent(answer) == [("york", 1, 1)]


def test_a_backorder_beyond_the_horizon_is_refused():
    far = MONDAY_NINE + timedelta(days=31)
    asked = request(("cup", 1), backorder="accepted")
    policy = replace(POLICY, backorder_horizon_days=30)

    assert decide(asked, {}, dated=[due("leeds", 5, far)], policy=policy).reason == "out_of_stock"


def test_a_pre_order_is_worked_on_from_its_launch():
    asked = request(("new", 1))
    answer = decide(asked, {"leeds": {"new": 1}})

    assert answer.parcels[0].ready_at == datetime(2010, 12, 20, 10, tzinfo=UTC)
    assert answer.arrives_on() == date(2010, 12, 21)


def test_a_pre_order_without_stock_falls_to_a_backorder_with_its_date():
    late = datetime(2010, 12, 29, 9, tzinfo=UTC)
    early = datetime(2010, 12, 13, 9, tzinfo=UTC)
    asked = request(("new", 1), backorder="accepted")

    after = decide(asked, {}, dated=[due("leeds", 1, late)])
    assert after.parcels[0].capacity_on == date(2010, 12, 29)
    before = decide(asked, {}, dated=[due("leeds", 1, early)])
    assert before.parcels[0].capacity_on == date(2010, 12, 20)


def test_what_is_out_today_need_not_wait_for_the_launch_of_the_other_line():
    asked = request(("cup", 1), ("new", 1))
    answer = decide(asked, {"leeds": {"cup": 1, "new": 1}})
    together = decide(replace(asked, splitting="together"), {"leeds": {"cup": 1, "new": 1}})

    assert answer.arrives_on() == together.arrives_on() == date(2010, 12, 21)
    assert len(together.parcels) == 1


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


def test_a_late_sold_order_pays_for_every_late_day():
    asked = request(("cup", 1), standing="sold", wanted_by=date(2010, 12, 4))
    world = compile_world(NODES, [service()], PRODUCTS)
    answer = decide(asked, {"leeds": {"cup": 1}}, world)

    assert answer.parcels[0].cost.lateness == 3 * 300 * 1000


def test_the_unknown_is_refused_not_raised():
    view = stock(WORLD, request(("cup", 1)), {})

    assert plan(request(("gone", 1)), WORLD, view, capacity(WORLD), POLICY).reason == "unknown_sku"


def test_two_parcels_of_a_day_need_room_for_two():
    noon = datetime(2010, 12, 6, 10, tzinfo=UTC)
    asked = request(("cup", 1), ("pot", 1), backorder="accepted")
    for limit, days in ((1, {date(2010, 12, 6), date(2010, 12, 7)}), (2, {date(2010, 12, 6)})):
        world = compile_world([node("leeds", parcels_per_day_max=limit)], [service()], PRODUCTS)
        supply = due("leeds", 1, noon, component=1, world=world)
        heavy = replace(POLICY, split_minor=0, late_day_minor=0)
        answer = decide(asked, {"leeds": {"cup": 1}}, world, heavy, dated=[supply])
        used = [parcel.capacity_on for parcel in answer.parcels]

        assert all(used.count(day) <= limit for day in used)
        assert set(used) <= days


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
        cheap = replace(asked, preference="cheapest")
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
