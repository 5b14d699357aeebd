"""A decision is kept small, explained in sentences and decided again to the same answer."""

import random
from dataclasses import replace
from datetime import date, time, timedelta

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

from oneshelf.base.identifiers import NodeId, OrderId, Sku
from oneshelf.matching.decision_record import (
    decided,
    decode,
    encode,
    record,
    replay,
    with_stock,
)
from oneshelf.matching.decisions import actions
from oneshelf.matching.explanation import explain, money
from oneshelf.matching.plan import Plan
from oneshelf.matching.planning import plan
from oneshelf.matching.policy import SourcingPolicy
from oneshelf.matching.request import Destination
from oneshelf.matching.world import compile_world

POLICY = SourcingPolicy(version=3)
PRODUCTS = [product(f"sku-{number}") for number in range(5)]
NODES = [
    node("daventry", latitude=52.26, longitude=-1.16, parcel_cost_minor=164),
    node("glasgow", latitude=55.86, longitude=-4.25, handling_minutes=240),
    node("leeds"),
    node("manchester", kind="store"),
    node("york", kind="store"),
]
WORLD = compile_world(NODES, [service(collected_at=time(11))], PRODUCTS)
TWO = (("sku-0", 1), ("sku-1", 1))
FREE = {
    "daventry": {"sku-0": 5, "sku-1": 5},
    "glasgow": {"sku-0": 5, "sku-1": 5},
    "leeds": {"sku-0": 5, "sku-1": 5},
    "manchester": {"sku-0": 1},
}


def kept_of(asked, free, world=WORLD, policy=POLICY, **other):
    answer = plan(asked, world, stock(world, asked, free, **other), capacity(world), policy)
    assert isinstance(answer, Plan), answer
    return decode(encode(record(answer)))


def test_a_decision_is_told_as_a_store_manager_would():
    assert explain(kept_of(request(*TWO), FREE)) == (
        "Leeds ships both lines in one parcel for 4.50 GBP. It arrives on Tuesday 7 December.",
        (
            "Glasgow misses today's 11:00 pickup; it would cost 0.10 GBP more"
            " and arrive on Wednesday 8 December."
        ),
        "Daventry would cost 0.64 GBP more.",
        "Leeds and Manchester together would cost 4.60 GBP more.",
        "Manchester has one of two.",
        "York has none of it.",
        (
            "Decided on Monday 6 December at 09:00 UTC under sourcing policy 3;"
            " no cheaper plan exists."
        ),
    )


def test_it_is_told_why_a_place_does_not_send_today():
    free = {name: FREE[name] for name in ("glasgow", "leeds")}
    told = explain(kept_of(request(*TWO), free))

    assert told[1] == (
        "Glasgow misses today's 11:00 pickup; it would cost 0.10 GBP more"
        " and arrive on Wednesday 8 December."
    )
    evening = request(*TWO, now=MONDAY_NINE + timedelta(hours=7))
    assert "Leeds is past its 14:00 cut-off today." in explain(kept_of(evening, free))
    sunday = request(*TWO, now=MONDAY_NINE - timedelta(days=1))
    assert "Leeds is closed now." in explain(kept_of(sunday, free))


def test_a_split_a_pickup_and_what_is_unserved_are_told():
    short = {"leeds": {"sku-0": 2}, "york": {"sku-0": 1}}
    told = explain(kept_of(request(("sku-0", 5), ("sku-1", 1), standing="sold"), short))
    pickup = request(("sku-0", 1), method="pickup", pickup_node=NodeId("york"))

    assert told[:3] == (
        (
            "Leeds ships two of five units of line 1 in one parcel for 4.50 GBP."
            " It arrives on Tuesday 7 December."
        ),
        (
            "York ships one of five units of line 1 in one parcel for 4.80 GBP."
            " It arrives on Tuesday 7 December."
        ),
        "The two parcels cost 9.30 GBP together; everything has arrived on Tuesday 7 December.",
    )
    assert told[3:5] == (
        "Two units of line 1 stand nowhere and wait.",
        "One unit of line 2 stands nowhere and waits.",
    )
    assert explain(kept_of(pickup, short))[0] == (
        "York has the line ready on Monday 6 December at 11:00, for 1.20 GBP."
    )


@pytest.mark.parametrize(
    ("millis", "words"),
    [(0, "0.00"), (499, "0.00"), (500, "0.01"), (-500, "-0.01"), (123456, "1.23")],
)
def test_money_is_told_with_two_decimals(millis, words):
    assert money(millis, "GBP") == f"{words} GBP"
    assert money(millis, "") == words


