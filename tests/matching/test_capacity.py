import threading
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample_worlds import node

from oneshelf.base.errors import ValueRefusedError
from oneshelf.base.identifiers import NodeId, OrderId
from oneshelf.catalog.actions import load_catalog, put_nodes
from oneshelf.matching.capacity import actions
from oneshelf.matching.capacity.facts import CapacityChanged
from oneshelf.matching.capacity.holding import DayTaken, Hold, NodeDay, Wish, lacking
from oneshelf.matching.capacity.snapshot import CapacitySnapshot
from oneshelf.matching.world import UNLIMITED, world_of

MONDAY, TUESDAY = date(2026, 1, 5), date(2026, 1, 6)
LIMIT = 5
LEEDS = NodeDay(NodeId("leeds"), MONDAY)
YORK = NodeDay(NodeId("york"), TUESDAY)
HULL = NodeDay(NodeId("hull"), MONDAY)  # has no limit


@pytest.fixture
def nodes(database, now):
    with database.transaction("test", "capacity") as tx:
        put_nodes(
            tx,
            [
                node("leeds", parcels_per_day_max=LIMIT),
                node("york", parcels_per_day_max=LIMIT),
                node("hull"),
            ],
            now,
        )
    return database


def place(tx, order_id, days, now, binding="limit"):
    locked = actions.lock_days(tx, days, now)
    [full] = lacking([Wish(tuple(days), binding)], locked)
    if not full:
        actions.hold(tx, [Hold(OrderId(order_id), at, day) for at, day in enumerate(days)], now)
    return not full


def taken(tx):
    days = actions.load_capacity(tx, MONDAY)
    return dict(zip(zip(days.node, days.on, strict=True), days.taken, strict=True))


