"""Older claims first: nobody gets a unit that an older claim could have."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from oneshelf.base.identifiers import LineId, NodeId, OrderId, PointId, Sku
from oneshelf.catalog.products import KitPart
from oneshelf.inventory.claims.serving import Claim, Inbound, allot, serve

SKUS = [Sku("LAMP"), Sku("RUG")]
SET = Sku("SET")
NODES = [NodeId("berlin"), NodeId("paris")]
NOW = datetime(2026, 1, 5, tzinfo=UTC)
PARTS = [(KitPart(SKUS[0], 1),), (KitPart(SKUS[1], 1),), (KitPart(SKUS[0], 1), KitPart(SKUS[1], 2))]


@st.composite
def queues(draw):
    return [
        Claim(
            claim_id=place,
            line_id=LineId(place),
            order_id=OrderId(draw(st.integers(0, 3))),
            sku=parts[0].sku if len(parts) == 1 else SET,
            parts=parts,
            units=draw(st.integers(1, 5)),
            nodes=draw(st.none() | st.frozensets(st.sampled_from(NODES), min_size=1)),
            promised_at=draw(st.none() | st.just(NOW) | st.just(NOW + timedelta(days=1))),
            priority=draw(st.integers(0, 1)),
            serving=draw(st.sampled_from(["as_it_comes", "together"])),
            method="ship",
        )
        for place in range(draw(st.integers(0, 6)))
        for parts in [draw(st.sampled_from(PARTS))]
    ]


shelves = st.dictionaries(
    st.tuples(st.sampled_from(SKUS), st.sampled_from(NODES)), st.integers(0, 9)
)
inbounds = st.lists(
    st.tuples(st.sampled_from(SKUS), st.sampled_from(NODES), st.integers(0, 3), st.integers(1, 9)),
    max_size=5,
)


def left_after(grants, free):
    left = Counter(free)
    for grant in grants:
        for part in grant.claim.parts:
            left[part.sku, grant.node] -= part.units * grant.units
    return left


def given_to(grants):
    units = Counter()
    for grant in grants:
        units[grant.claim.claim_id] += grant.units
    return units


@given(queues(), shelves)
def test_nothing_is_given_that_is_not_there_or_not_wanted(claims, free):
    grants = serve(claims, free, set())

    assert all(units >= 0 for units in left_after(grants, free).values())
    assert all(given_to(grants)[claim.claim_id] <= claim.units for claim in claims)
    assert all(grant.claim.accepts(grant.node) for grant in grants)


@given(queues(), shelves)
def test_no_unit_stays_free_where_a_plain_claim_waits(claims, free):
    grants = serve(claims, free, set())
    left, served = left_after(grants, free), given_to(grants)

    for claim in claims:
        if claim.serving == "as_it_comes" and served[claim.claim_id] < claim.units:
            assert not any(
                claim.accepts(node) and all(left[p.sku, node] >= p.units for p in claim.parts)
                for node in NODES
            )


@given(queues(), shelves)
def test_no_later_claim_changes_what_an_older_one_gets(claims, free):
    plain = [claim for claim in claims if claim.serving == "as_it_comes"]
    everyone = given_to(serve(plain, free, set()))

    for place, claim in enumerate(sorted(plain, key=Claim.turn)):
        older = sorted(plain, key=Claim.turn)[: place + 1]
        assert given_to(serve(older, free, set()))[claim.claim_id] == everyone[claim.claim_id]


@given(queues(), shelves)
def test_a_whole_order_gets_everything_or_nothing(claims, free):
    served = given_to(serve(claims, free, set()))

    for order in {claim.order_id for claim in claims}:
        group = [c for c in claims if c.order_id == order and c.serving == "together"]
        assert sum(served[c.claim_id] for c in group) in {0, sum(c.units for c in group)}


@given(queues(), shelves)
def test_a_node_that_does_not_ship_a_sku_serves_no_claim_with_it(claims, free):
    grants = serve(claims, free, {("ship", SKUS[0], NODES[0])})

    assert not [
        g for g in grants if g.node == NODES[0] and SKUS[0] in {p.sku for p in g.claim.parts}
    ]


@given(queues(), shelves)
def test_a_node_that_does_not_ship_a_kit_still_ships_its_parts_alone(claims, free):
    off = {("ship", SET, NODES[0])}
    alone = [claim for claim in claims if claim.sku != SET]

    assert not [g for g in serve(claims, free, off) if g.node == NODES[0] and g.claim.sku == SET]
    assert serve(alone, free, off) == serve(alone, free, set())


@given(queues(), inbounds)
def test_dated_supply_goes_to_the_oldest_claim_first_and_is_never_promised_twice(claims, rows):
    lines = [
        Inbound(PointId(place), sku, node, NOW + timedelta(days=days), units)
        for place, (sku, node, days, units) in enumerate(rows)
    ]
    allotted = allot(claims, lines)
    by_line, by_claim = Counter(), Counter()
    for (claim_id, point_id), units in allotted.items():
        by_line[point_id] += units
        by_claim[claim_id, lines[point_id].sku] += units

    assert all(by_line[line.point_id] <= line.units for line in lines)
    for claim in claims:
        for part in claim.parts:
            missing = claim.units * part.units - by_claim[claim.claim_id, part.sku]
            assert missing >= 0
            if missing:
                later = {c.claim_id for c in claims if c.turn() > claim.turn()}
                useful = {p.point_id for p in lines if p.sku == part.sku and claim.accepts(p.node)}
                assert not [k for k in allotted if k[0] in later and k[1] in useful]
                assert all(by_line[p] == lines[p].units for p in useful)
