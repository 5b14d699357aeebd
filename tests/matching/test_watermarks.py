"""However many units are sold, only a crossed mark is told, and once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oneshelf.base.policies import decide_policy
from oneshelf.matching.watermarks.actions import tell_crossings
from oneshelf.matching.watermarks.crossing import (
    Crossing,
    WatermarkPolicy,
    WatermarkRule,
    cross,
)
from shop import MONDAY, Shop, order, stock

marks = st.lists(st.integers(0, 20), max_size=4, unique=True).map(
    lambda found: tuple(sorted(found))
)


def look(shop):
    """Bring the shop's picture forward and tell what crossed, as a worker does."""
    with shop.database.transaction("test", "look") as tx:
        shop.watch.refresh(tx, 0, MONDAY)
        return tell_crossings(shop.watch.outlook, tx, MONDAY)


def told(shop):
    return [
        tuple(row)
        for row in shop.rows(
            "SELECT body->>'sku', (body->>'mark')::int, body->>'direction', (body->>'units')::int"
            "  FROM base.fact WHERE name = 'WatermarkCrossed' ORDER BY fact_id"
        )
    ]


def set_marks(shop, *rules):
    with shop.database.transaction("test", "marks") as tx:
        decide_policy(tx, "watermarks", WatermarkPolicy(rules), MONDAY)


@pytest.fixture
def shop(database):
    return Shop.opened(database, [("LAMP", "leeds", 30), ("LAMP", "york", 10)])


def test_many_sales_tell_only_the_marks_they_cross(shop):
    set_marks(shop, WatermarkRule((0, 5, 20)))
    for _ in range(8):
        shop.place(*[order(("LAMP", 1)) for _ in range(5)])
        look(shop)
    stock(shop.database, ("LAMP", "leeds", 6))
    look(shop)

    assert told(shop) == [
        ("LAMP", 20, "fell", 20),
        ("LAMP", 5, "fell", 5),
        ("LAMP", 0, "fell", 0),
        ("LAMP", 0, "rose", 6),
    ]


def test_without_a_policy_the_end_and_the_return_of_stock_are_told(shop):
    shop.place(order(("LAMP", 30)), order(("LAMP", 10)))
    look(shop)
    stock(shop.database, ("LAMP", "york", 1))
    look(shop)

    assert [one[2] for one in told(shop)] == ["fell", "rose"]


def test_what_never_was_in_stock_is_not_told_as_sold_out(shop):
    assert look(shop) == 0
    assert told(shop) == []


def test_several_workers_tell_one_crossing_once(shop):
    shop.place(order(("LAMP", 30)), order(("LAMP", 10)))
    others = [Shop(shop.database) for _ in range(6)]
    with ThreadPoolExecutor(len(others)) as pool:
        list(pool.map(look, others))

    assert told(shop) == [("LAMP", 0, "fell", 0)]


def test_other_marks_alone_are_remembered_but_not_told_as_a_rise(shop):
    set_marks(shop, WatermarkRule((50,)))
    look(shop)
    set_marks(shop, WatermarkRule((60,)))
    look(shop)

    assert told(shop) == [("LAMP", 50, "fell", 40)]


def test_the_last_rule_that_matches_counts(shop):
    set_marks(shop, WatermarkRule((99,)), WatermarkRule((), sku="LAMP"))
    look(shop)

    assert told(shop) == []


@given(marks, st.lists(st.integers(0, 25), max_size=30))
def test_facts_alternate_and_lead_to_where_the_units_stand(marks, history):
    standing, heard = {}, {}
    for units in history:
        for one in cross({"a": marks}, {"a": units}, standing):
            standing = {} if one.stands_at is None else {"a": one.stands_at}
            heard = one.telling()

            assert heard is not None
            assert (units <= heard[0]) is (heard[1] == "fell")
    if history:
        reached = [mark for mark in marks if history[-1] <= mark]

        assert standing.get("a") == (reached[0] if reached else None)


def test_a_mark_that_is_no_mark_any_more_is_forgotten_silently():
    assert Crossing("a", 40, None, 50).telling() is None


@pytest.mark.parametrize("wrong", [(5, 0), (1, 1), (-1,), (1_000_001,), tuple(range(21))])
def test_marks_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValueError, match="mark"):
        WatermarkRule(wrong)