def test_racing_orders_never_take_more_than_the_limit_whatever_order_they_lock_in(nodes, now):
    placed = []

    def shop(shopper):
        for turn in range(4):
            days = [LEEDS, YORK] if (shopper + turn) % 2 else [YORK, LEEDS]
            with nodes.transaction("test", "race") as tx:
                placed.append(place(tx, shopper * 10 + turn, days, now))

    threads = [threading.Thread(target=shop, args=(shopper,)) for shopper in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with nodes.transaction("test", "race") as tx:
        assert len(placed) == 24
        assert sum(placed) == LIMIT
        assert set(taken(tx).values()) == {LIMIT}
        assert actions.find_drift(tx) == []


def test_what_is_given_back_is_given_back_once_and_can_be_taken_again(nodes, now):
    with nodes.transaction("test", "release") as tx:
        for order_id in range(LIMIT):
            place(tx, order_id, [LEEDS], now)
        full = place(tx, 77, [LEEDS], now)
        for _ in range(2):
            actions.release(tx, [OrderId(3)], now)
            actions.release_parcels(tx, [(OrderId(4), 0)], now)
        after = taken(tx)[LEEDS.node, LEEDS.on]

        assert not full
        assert after == LIMIT - 2
        assert place(tx, 77, [LEEDS], now)
        assert actions.find_drift(tx) == []


def test_a_repeated_hold_takes_nothing_more(nodes, now):
    with nodes.transaction("test", "repeat") as tx:
        for _ in range(3):
            place(tx, 1, [LEEDS, LEEDS], now)

        assert taken(tx) == {(LEEDS.node, LEEDS.on): 2}


def test_a_node_without_a_limit_locks_and_writes_nothing(nodes, now):
    with nodes.transaction("test", "unlimited") as tx:
        assert actions.lock_days(tx, [HULL], now) == {}
        assert place(tx, 1, [HULL], now)
        assert taken(tx) == {}


def test_a_sold_order_is_written_beyond_the_limit_and_counts(nodes, now):
    with nodes.transaction("test", "sold") as tx:
        for order_id in range(LIMIT):
            place(tx, order_id, [LEEDS], now)

        assert place(tx, 9, [LEEDS], now, "sold")
        assert taken(tx)[LEEDS.node, LEEDS.on] == LIMIT + 1
        assert not place(tx, 10, [LEEDS], now)


def test_every_change_is_announced_with_its_figures(nodes, now):
    with nodes.transaction("test", "facts") as tx:
        place(tx, 1, [LEEDS], now)
        place(tx, 2, [LEEDS, YORK], now)
        facts = tx.scalars("SELECT body FROM base.fact WHERE name = 'CapacityChanged'")

    assert [dict(zip(f["node"], f["taken"], strict=True)) for f in facts] == [
        {"leeds": 1},
        {"leeds": 2, "york": 1},
    ]


def test_a_day_never_falls_below_nothing(nodes, now):
    with nodes.transaction("test", "law") as tx:
        actions.lock_days(tx, [LEEDS], now)
        with pytest.raises(ValueRefusedError), tx.savepoint():
            tx.run("UPDATE matching.capacity_day SET taken = -1")


days = st.builds(NodeDay, st.sampled_from([NodeId("a"), NodeId("b")]), st.just(MONDAY))


@given(st.lists(st.lists(days, min_size=1, max_size=3).map(tuple), max_size=8), st.integers(0, 5))
def test_orders_that_fit_together_stay_within_the_limit_and_none_is_refused_needlessly(
    wanted, limit
):
    states = {day: DayTaken(0, limit) for wish in wanted for day in wish}
    used = dict.fromkeys(states, 0)

    answers = lacking([Wish(order) for order in wanted], states)
    for order, full in zip(wanted, answers, strict=True):
        assert set(full) == {day for day in order if used[day] + order.count(day) > limit}
        for day in () if full else order:
            used[day] += 1


def test_a_snapshot_follows_only_higher_versions_and_forgets_the_batch():
    snapshot = CapacitySnapshot([LEEDS.node, YORK.node], MONDAY)
    newer = CapacityChanged((LEEDS.node,), (MONDAY,), (3,), (2,))
    older = CapacityChanged((LEEDS.node,), (MONDAY,), (9,), (1,))

    snapshot.apply(newer)
    snapshot.apply(older)
    snapshot.take(LEEDS.node, MONDAY, 2)
    view = snapshot.view()
    column = (MONDAY - view.first_on).days

    assert view.taken[0, column] == 5
    snapshot.drop_overlay()
    assert view.taken[0, column] == 3
    snapshot.advance(TUESDAY)
    moved = snapshot.view()
    assert moved.taken[0, (MONDAY - moved.first_on).days] == 3


def test_capacity_of_a_calendar_in_use_can_be_lowered_below_what_is_taken(nodes, now):
    with nodes.transaction("test", "lower") as tx:
        place(tx, 1, [LEEDS, LEEDS], now)
        put_nodes(tx, [replace(node("leeds"), parcels_per_day_max=1)], now)

        assert not place(tx, 2, [LEEDS], now)
        assert taken(tx)[LEEDS.node, LEEDS.on] == 2


def test_the_hot_statements_never_read_a_whole_table(nodes, now):
    with nodes.transaction("test", "fill") as tx:
        tx.run(
            """
            INSERT INTO matching.capacity_day (node_id, on_day)
            SELECT node_id, date '2026-02-01' + ahead
              FROM unnest(ARRAY['leeds', 'york']) AS node_id, generate_series(1, 5000) AS ahead
            """
        )
        tx.run(
            """
            INSERT INTO matching.capacity_hold (order_id, parcel, node_id, on_day)
            SELECT 1000 + ahead, 0, 'leeds', date '2026-02-01' + ahead
              FROM generate_series(1, 5000) AS ahead
            """
        )
        tx.run("ANALYZE matching.capacity_day, matching.capacity_hold")
    with nodes.transaction("test", "hot") as tx:
        place(tx, 1, [LEEDS, YORK], now)
        actions.release(tx, [OrderId(1)], now)
        actions.release_parcels(tx, [(OrderId(1), 0)], now)
        hot = whole_reads(tx)
        actions.find_drift(tx)

        assert hot == [0, 0]
        assert sum(whole_reads(tx)) > 0  # the measure sees what it should


def test_a_loaded_catalog_compiles_to_the_world_that_was_put(nodes):
    with nodes.transaction("test", "world") as tx:
        world = world_of(load_catalog(tx))

    assert [node.node_id for node in world.nodes] == ["hull", "leeds", "york"]
    assert world.parcels_per_day_max.tolist() == [UNLIMITED, LIMIT, LIMIT]


def whole_reads(tx):
    return tx.scalars(
        "SELECT seq_scan FROM pg_stat_xact_user_tables WHERE schemaname = 'matching'"
        " AND relname LIKE 'capacity%%'"
    )
