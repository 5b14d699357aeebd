"""One promise computed by hand; then one input changes, and the promise as computed by hand.

The base case: Monday 6 December 2010, 09:00 in London. Leeds opens 8 to 18 on weekdays, takes
orders until 14:00 and needs 120 open minutes: ready at 11:00. The carrier comes at 17:00 on
weekdays and delivers the next working day, Monday to Saturday: Tuesday 7 December.
"""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from msgspec import structs
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

from oneshelf.matching.explanation import explain_refusal
from oneshelf.matching.plan import Plan, Refusal
from oneshelf.matching.planning import plan
from oneshelf.matching.policy import SourcingPolicy
from oneshelf.matching.world import compile_world

BASE = {
    "node": {},
    "service": {},
    "request": {},
    "product": {},
    "policy": {},
    "units": 5,
    "taken": {},
    "wanted": 1,
}


def promised(**changes):
    case = BASE | changes
    world = compile_world(
        [node("leeds", **case["node"])],
        [service(**case["service"])],
        [product("cup", **case["product"])],
    )
    asked = request(("cup", case["wanted"]), **case["request"])
    return plan(
        asked,
        world,
        stock(world, asked, {"leeds": {"cup": case["units"]}}),
        capacity(world, case["taken"]),
        SourcingPolicy(**case["policy"]),
    )


def at(*values):
    return datetime(*values, tzinfo=UTC)


def now(*values):
    return {"request": {"now": at(*values)}}


def full(limit, taken):
    return {"node": {"parcels_per_day_max": limit}, "taken": taken}


