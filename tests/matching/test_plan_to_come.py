"""Backorders, pre-orders, and days that fill up, one by one."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from msgspec import structs
from sample_worlds import MONDAY_NINE, node, request, service
from three_places import POLICY, PRODUCTS, decide, due, sent

from oneshelf.matching.plan import LineUnits
from oneshelf.matching.world import compile_world


def test_a_backorder_waits_for_the_receipt_and_names_its_line():
    arrival = datetime(2010, 12, 15, 10, tzinfo=UTC)  # Wednesday, worked on at once, ready at 12
    asked = request(("cup", 3), backorder="accepted")
    answer = decide(asked, {"leeds": {"cup": 1}}, dated=[due("leeds", 5, arrival, 77)])

    assert sum(units for _, _, units in sent(answer)) == 3
    takes = [take for parcel in answer.parcels for take in parcel.takes]
    assert sum(take.units for take in takes if take.receipt_line is None) == 1
    assert [take.units for take in takes if take.receipt_line == 77] == [2]
    assert answer.arrives_on() == date(2010, 12, 16)
    refused = decide(structs.replace(asked, backorder="refused"), {"leeds": {"cup": 1}})
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
    together = decide(structs.replace(asked, splitting="together"), {"leeds": {"cup": 1, "new": 1}})

    assert answer.arrives_on() == together.arrives_on() == date(2010, 12, 21)
    assert len(together.parcels) == 1


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
