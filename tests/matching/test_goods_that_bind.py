"""A licence, a temperature and a hazard bind the line that has them, and no other."""

import random
from dataclasses import replace
from datetime import date, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_worlds import MONDAY_NINE, capacity, node, product, request, service, stock, zone
from three_places import POLICY, decide, due, reasons, sent

from oneshelf.catalog.nodes import Toggle
from oneshelf.matching.decision_record import decided, decode, encode, record, replay
from oneshelf.matching.explanation import explain, explain_refusal
from oneshelf.matching.plan import LineUnits, Plan, Refusal
from oneshelf.matching.planning import plan
from oneshelf.matching.world import compile_world

COLD = frozenset({"ambient", "chilled"})
ALCOHOL = frozenset({"alcohol"})
PUB = node("leeds", licences=ALCOHOL | {"tobacco"})
DAIRY = node("york", temperatures=COLD, parcel_cost_minor=150)
GOODS = (
    product("cup"),
    product("sofa", weight_g=15_000),
    product("beer", licences=ALCOHOL),
    product("milk", temperature="chilled"),
    product("phone", hazard="lithium_battery"),
    product("crate", parts=[("cup", 1), ("beer", 2)]),
    product("breakfast", parts=[("cup", 1), ("milk", 1)]),
)
VAN = service("van", temperatures=COLD, refuses=frozenset({"lithium_battery"}))
TRUCK = service("truck", (zone(transit_days=3, base_minor=250, step_minor=500),))
EVERYTHING = {"leeds": dict.fromkeys(["cup", "sofa", "beer", "milk", "phone"], 9)}
EVERYTHING["york"] = EVERYTHING["leeds"]
AT_YORK = {"york": EVERYTHING["york"]}
WORLD = compile_world([PUB, DAIRY], [VAN, TRUCK], GOODS)
ONE_DAIRY = compile_world([replace(DAIRY, licences=ALCOHOL)], [VAN, TRUCK], GOODS)


def services(answer):
    return sorted(
        (p.service, *(u.line_no for u in p.units), (p.capacity_on - date(2010, 12, 6)).days)
        for p in answer.parcels
    )


def test_a_node_without_the_licence_serves_the_other_lines():
    free = {"leeds": {"beer": 1}, "york": {"beer": 9, "cup": 9}}

    assert sent(decide(request(("beer", 1), ("cup", 1)), free, WORLD)) == [
        ("leeds", 1, 1),
        ("york", 2, 1),
    ]


def test_a_node_that_cannot_keep_it_cold_serves_the_other_lines():
    free = {"leeds": {"milk": 9, "beer": 9}, "york": {"milk": 9}}

    assert sent(decide(request(("milk", 1), ("beer", 1)), free, WORLD)) == [
        ("leeds", 2, 1),
        ("york", 1, 1),
    ]


@pytest.mark.parametrize(
    ("sku", "place", "reason"),
    [
        *[("beer", "york", "no_licence"), ("crate", "york", "no_licence")],
        *[("milk", "leeds", "wrong_temperature"), ("breakfast", "leeds", "wrong_temperature")],
    ],
)
@pytest.mark.parametrize("method", ["ship", "pickup"])
def test_what_stands_only_where_it_may_not_be_sold_is_refused(sku, place, reason, method):
    only = {place: EVERYTHING[place]}
    pickup = {"method": "pickup", "pickup_node": place} if method == "pickup" else {}
    alone = decide(request((sku, 1), **pickup), only, WORLD)
    beside = decide(request(("cup", 1), (sku, 1), **pickup), only, WORLD)
    sold = decide(request(("cup", 1), (sku, 1), standing="sold", **pickup), only, WORLD)

    assert isinstance(alone, Refusal)
    assert (alone.reason, reasons(alone)[reason]) == (reason, (place,))
    assert beside.reason == reason
    assert explain_refusal(beside)[0].startswith("The places with the goods")
    assert (sent(sold), sold.unserved) == ([(place, 1, 1)], (LineUnits(2, 1),))


def test_a_line_that_is_short_where_it_may_be_sold_is_refused_for_the_licence():
    free = {"leeds": {"beer": 1}, "york": {"beer": 9}}

    assert decide(request(("beer", 2)), free, WORLD).reason == "no_licence"


