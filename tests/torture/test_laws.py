"""Each way to break a promise breaks its law, and nothing else does."""

from dataclasses import replace
from uuid import UUID

import pytest

from oneshelf.simulation.torture.answers import OrderStanding, OrderTold, Standing, Told, Violation
from oneshelf.simulation.torture.judging import judge

HOLD, USED = UUID(int=1), UUID(int=2)
KEY = ("web", "a")
TOLD = Told(
    orders={KEY: OrderTold(10_001, 500, "ship - LAMP:1:500")},
    refused=frozenset({("web", "b")}),
    units={"cancelled": {"10001": 1}, "shipped": {}},
    consumed=frozenset({USED}),
    released=frozenset({HOLD}),
    refused_holds=frozenset({UUID(int=3)}),
    unheard={("web", "c"): "ship - VASE:1:500"},
    unheard_holds=frozenset(),
    brought={"LAMP": 3},
    seen=(),
    asked=9,
)
ORDER = OrderStanding("web", "a", 10_001, 500, "ship - LAMP:1:500")
STANDING = Standing(
    orders=[ORDER],
    units={"cancelled": {"10001": 1}},
    holds={HOLD: "released", USED: "consumed"},
    sold={"LAMP": 3},
    found={},
    oversold={},
    points=2,
    facts=12,
    deadlocks=0,
)
UNHEARD = OrderStanding("web", "c", 10_002, 500, "ship - VASE:1:500")


def broken(told=TOLD, standing=STANDING):
    return {one.law for one in judge(told, standing) if one.violations}


def test_what_stands_as_it_was_told_violates_nothing():
    assert broken() == set()


@pytest.mark.parametrize(
    ("law", "standing"),
    {
        "lost": ("acknowledged", {"orders": []}),
        "changed": ("acknowledged", {"orders": [replace(ORDER, total_minor=501)]}),
        "twice": ("one_key", {"orders": [ORDER, ORDER]}),
        "refused": ("refused", {"orders": [ORDER, replace(ORDER, key="b")]}),
        "untold": ("acknowledged", {"orders": [ORDER, replace(ORDER, key="x")]}),
        "cancelled twice": ("deeds", {"units": {"cancelled": {"10001": 2}}}),
        "cancellation lost": ("deeds", {"units": {}}),
        "leaked": ("holds", {"holds": {HOLD: "released", USED: "held"}}),
        "hold lost": ("holds", {"holds": {USED: "consumed"}}),
        "used by nobody": ("holds", {"holds": {HOLD: "consumed", USED: "consumed"}}),
        "refused hold": ("refused", {"holds": {**STANDING.holds, UUID(int=3): "lapsed"}}),
        "ledger": ("ledger", {"ledger": ["a point"]}),
        "capacity": ("capacity", {"capacity": ["a day"]}),
        "parked": ("facts_read", {"unread": ["a fact"]}),
        "no fact": ("facts_written", {"unwritten": ["an order"]}),
        "oversold": ("oversold", {"oversold": {"LAMP": 1}}),
        "more than brought": ("brought", {"sold": {"LAMP": 4}}),
        "deadlock": ("circles", {"deadlocks": 1}),
    }.values(),
)
def test_each_way_to_break_a_promise_breaks_its_law(law, standing):
    assert broken(standing=replace(STANDING, **standing)) == {law}


def test_a_law_that_an_answer_broke_is_violated_whatever_stands():
    seen = [Violation("expected", "/api/v1/orders", "500")]

    assert broken(replace(TOLD, seen=seen)) == {"expected"}


def test_an_order_whose_answer_was_not_heard_may_stand_as_it_was_asked():
    as_asked = replace(STANDING, orders=[ORDER, UNHEARD])
    otherwise = replace(STANDING, orders=[ORDER, replace(UNHEARD, content="ship - LAMP:1:500")])

    assert broken(standing=as_asked) == set()
    assert broken(standing=otherwise) == {"acknowledged"}


def test_units_that_a_till_found_count_as_brought():
    assert broken(standing=replace(STANDING, sold={"LAMP": 4}, found={"LAMP": 1})) == set()
