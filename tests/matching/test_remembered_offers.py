"""What was offered to a zone before is offered again, and nothing that differs is overlooked."""

import gc
from contextlib import contextmanager
from datetime import date, time, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample_worlds import (
    HOME,
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

from oneshelf.base.identifiers import NodeId, ReceiptLineId
from oneshelf.catalog.nodes import Toggle
from oneshelf.inventory.availability import StockSnapshot
from oneshelf.matching.capacity.snapshot import CapacitySnapshot
from oneshelf.matching.decision_record import record
from oneshelf.matching.offering import REMEMBERED
from oneshelf.matching.outlook import Known, Outlook
from oneshelf.matching.plan import Plan
from oneshelf.matching.planning import plan
from oneshelf.matching.policy import NodeFilter, NodeGroup, NodePreference, SourcingPolicy
from oneshelf.matching.request import Destination
from oneshelf.matching.sourcing.marks import every, some
from oneshelf.matching.stock_view import DatedSupply
from oneshelf.matching.world import World, compile_world

NEAR = Destination("GB", "M2 2BB", 53.47, -2.25)
FAR = Destination("GB", "EH1 1AA", 55.95, -3.19)
ABROAD = Destination("FR", "59000", 50.63, 3.06)
NODES = (
    node("leeds", parcels_per_day_max=1),
    node("quiet", calendar=week((1, 3)), latitude=52.2, longitude=0.1),
    node("york", kind="store", cut_off=time(9, 30), parcels_per_day_max=0),
)
EXPRESS = (
    zone(name="close", distance_km_max=150, transit_days=0, base_minor=600),
    zone(name="away", transit_days=1, base_minor=900),
)
WORLD = compile_world(
    NODES,
    [
        service(emission_gco2e_per_tonne_km=90),
        service("express", EXPRESS, collected_at=time(12), weight_g_max=2_000, refuses={"battery"}),
    ],
    [
        product("cup"),
        product("lamp", hazard="battery"),
        product("new", launches_on=date(2010, 12, 9)),
        product("oven", weight_g=9_000, category="kitchen"),
        product("pair", parts=[("cup", 2)]),
        product("rug", weight_g=9_000),
    ],
    [Toggle(NodeId("quiet"), "oven", frozenset())],
)
SKUS = ("cup", "lamp", "new", "oven", "rug")

AXES = {
    "lines": [
        [("cup", 1)],
        [("cup", 3)],
        [("rug", 1)],
        [("lamp", 1)],
        [("new", 2)],
        [("pair", 1), ("oven", 1)],
    ],
    "now": [MONDAY_NINE + timedelta(hours=hours) for hours in (0, 3.5, 6, 120)],
    "destination": [HOME, NEAR, FAR, ABROAD],
    "standing": ["ask", "sold"],
    "wanted_by": [date(2010, 12, 7), None, date(2010, 12, 9)],
    "preference": ["cheapest", "earliest"],
    "backorder": ["refused", "accepted"],
    "only_node": [None, NodeId("leeds"), NodeId("quiet")],
    "avoided": [frozenset(), frozenset({NodeId("leeds")})],
    "policy": [
        SourcingPolicy(),
        SourcingPolicy(routing="nearest", speed_day_minor=300),
        SourcingPolicy(carbon_minor_per_kg=9_000, distance_km_max=200),
        SourcingPolicy(abroad="same_country", never_shipped=frozenset({"battery"})),
        SourcingPolicy(
            filters=(NodeFilter("all_but", NodeGroup(nodes=frozenset({NodeId("leeds")}))),),
            preferences=(NodePreference(NodeGroup(kinds=frozenset({"warehouse"})), 400),),
        ),
    ],
    "free": [
        {"leeds": dict.fromkeys(SKUS, 3), "quiet": dict.fromkeys(SKUS, 3)},
        {"leeds": dict.fromkeys(SKUS, 1), "york": dict.fromkeys(SKUS, 5)},
        {},
    ],
    "full": [(), (("leeds", date(2010, 12, 6)),), (("leeds", date(2010, 12, 7)),)],
    "due": [2, 0],
}
PLAIN = {axis: values[0] for axis, values in AXES.items()}


def answer(one):
    """Plan for values of AXES."""
    own = {name: one[name] for name in one.keys() - {"lines", "policy", "free", "full", "due"}}
    wanted, units = request(*one["lines"], **own), one["due"]
    due = [DatedSupply(0, 0, MONDAY_NINE + timedelta(days=2), units, ReceiptLineId(1))]
    standing = stock(WORLD, wanted, one["free"], due if units else [])
    taken = capacity(WORLD, dict.fromkeys(one["full"], 1))
    return plan(wanted, WORLD, standing, taken, one["policy"])


@contextmanager
def nothing_remembered():
    kept = dict(REMEMBERED)
    REMEMBERED.clear()
    yield
    REMEMBERED.clear()
    REMEMBERED.update(kept)


def named(lines):
    return "_".join(f"{units}_{sku}" for sku, units in lines)


@pytest.mark.parametrize("backorder", AXES["backorder"])
@pytest.mark.parametrize("lines", AXES["lines"], ids=named)
@pytest.mark.parametrize("now", AXES["now"], ids=lambda now: f"{now:%a_%H%M}")
def test_an_answer_does_not_depend_on_who_was_answered_before(now, lines, backorder):
    plain = PLAIN | {"now": now, "lines": lines, "backorder": backorder}
    crowd = [plain | {axis: value} for axis, values in AXES.items() for value in values]
    for order in (crowd, crowd[::-1]):
        REMEMBERED.clear()
        for one in order:
            remembering = answer(one)
            with nothing_remembered():
                alone = answer(one)

            assert told(remembering) == told(alone)


def told(found):
    return (record(found), found.parcels, found.barred) if isinstance(found, Plan) else found


def test_addresses_of_one_zone_share_what_is_offered_and_not_what_it_costs():
    dear = PLAIN | {"policy": SourcingPolicy(carbon_minor_per_kg=90_000)}
    with nothing_remembered():
        costs = [answer(dear | {"destination": to}).cost_millis for to in (HOME, NEAR, HOME)]
        zones = len(REMEMBERED)

    assert zones == 1
    assert costs[0] == costs[2] != costs[1]


def test_what_was_offered_is_offered_anew_after_the_cut_off():
    with nothing_remembered():
        plans = [answer(PLAIN | {"now": MONDAY_NINE.replace(hour=hour)}) for hour in (9, 13, 15)]

    assert [one.parcels[0].capacity_on.day for one in plans] == [6, 6, 7]


def test_a_catalog_that_another_replaced_is_not_kept_by_what_was_remembered_of_it():
    outlook = Outlook(known("old"), MONDAY_NINE.date())
    outlook.plan(request(("cup", 1)))
    outlook.replace(known("new"), MONDAY_NINE.date())
    gc.collect()
    worlds = [one for one in gc.get_objects() if isinstance(one, World)]

    assert any("new" in world.node_index for world in worlds)
    assert not any("old" in world.node_index for world in worlds)


def known(place):
    world = compile_world([node(place)], [service()], [product("cup")])
    shelves = StockSnapshot(["cup"], [place])
    days = CapacitySnapshot([NodeId(place)], MONDAY_NINE.date())
    return Known(world, {}, SourcingPolicy(), shelves, np.zeros((1, 1), np.int64), days)


@given(st.lists(st.booleans(), max_size=40))
def test_marks_are_counted_as_numpy_counts_them(marks):
    array = np.array(marks, np.bool_)

    assert (some(array), every(array)) == (array.any(), array.all())