def test_a_kit_that_says_nothing_is_kept_as_its_parts_are():
    milks = product("milks", parts=[("milk", 6)])
    fridge = node("fridge", temperatures=frozenset({"chilled"}))
    world = compile_world([fridge], [VAN], (*GOODS, milks))

    assert sent(decide(request(("milks", 1)), {"fridge": {"milk": 6}}, world))
    assert decide(request(("cup", 1)), {"fridge": {"cup": 6}}, world).reason == "wrong_temperature"


def test_a_battery_goes_apart_where_the_rest_is_cheaper_by_another_service():
    light = decide(request(("cup", 1), ("phone", 1)), AT_YORK, ONE_DAIRY)
    heavy = decide(request(("sofa", 1), ("phone", 1)), AT_YORK, ONE_DAIRY)

    assert services(light) == [("truck", 1, 2, 0)]
    assert services(heavy) == [("truck", 2, 0), ("van", 1, 0)]


def test_what_no_service_carries_together_leaves_one_node_in_two_parcels():
    lines = (("milk", 1), ("phone", 1))
    answer = decide(request(*lines), AT_YORK, ONE_DAIRY)
    together = decide(request(*lines, splitting="together"), AT_YORK, ONE_DAIRY)

    assert services(answer) == [("truck", 2, 0), ("van", 1, 0)]
    assert together.reason == "needs_more_parcels"
    assert answer.cost_millis == sum(parcel.cost.millis() for parcel in answer.parcels)


def test_the_second_parcel_waits_for_a_day_with_room():
    world = compile_world([replace(DAIRY, parcels_per_day_max=2)], [VAN, TRUCK], GOODS)
    lines = request(("milk", 1), ("phone", 1))
    taken = {("york", date(2010, 12, 6)): 1, ("york", date(2010, 12, 7)): 2}

    assert [days for *_, days in services(decide(lines, AT_YORK, world))] == [0, 0]
    assert sorted(days for *_, days in services(decide(lines, AT_YORK, world, taken=taken))) == [
        0,
        2,
    ]
    closed = compile_world([replace(DAIRY, parcels_per_day_max=0)], [VAN, TRUCK], GOODS)
    assert decide(lines, AT_YORK, closed).reason == "closed"


def test_two_kinds_of_goods_that_come_later_leave_apart_when_they_are_there():
    arrives = MONDAY_NINE + timedelta(days=2)
    skus = ("milk", "phone")
    dated = [
        due("york", 1, arrives, receipt_line=at, component=at, world=ONE_DAIRY) for at in (0, 1)
    ]
    asked = request(*((sku, 1) for sku in skus), backorder="accepted")

    assert services(decide(asked, {}, ONE_DAIRY, dated=dated)) == [("truck", 2, 2), ("van", 1, 2)]


@pytest.mark.parametrize(
    ("sku", "carriers", "reason"),
    [
        ("phone", [VAN], "hazard_refused"),
        ("milk", [TRUCK], "temperature_refused"),
        ("milk", [TRUCK, replace(VAN, countries=frozenset({"IE"}))], "temperature_refused"),
    ],
)
def test_what_no_carrier_takes_is_refused_with_what_the_carrier_refuses(sku, carriers, reason):
    world = compile_world([DAIRY], carriers, GOODS)
    alone = decide(request((sku, 1)), AT_YORK, world)
    beside = decide(request(("cup", 1), (sku, 1)), AT_YORK, world)
    sold = decide(request(("cup", 1), (sku, 1), standing="sold"), AT_YORK, world)

    assert (alone.reason, reasons(alone)[reason]) == (reason, ("york",))
    assert beside.reason == reason
    assert (sent(sold), sold.unserved) == ([("york", 1, 1)], (LineUnits(2, 1),))


def test_a_large_order_goes_in_a_parcel_for_each_way_of_carrying():
    world = compile_world([DAIRY], [VAN, TRUCK], GOODS)
    cups = [("cup", 1)] * 20
    shelf = dict.fromkeys(["cup", "milk", "phone"], 99)
    answer = decide(request(*cups, ("milk", 2), ("phone", 2)), {"york": shelf}, world)

    assert answer.proof == "bounded"
    assert sorted(parcel.service for parcel in answer.parcels) == ["truck", "van"]


