"""Invoices become consumer baskets without losing or inventing a unit."""

from collections import Counter
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oneshelf.simulation.retailer.assortment import KITS
from oneshelf.simulation.retailer.baskets import PICKUP_DISTANCE_KM_MAX, cut, draw_map
from oneshelf.simulation.retailer.cancellations import cancel
from oneshelf.simulation.retailer.cleaning import clean
from oneshelf.simulation.retailer.packaged import (
    LONDON,
    InvoiceLine,
    Outcode,
    invoice_lines,
    outcodes,
)
from oneshelf.simulation.retailer.places import distance_km, nodes

CODES = outcodes()
NODES = nodes(CODES)
MAP = draw_map(CODES, NODES)
CLEANED = clean(invoice_lines())
RETURNERS = {line.customer for line in CLEANED.cancellations}
NOON = datetime(2010, 12, 6, 12, tzinfo=UTC)

skus = st.sampled_from(["22726", "22727", "22728", "21212", "84991", "10135"])
invoices = st.lists(
    st.builds(
        InvoiceLine,
        st.sampled_from(["537434", "537435"]),
        skus,
        st.just("A THING"),
        st.integers(1, 60),
        st.just(NOON),
        st.integers(1, 999),
        st.just("17850"),
    ),
    max_size=12,
)


@pytest.fixture(scope="module", name="baskets")
def real_baskets():
    return cut(CLEANED.sales, RETURNERS, MAP, seed=1)


def sold(lines):
    units = Counter()
    for line in lines:
        units[line.invoice, line.sku] += line.units
    return units


def put_in(baskets):
    units = Counter()
    for basket in baskets:
        for line in basket.lines:
            _, parts = KITS.get(line.sku, ("", ()))
            for sku, each in [(part.sku, part.units) for part in parts] or [(line.sku, 1)]:
                units[basket.external_id[:6], sku] += line.units * each
    return units


@given(invoices, st.integers(0, 99))
def test_each_unit_of_an_invoice_is_in_exactly_one_basket(lines, seed):
    assert put_in(cut(lines, (), MAP, seed)) == sold(lines)


def test_each_unit_of_the_real_week_is_in_exactly_one_basket(baskets):
    assert put_in(baskets) == sold(CLEANED.sales)


@given(invoices, st.integers(0, 99))
def test_kits_cost_what_their_parts_cost_in_the_invoice(lines, seed):
    baskets = cut(lines, (), MAP, seed)

    asked = sum(line.units * line.price_minor for line in lines)
    assert sum(x.units * x.price_minor for basket in baskets for x in basket.lines) == asked


@given(invoices, st.integers(0, 99))
def test_a_basket_is_what_a_consumer_carries(lines, seed):
    for basket in cut(lines, (), MAP, seed):
        skus = [line.sku for line in basket.lines]

        assert 1 <= len(skus) == len(set(skus)) <= 6
        assert all(1 <= line.units <= 12 for line in basket.lines)


def test_the_week_holds_kits_and_returners_buy_none(baskets):
    buyers = {b.customer_ref for b in baskets for line in b.lines if line.sku in KITS}

    assert {line.sku for b in baskets for line in b.lines} >= set(KITS)
    assert not buyers & RETURNERS


def test_external_ids_are_unique(baskets):
    assert len({basket.external_id for basket in baskets}) == len(baskets)


def test_invoices_without_a_customer_are_sold_at_open_tills(baskets):
    nameless = {line.invoice for line in CLEANED.sales if not line.customer}
    stores = {node.node_id: node for node in NODES if node.kind == "store"}

    for basket in baskets:
        assert (basket.external_id[:6] in nameless) == (basket.channel == "till")
        if basket.channel == "till":
            local = basket.at.astimezone(LONDON)
            hours = stores[basket.store].calendar.openings
            assert (basket.handover, basket.customer_ref, basket.recipient) == ("till", None, None)
            assert any(
                day.weekday == local.weekday() and day.opens <= local.time() < day.closes
                for day in hours
            )


def test_all_channels_sell_and_only_web_and_app_are_fetched(baskets):
    channels = Counter(basket.channel for basket in baskets)

    assert set(channels) == {"web", "app", "marketplace", "call_centre", "till"}
    assert {b.channel for b in baskets if b.handover == "pickup"} == {"web", "app"}


def test_a_pickup_waits_in_the_nearest_store_and_nearby(baskets):
    stores = [node for node in NODES if node.kind == "store"]
    homes = {outcode.code: outcode for outcode in CODES}

    for basket in (b for b in baskets if b.handover == "pickup"):
        home: Outcode = homes[basket.recipient.postcode.split()[0]]
        nearest = min(stores, key=lambda store: distance_km(store, home))
        assert basket.store == nearest.node_id
        assert distance_km(nearest, home) <= PICKUP_DISTANCE_KM_MAX


def test_recipients_cannot_be_reached(baskets):
    people = [basket.recipient for basket in baskets if basket.recipient]

    assert all(person.mail.endswith("@example.org") for person in people)
    assert all(person.phone.startswith("+447700900") for person in people)
    assert not any(person.postcode.startswith(("GY", "IM", "JE")) for person in people)


cancelled_lines = st.lists(
    st.builds(
        InvoiceLine,
        st.just("C537500"),
        skus,
        st.just("A THING"),
        st.integers(-80, -1),
        st.sampled_from([NOON, NOON.replace(hour=11), NOON.replace(hour=13)]),
        st.just(100),
        st.sampled_from(["17850", ""]),
    ),
    max_size=6,
)


@given(invoices, cancelled_lines)
def test_never_more_is_cancelled_than_a_basket_holds_and_nothing_is_forgotten(lines, cancels):
    baskets = cut(lines, {"17850"}, MAP, 1)
    answer = cancel(cancels, baskets)

    holds = Counter({(b.external_id, x.sku): x.units for b in baskets for x in b.lines})
    taken = Counter()
    for item in answer.cancellations:
        taken[item.external_id, item.sku] += item.units
    asked = -sum(line.units for line in cancels)
    assert all(units <= holds[key] for key, units in taken.items())
    assert all(item.at >= NOON for item in answer.cancellations)
    assert taken.total() + answer.units_without_sale == asked
    assert answer.lines_found + answer.lines_without_sale == len(cancels)


def test_the_latest_sale_is_cancelled_first():
    early, late = (
        InvoiceLine(invoice, "10135", "A THING", 5, at, 100, "17850")
        for invoice, at in (("537001", NOON.replace(hour=9)), ("537002", NOON.replace(hour=10)))
    )
    returned = InvoiceLine("C537003", "10135", "A THING", -7, NOON, 100, "17850")

    answer = cancel([returned], cut([early, late], {"17850"}, MAP, 1))

    found = [(item.external_id[:6], item.units) for item in answer.cancellations]
    assert found == [("537002", 5), ("537001", 2)]


def test_the_real_cancellations(baskets):
    answer = cancel(CLEANED.cancellations, baskets)

    assert (answer.lines_found, answer.lines_without_sale) == (70, 217)
    assert sum(item.units for item in answer.cancellations) == 733
    assert answer.units_without_sale == 1149