def test_a_record_holds_nothing_that_names_a_person_or_a_street():
    home = Destination("GB", "SW1A 1AA", 51.501009, -0.141588)
    answer = record_bytes = kept_of(request(*TWO, destination=home), FREE)
    text = repr(answer)

    assert record_bytes.request.destination.postcode == "SW1A"
    assert record_bytes.request.destination.latitude == 51.5
    assert "1AA" not in text
    assert "51.501" not in text
    assert "Dock Road" not in text


stocks = st.fixed_dictionaries(
    {
        node.node_id: st.fixed_dictionaries({f"sku-{n}": st.integers(0, 3) for n in range(3)})
        for node in NODES
    }
)
asked_lines = st.lists(
    st.tuples(st.sampled_from([f"sku-{n}" for n in range(3)]), st.integers(1, 3)),
    min_size=1,
    max_size=3,
)


@given(
    asked_lines,
    stocks,
    st.sampled_from(["cheapest", "earliest", "fewest_parcels"]),
    st.sampled_from(["ask", "sold"]),
)
@settings(max_examples=100)
def test_a_replay_gives_the_same_answer_from_the_record_alone(lines, free, preference, standing):
    asked = request(*lines, preference=preference, standing=standing)
    answer = plan(asked, WORLD, stock(WORLD, asked, free), capacity(WORLD), POLICY)

    if isinstance(answer, Plan):
        kept = decode(encode(record(answer)))
        assert replay(kept) == decided(kept)
        assert explain(kept) == explain(record(answer))


def test_a_replay_with_a_changed_input_gives_another_answer():
    kept = kept_of(request(*TWO), FREE)
    without = with_stock(kept, NodeId("leeds"), Sku("sku-0"), 0)
    again = replay(without)

    assert again is not None
    assert again != decided(kept)
    assert again.cost_millis - kept.cost_millis == 10_000
    bare = without
    for name in ("daventry", "glasgow", "manchester"):
        bare = with_stock(bare, NodeId(name), Sku("sku-0"), 0)
    assert replay(bare) is None


@pytest.mark.parametrize(("nodes", "lines", "bytes_max"), [(16, 2, 2_000), (500, 5, 20_000)])
def test_a_record_is_small_even_where_every_figure_differs(nodes, lines, bytes_max):
    chance = random.Random(7)
    world = compile_world(
        [
            node(
                f"node-{at:03}",
                latitude=50 + chance.random() * 8,
                longitude=-5 + chance.random() * 6,
                cut_off=time(10 + at % 8),
                handling_minutes=30 * (at % 9),
            )
            for at in range(nodes)
        ],
        [
            service(f"service-{at}", (zone(distance_km_max=200), zone(base_minor=500)),
                    collected_at=time(11 + at), emission_gco2e_per_tonne_km=90 + at)
            for at in range(3)
        ],
        PRODUCTS,
    )  # fmt: skip
    asked = request(*((f"sku-{at}", 1) for at in range(lines)))
    every = {
        n.node_id: {f"sku-{at}": chance.randrange(1, 40) for at in range(lines)}
        for n in world.nodes
    }
    prices = {
        n.node_id: {f"sku-{at}": chance.randrange(90_000) for at in range(lines)}
        for n in world.nodes
    }
    view = stock(world, asked, every, opportunity=prices)
    answer = plan(asked, world, view, capacity(world), POLICY)

    assert len(encode(record(answer))) <= bytes_max


def test_decisions_are_kept_with_their_order_and_forgotten_after_ninety_days(database, now):
    asked = request(*TWO)
    answer = plan(asked, WORLD, stock(WORLD, asked, FREE), capacity(WORLD), POLICY)
    later = replace(answer, policy_version=4)
    with database.transaction("test", "decisions") as tx:
        first, second = actions.remember(
            tx,
            [
                actions.Decided(OrderId(5), "promise", actions.recorded(answer)),
                actions.Decided(OrderId(5), "source", actions.recorded(later)),
            ],
            now,
        )
        found = actions.find_decisions(tx, OrderId(5))
        kept = actions.forget_old(tx, now + timedelta(days=90))
        gone = actions.forget_old(tx, now + timedelta(days=91))

        assert [(d.decision_id, d.kind, d.decided_at) for d in found] == [
            (first, "promise", now),
            (second, "source", now),
        ]
        assert found[0].record == record(answer)
        assert (kept, gone) == (0, 2)
        assert actions.find_decisions(tx, OrderId(5)) == []


def test_the_day_of_the_record_is_the_day_of_the_decision():
    kept = kept_of(request(*TWO), FREE)

    assert kept.day(0) == date(2010, 12, 6)
    assert week().time_zone == "Europe/London"