ALWAYS = {
    "node": {"calendar": week(range(7), opens=time(0))},
    "service": {"collects": week(range(7))},
}
DATES = [
    # what changes, when ready (UTC), day of pickup, day of arrival
    ({}, "2010-12-06 11:00", "2010-12-06", "2010-12-07"),
    # at the cut-off exactly, it still counts: 14:00 + 2 h = 16:00
    (now(2010, 12, 6, 14), "2010-12-06 16:00", "2010-12-06", "2010-12-07"),
    # a second later it is tomorrow's work: 8:00 + 2 h
    (now(2010, 12, 6, 14, 0, 1), "2010-12-07 10:00", "2010-12-07", "2010-12-08"),
    # an earlier cut-off
    ({"node": {"cut_off": time(8, 30)}}, "2010-12-07 10:00", "2010-12-07", "2010-12-08"),
    # before opening, work begins at 8:00
    (now(2010, 12, 6, 3), "2010-12-06 10:00", "2010-12-06", "2010-12-07"),
    # a holiday at the node
    (
        {"node": {"calendar": week(closed_on=[date(2010, 12, 6)])}},
        "2010-12-07 10:00", "2010-12-07", "2010-12-08",
    ),
    # a holiday of the carrier's pickups: ready today, collected tomorrow
    (
        {"service": {"collects": week(closed_on=[date(2010, 12, 6)])}},
        "2010-12-06 11:00", "2010-12-07", "2010-12-08",
    ),
    # a holiday of the carrier's deliveries
    (
        {"service": {"delivers": week(range(6), closed_on=[date(2010, 12, 7)])}},
        "2010-12-06 11:00", "2010-12-06", "2010-12-08",
    ),
    # handling of 8 open hours: 9:00 to 17:00, in time for the pickup at 17:00
    ({"node": {"handling_minutes": 480}}, "2010-12-06 17:00", "2010-12-06", "2010-12-07"),
    # one minute more misses it
    ({"node": {"handling_minutes": 481}}, "2010-12-06 17:01", "2010-12-07", "2010-12-08"),
    # 12 open hours: nine today, three tomorrow
    ({"node": {"handling_minutes": 720}}, "2010-12-07 11:00", "2010-12-07", "2010-12-08"),
    # an earlier pickup at 10:00 is missed
    ({"service": {"collected_at": time(10)}}, "2010-12-06 11:00", "2010-12-07", "2010-12-08"),
    # slower transit: three delivery days after Monday are Tuesday, Wednesday, Thursday
    (
        {"service": {"zones": (zone(transit_days=3),)}},
        "2010-12-06 11:00", "2010-12-06", "2010-12-09",
    ),
    # same day
    (
        {"service": {"zones": (zone(transit_days=0),)}},
        "2010-12-06 11:00", "2010-12-06", "2010-12-06",
    ),
    # Friday 10 December after the cut-off: worked on Monday 13, arrives on Tuesday 14
    (now(2010, 12, 10, 15), "2010-12-13 10:00", "2010-12-13", "2010-12-14"),
    # Friday in time: Saturday is a delivery day
    (now(2010, 12, 10, 9), "2010-12-10 11:00", "2010-12-10", "2010-12-11"),
    # Monday's capacity is taken: Tuesday's work
    (full(3, {("leeds", date(2010, 12, 6)): 3}), "2010-12-07 10:00", "2010-12-07", "2010-12-08"),
    # room for one more
    (full(4, {("leeds", date(2010, 12, 6)): 3}), "2010-12-06 11:00", "2010-12-06", "2010-12-07"),
    # Monday to Friday full, the weekend closed: Monday 13
    (
        full(1, {("leeds", date(2010, 12, day)): 1 for day in range(6, 11)}),
        "2010-12-13 10:00", "2010-12-13", "2010-12-14",
    ),
    # New York, 09:00 UTC is 04:00 there: 8:00 to 10:00 local is 15:00 UTC; pickup 17:00 local
    (
        {"node": {"calendar": week(zone="America/New_York")}},
        "2010-12-06 15:00", "2010-12-06", "2010-12-07",
    ),
    # Sydney, 09:00 UTC is 20:00 on Monday there: Tuesday 8:00 is Monday 21:00 UTC
    (
        {"node": {"calendar": week(zone="Australia/Sydney")}},
        "2010-12-06 23:00", "2010-12-07", "2010-12-08",
    ),
    # British summer: 13:30 UTC on 25 October 2010 is 14:30 in London, past the cut-off
    (now(2010, 10, 25, 13, 30), "2010-10-26 09:00", "2010-10-26", "2010-10-27"),
    # a week later the clocks have changed: 13:30 is 13:30, ready at 15:30
    (now(2010, 11, 1, 13, 30), "2010-11-01 15:30", "2010-11-01", "2010-11-02"),
    # Sunday shift across the autumn change (31 October 2010, 02:00 BST is 01:00 GMT): open from
    # midnight, 120 minutes from 00:30 BST (23:30 UTC) end at 01:30 UTC, which is 01:30 GMT
    (
        now(2010, 10, 30, 23, 30) | ALWAYS,
        "2010-10-31 01:30", "2010-10-31", "2010-11-01",
    ),
    # the spring change (27 March 2011, 01:00 GMT is 02:00 BST): from 00:30, ready at 02:30 UTC
    (
        now(2011, 3, 27, 0, 30) | ALWAYS,
        "2011-03-27 02:30", "2011-03-27", "2011-03-28",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "ready_at", "ships_on", "arrives_on"), DATES)
def test_a_changed_input_changes_the_promise_as_computed_by_hand(
    changes, ready_at, ships_on, arrives_on
):
    answer = promised(**changes)

    assert isinstance(answer, Plan)
    [parcel] = answer.parcels
    assert f"{parcel.ready_at:%Y-%m-%d %H:%M}" == ready_at
    assert f"{parcel.collected_at:%Y-%m-%d}" == ships_on
    assert str(parcel.arrives_on) == arrives_on


COSTS = [
    # freight 3.00 + handling 1.00 + labour 0.20 + one day of speed 0.10
    ({}, 430),
    ({"service": {"zones": (zone(base_minor=350),)}}, 480),
    ({"node": {"parcel_cost_minor": 120}}, 450),
    ({"node": {"unit_cost_minor": 25}}, 435),
    ({"wanted": 3}, 470),
    # 2.5 kg: one begun kilogram above two
    ({"wanted": 5}, 560),
    ({"product": {"weight_g": 2001}}, 480),
    # a litre counts as 3 kg at 333 mm3/g: 1,000,000 / 333 = 3,003.003 g, two begun kilograms
    ({"service": {"dimensional_divisor_mm3_per_g": 333}}, 530),
    ({"policy": {"speed_day_minor": 0}}, 420),
    # near zone: Leeds to Manchester is 57 km
    ({"service": {"zones": (zone(distance_km_max=58, base_minor=200), zone())}}, 330),
    ({"service": {"zones": (zone(distance_km_max=57, base_minor=200), zone())}}, 430),
    ({"service": {"zones": (zone(postcode_prefixes=("M1",), base_minor=200), zone())}}, 330),
    ({"service": {"zones": (zone(postcode_prefixes=("LS", "BD"), base_minor=200), zone())}}, 430),
]