def test_a_toggled_kit_leaves_its_parts_for_sale():
    toggles = [Toggle("leeds", "crate", frozenset({"pickup"}))]
    toggled = compile_world([PUB], [TRUCK], GOODS, toggles)
    free = {"leeds": EVERYTHING["leeds"]}

    assert decide(request(("crate", 1)), free, toggled).reason == "toggled_off"
    assert sent(decide(request(("cup", 1)), free, toggled)) == [("leeds", 1, 1)]


def test_it_is_told_who_is_out_for_one_line():
    asked = request(("beer", 1), ("cup", 1), ("phone", 1))
    kept = decode(encode(record(decide(asked, EVERYTHING, WORLD))))
    told = explain(kept)

    assert "York has no licence for line 1." in told
    assert "Van does not take line 3." in told
    assert replay(kept) == decided(kept)
    milk = explain(record(decide(request(("milk", 1), ("cup", 1)), EVERYTHING, WORLD)))
    assert "Leeds cannot keep the temperature of line 1." in milk
    assert "Truck does not keep the temperature of line 1." in milk


def test_a_record_from_before_there_were_such_goods_replays():
    kept = record(decide(request(("cup", 1), ("phone", 1)), EVERYTHING, compile_world(
        [PUB, DAIRY], [TRUCK], GOODS)))  # fmt: skip
    old = msgspec.json.decode(msgspec.json.encode(kept))
    assert not {"site_sends", "tariff_carries"} & old["problem"].keys()
    del old["barred"], old["currency"]
    again = msgspec.json.decode(msgspec.json.encode(old), type=type(kept))

    assert again == msgspec.structs.replace(kept, currency="")
    assert explain(again)[0] == explain(kept)[0].replace(" GBP", "")
    assert replay(again) == decided(again)


def breaks(answer, world):
    """Return the parcels' lines that may not go so, by the rules read from the catalog anew."""
    nodes = {one.node_id: one for one in world.nodes}
    carriers = {one.service_id: one for one in world.services}
    for parcel in answer.parcels:
        for each in parcel.units:
            sku = answer.trace.request.lines[each.line_no - 1].sku
            whole = world.products[sku]
            for one in [world.products[part.sku] for part in whole.parts] or [whole]:
                by = carriers[parcel.service]
                if (
                    not one.licences <= nodes[parcel.node].licences
                    or one.temperature not in nodes[parcel.node].temperatures
                    or one.temperature not in by.temperatures
                    or one.hazard in by.refuses
                ):
                    yield parcel.node, parcel.service, sku


@given(st.integers(0, 2**32), st.sampled_from(["ask", "sold"]))
@settings(max_examples=150)
def test_no_parcel_goes_where_or_by_whom_one_of_its_lines_may_not(seed, standing):
    chance = random.Random(seed)
    several = [frozenset({"ambient"}), COLD, frozenset({"chilled"})]
    nodes = [
        node(name, licences=chance.choice([frozenset(), ALCOHOL]),
             temperatures=chance.choice(several), parcels_per_day_max=chance.choice([None, 1, 2]))
        for name in ("a", "b", "c")
    ]  # fmt: skip
    carriers = [
        service(name, (zone(base_minor=chance.choice([100, 300, 900])),),
                temperatures=chance.choice(several),
                refuses=chance.choice([frozenset(), frozenset({"lithium_battery"})]))
        for name in ("x", "y")
    ]  # fmt: skip
    world = compile_world(nodes, carriers, GOODS)
    skus = chance.sample([one.sku for one in GOODS], chance.randint(1, 4))
    asked = request(*((sku, chance.randint(1, 2)) for sku in skus), standing=standing)
    free = {one.node_id: {s.sku: chance.randint(0, 4) for s in GOODS[:5]} for one in nodes}
    answer = plan(asked, world, stock(world, asked, free), capacity(world), POLICY)

    if isinstance(answer, Plan):
        days = [(parcel.node, parcel.capacity_on) for parcel in answer.parcels]
        assert list(breaks(answer, world)) == []
        assert standing == "sold" or all(
            world.nodes[world.node_index[day[0]]].parcels_per_day_max in {None, 2}
            or days.count(day) == 1
            for day in days
        )
        assert replay(decode(encode(record(answer)))) == decided(record(answer))
