"""The snapshot says what is free, whatever the order in which changes arrive."""

from datetime import UTC, datetime

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from oneshelf.base.identifiers import ChannelId, NodeId, PointId, ReceiptLineId, Sku
from oneshelf.catalog.nodes import Toggle
from oneshelf.inventory.availability import StockSnapshot
from oneshelf.inventory.facts import StockChanged
from oneshelf.inventory.ledger import StockPoint

SKUS = [Sku("LAMP"), Sku("RUG")]
NODES = [NodeId("berlin"), NodeId("paris")]
WEB = ChannelId("web")
LOTS = [None, "a", "b"]
DUE_AT = datetime(2026, 1, 9, tzinfo=UTC)

cells = st.tuples(
    st.sampled_from(SKUS), st.sampled_from(NODES), st.sampled_from(LOTS), st.integers(0, 20)
)


def changed(rows):
    """rows: (sku, node, lot, available, version)."""
    return StockChanged(
        point_id=tuple(PointId(1) for _ in rows),
        sku=tuple(row[0] for row in rows),
        node=tuple(row[1] for row in rows),
        lot=tuple(row[2] for row in rows),
        receipt_line=tuple(None for _ in rows),
        due_at=tuple(None for _ in rows),
        available=tuple(row[3] for row in rows),
        expected=tuple(0 for _ in rows),
        version=tuple(row[4] for row in rows),
    )


def expected_at(now, units, version):
    return StockChanged(
        (PointId(9),),
        (SKUS[0],),
        (NODES[0],),
        (None,),
        (ReceiptLineId(5),),
        (now,),
        (0,),
        (units,),
        (version,),
    )


def free(snapshot, method="ship", channel=WEB):
    return snapshot.free(SKUS, channel, method)


@given(st.lists(cells), st.randoms(use_true_random=False))
def test_changes_may_arrive_in_any_order_and_twice(figures, chance):
    rows = [(*figure, version) for version, figure in enumerate(figures)]
    in_order, shuffled = StockSnapshot(SKUS, NODES), StockSnapshot(SKUS, NODES)
    in_order.apply(changed(rows))
    mixed = [*rows, *rows]
    chance.shuffle(mixed)
    for row in mixed:
        shuffled.apply(changed([row]))

    last = {(sku, node, lot): units for sku, node, lot, units, _ in rows}
    total = [[sum(last.get((s, n, lot), 0) for lot in LOTS) for s in SKUS] for n in NODES]
    assert free(in_order).tolist() == free(shuffled).tolist() == total


@given(st.lists(cells, max_size=12), st.integers(0, 9), st.lists(st.integers(1, 5)))
def test_what_a_batch_took_is_gone_until_the_batch_is_over(figures, safety, wishes):
    snapshot = StockSnapshot(SKUS, NODES)
    snapshot.set_safety_stock(np.full((2, 2), safety))
    snapshot.apply(changed([(*figure, version) for version, figure in enumerate(figures)]))
    before = free(snapshot).copy()
    taken = 0
    for units in wishes:
        if free(snapshot)[0, 0] >= units:
            points = snapshot.choose_points(SKUS[0], NODES[0], units)
            assert sum(part for _, part in points) == units
            snapshot.take(points)
            taken += units
    during = free(snapshot).copy()
    snapshot.forget_overlay()

    assert during[0, 0] == before[0, 0] - taken
    assert during[1:, :].tolist() == before[1:, :].tolist()
    assert free(snapshot).tolist() == before.tolist()


def test_lots_go_first_in_their_order_and_the_plain_shelf_last():
    snapshot = StockSnapshot(SKUS, NODES)
    rows = [(SKUS[0], NODES[0], lot, units, 1) for lot, units in [(None, 4), ("b", 2), ("a", 1)]]
    snapshot.apply(changed(rows))

    chosen = snapshot.choose_points(SKUS[0], NODES[0], 5)
    assert [(point.lot, units) for point, units in chosen] == [("a", 1), ("b", 2), (None, 2)]


def test_a_toggle_removes_exactly_that_methods_stock():
    snapshot = StockSnapshot(SKUS, NODES)
    snapshot.apply(changed([(s, n, None, 7, 1) for s in SKUS for n in NODES]))
    snapshot.set_methods([], [Toggle(NODES[1], SKUS[0], frozenset({"ship"}))])

    assert free(snapshot, "ship").tolist() == [[7, 7], [7, 7]]
    assert free(snapshot, "pickup").tolist() == [[7, 7], [0, 7]]


@given(st.integers(0, 20), st.integers(0, 20), st.integers(1, 30))
def test_a_threshold_hides_the_last_units_of_the_network_from_one_channel(berlin, paris, hidden):
    snapshot = StockSnapshot(SKUS, NODES)
    snapshot.apply(
        changed([(SKUS[0], NODES[0], None, berlin, 1), (SKUS[0], NODES[1], None, paris, 1)])
    )
    snapshot.set_thresholds({(WEB, SKUS[0]): hidden})

    seen = free(snapshot)[:, 0]
    assert seen.sum() == max(0, berlin + paris - hidden)
    assert all(seen <= [berlin, paris])
    assert free(snapshot, channel=ChannelId("app"))[:, 0].tolist() == [berlin, paris]


@given(st.lists(st.integers(0, 2), min_size=1), st.randoms(use_true_random=False))
def test_deliveries_may_be_told_in_any_order_and_twice(figures, chance):
    mixed = [*enumerate(figures), *enumerate(figures)]
    chance.shuffle(mixed)
    snapshot = StockSnapshot(SKUS, NODES)
    for version, units in mixed:
        snapshot.apply(expected_at(DUE_AT, units, version))

    assert [supply.units for supply in snapshot.dated(SKUS)] == [figures[-1]] * (figures[-1] > 0)
    assert snapshot.coming(SKUS) == [ReceiptLineId(5)] * (figures[-1] > 0)


def test_a_receipt_line_is_free_by_its_date_and_never_today(now):
    snapshot = StockSnapshot(SKUS, NODES)
    snapshot.apply(expected_at(now, 10, 1))
    point = StockPoint(SKUS[0], NODES[0], None, ReceiptLineId(5))
    snapshot.take([(point, 4)])

    [supply] = snapshot.dated(SKUS)
    assert (supply.units, supply.due_at, supply.point) == (6, now, point)
    assert free(snapshot).sum() == 0