@pytest.mark.parametrize(("changes", "cost_minor"), COSTS)
def test_a_changed_rate_changes_the_cost_as_computed_by_hand(changes, cost_minor):
    answer = promised(**changes)

    assert isinstance(answer, Plan)
    assert answer.cost_millis == cost_minor * 1000
    assert sum(parcel.cost.millis() for parcel in answer.parcels) == answer.cost_millis


def test_carbon_costs_what_weight_distance_and_price_say():
    factor, kilometres, price = 1_000_000, 57.75, 100
    answer = promised(
        service={"emission_gco2e_per_tonne_km": factor}, policy={"carbon_minor_per_kg": price}
    )
    carbon_g = 500 / 1e6 * kilometres * factor

    assert answer.parcels[0].cost.carbon == pytest.approx(carbon_g / 1000 * price * 1000, rel=1e-3)


AEROSOL = {"product": {"hazard": "aerosol"}}
REFUSALS = [
    ({"units": 0}, "out_of_stock"),
    ({"wanted": 6}, "out_of_stock"),
    ({"request": {"wanted_by": date(2010, 12, 6)}}, "too_late"),
    ({"node": {"parcels_per_day_max": 0}}, "closed"),
    ({"node": {"calendar": week(days=())}}, "closed"),
    ({"node": {"methods": frozenset({"pickup"})}}, "not_eligible"),
    ({"policy": {"ship_kinds": frozenset({"store"})}}, "not_eligible"),
    ({"policy": {"distance_km_max": 57}}, "too_far"),
    ({"service": {"zones": (zone(distance_km_max=57),)}}, "no_service"),
    ({"service": {"weight_g_max": 499}}, "too_heavy"),
    (AEROSOL | {"service": {"refuses": frozenset({"aerosol"})}}, "hazard_refused"),
    (AEROSOL | {"policy": {"never_shipped": frozenset({"aerosol"})}}, "hazard_refused"),
    ({"request": {"destination": structs.replace(HOME, country="NO")}}, "not_served_country"),
    ({"request": {"only_node": "hull"}}, "unknown_node"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "reason"), REFUSALS)
def test_what_cannot_be_kept_is_refused_with_its_reason(changes, reason):
    answer = promised(**changes)

    assert isinstance(answer, Refusal)
    assert answer.reason == reason
    assert explain_refusal(answer)[0].endswith(".")


def test_the_wanted_day_is_kept_to_the_day():
    assert isinstance(promised(request={"wanted_by": date(2010, 12, 7)}), Plan)


def test_the_promise_holds_wherever_the_question_was_asked_from():
    elsewhere = MONDAY_NINE.astimezone(ZoneInfo("Asia/Tokyo"))

    assert promised(request={"now": elsewhere}) == promised()


def test_a_pickup_is_ready_when_the_door_is_open():
    answer = promised(
        node={"handling_minutes": 600, "calendar": week(range(5), time(8), time(12))},
        request={"method": "pickup", "pickup_node": "leeds"},
    )

    # 9 to 12 on Monday, 8 to 12 on Tuesday, three more hours on Wednesday
    assert answer.parcels[0].ready_at == at(2010, 12, 8, 11)
    assert answer.parcels[0].arrives_on == date(2010, 12, 8)
    assert answer.parcels[0].service is None


def test_work_that_ends_as_the_door_closes_can_be_fetched_the_next_day():
    answer = promised(
        node={"handling_minutes": 180, "calendar": week(range(5), time(8), time(12))},
        request={"method": "pickup", "pickup_node": "leeds"},
    )

    assert answer.parcels[0].ready_at == at(2010, 12, 7, 8)
    assert answer.parcels[0].arrives_on == date(2010, 12, 7)
