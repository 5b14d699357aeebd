"""Laws of plans whose goods, places and days come later: receipts, launches, full days."""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta

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

from oneshelf.base.identifiers import ReceiptLineId
from oneshelf.matching.decision_record import decided, decode, encode, record, replay
from oneshelf.matching.explanation import explain
from oneshelf.matching.plan import Plan
from oneshelf.matching.planning import plan
from oneshelf.matching.policy import SourcingPolicy
from oneshelf.matching.stock_view import DatedSupply
from oneshelf.matching.world import compile_world

LIMIT = 2
SKUS = ("cup", "new", "pot")
LAUNCH = date(2010, 12, 9)
NODES = (
    node("leeds", parcels_per_day_max=LIMIT),
    node("quiet", parcels_per_day_max=1, calendar=week((1, 3)), handling_minutes=0),
    node("york", kind="store", cut_off=time(9), calendar=week(range(7), time(0), time(0))),
)
WORLD = compile_world(
    NODES,
    [service(), service("express", (zone(base_minor=700, transit_days=0),), collected_at=time(12))],
    [product("cup"), product("pot"), product("new", launches_on=LAUNCH)],
)
DAYS = [date(2010, 12, 6) + timedelta(days=ahead) for ahead in range(5)]

supplies = st.lists(
    st.builds(
        lambda sku, place, hours, units, line: (
            sku,
            DatedSupply(0, place, MONDAY_NINE + timedelta(hours=hours), units, ReceiptLineId(line)),
        ),
        st.sampled_from(SKUS),
        st.integers(0, len(NODES) - 1),
        st.integers(-5, 24 * 12),
        st.integers(1, 4),
        st.integers(1, 10**6),
    ),
    max_size=6,
    unique_by=lambda pair: pair[1].receipt_line,
)
shelves = st.fixed_dictionaries(
    {n.node_id: st.fixed_dictionaries({sku: st.integers(0, 2) for sku in SKUS}) for n in NODES}
)
taken_days = st.fixed_dictionaries(
    {(name, day): st.integers(0, LIMIT) for name in ("leeds", "quiet") for day in DAYS}
)
lines = st.lists(
    st.tuples(st.sampled_from(SKUS), st.integers(1, 3)),
    min_size=1,
    max_size=2,
    unique_by=lambda x: x[0],
)
wishes = st.fixed_dictionaries(
    {
        "standing": st.sampled_from(["ask", "sold"]),
        "backorder": st.sampled_from(["accepted", "refused"]),
        "preference": st.sampled_from(["cheapest", "earliest", "fewest_parcels"]),
        "splitting": st.sampled_from(["allowed", "together"]),
    }
)


@given(lines, shelves, supplies, taken_days, wishes)
@settings(max_examples=250)
def test_no_plan_takes_what_is_not_there_yet_or_a_day_that_is_full(
    wanted, free, dated, taken, wish
):
    asked = request(*wanted, **wish)
    skus = WORLD.components(asked.lines)
    coming = [
        DatedSupply(skus.index(sku), s.node, s.due_at, s.units, s.receipt_line)
        for sku, s in dated
        if sku in skus
    ]
    view = stock(WORLD, asked, free, sorted(coming, key=lambda s: s.due_at))
    answer = plan(asked, WORLD, view, capacity(WORLD, taken), SourcingPolicy())
    if not isinstance(answer, Plan):
        return
    due = {supply.receipt_line: supply for supply in coming}
    launch = datetime(LAUNCH.year, LAUNCH.month, LAUNCH.day, tzinfo=UTC)
    used = Counter()
    for parcel in answer.parcels:
        for take in parcel.takes:
            if take.sku == "new":
                assert parcel.ready_at >= launch
            if take.receipt_line is None:
                used[parcel.node, take.sku] += take.units
                assert used[parcel.node, take.sku] <= free[parcel.node][take.sku]
            else:
                assert wish["backorder"] == "accepted"
                supply = due[take.receipt_line]
                used[take.receipt_line] += take.units
                assert used[take.receipt_line] <= supply.units
                assert parcel.ready_at >= supply.due_at
                assert WORLD.nodes[supply.node].node_id == parcel.node
    if wish["standing"] == "ask":
        for (name, day), parcels in Counter((d.node, d.on) for d in answer.capacity_days()).items():
            limit = WORLD.nodes[WORLD.node_index[name]].parcels_per_day_max
            assert limit is None or parcels + taken.get((name, day), 0) <= limit
    if wish["splitting"] == "together":
        assert len(answer.parcels) <= 1
    kept = decode(encode(record(answer)))
    assert replay(kept) == decided(kept)
    assert all(sentence.endswith(".") for sentence in explain(kept))
