"""Places, carriers, products and accidents of the demo's world."""

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oneshelf.simulation.retailer.accidents import (
    delivery_days_late,
    fetched_after_hours,
    pick,
    pick_duration_s,
    picker,
    truck_late_minutes,
)
from oneshelf.simulation.retailer.assortment import KITS, gtin_13, products
from oneshelf.simulation.retailer.carriers import SERVICES
from oneshelf.simulation.retailer.cleaning import clean
from oneshelf.simulation.retailer.packaged import invoice_lines, outcodes
from oneshelf.simulation.retailer.places import SHOPS, distance_km, nodes
from oneshelf.simulation.retailer.selling import CHANNELS

NODES = nodes(outcodes())
STORE = NODES[-1]
PRODUCTS = products(clean(invoice_lines()), seed=1)
SINGLES = {product.sku: product for product in PRODUCTS if not product.parts}


def test_there_are_two_warehouses_and_fourteen_stores():
    assert Counter(node.kind for node in NODES) == {"warehouse": 2, "store": 14}
    assert len({node.node_id for node in NODES}) == 16
    assert {shop.node_id for shop in SHOPS} == {n.node_id for n in NODES if n.kind == "store"}


@pytest.mark.parametrize(
    ("a", "b", "km"),
    [("london", "edinburgh", 534), ("manchester", "liverpool", 50), ("london", "brighton", 76)],
)
def test_distances_are_those_of_the_real_cities(a, b, km):
    places = {node.node_id: node for node in NODES}

    assert distance_km(places[a], places[b]) == pytest.approx(km, rel=0.03)


def test_the_last_zone_of_a_service_takes_every_destination():
    for service in SERVICES:
        assert service.zones[-1].distance_km_max is None
        assert service.zones[-1].postcode_prefixes == ()
        assert service.zones[0].base_minor == max(zone.base_minor for zone in service.zones)


def test_highlands_and_islands_pay_more_and_no_mainland_outcode_is_mistaken_for_them():
    prefixes = SERVICES[0].zones[0].postcode_prefixes
    dearer = [outcode for outcode in outcodes() if outcode.code.startswith(prefixes)]

    assert all(outcode.code[2].isdigit() for outcode in dearer)
    assert {outcode.code[:2] for outcode in dearer} == set(prefixes)


def test_some_service_carries_each_product():
    for hazard in {product.hazard for product in PRODUCTS}:
        assert any(hazard not in service.refuses for service in SERVICES)


def test_channels_name_one_currency_and_only_paid_ones_are_sold():
    assert {channel.currency for channel in CHANNELS} == {"GBP"}
    assert {c.kind for c in CHANNELS if c.standing == "sold"} == {"marketplace", "till"}


def test_every_sold_code_is_a_product_with_a_valid_size_and_price():
    sold = {line.sku for line in clean(invoice_lines()).sales}

    assert sold <= set(SINGLES)
    assert len(PRODUCTS) == 2280
    for product in PRODUCTS:
        assert min(product.weight_g, product.height_mm, product.price_minor) > 0
        assert product.length_mm >= product.width_mm


def test_gtins_are_unique_valid_and_kept_for_use_inside_a_company():
    gtins = [product.gtin for product in SINGLES.values()]

    assert len(set(gtins)) == len(gtins)
    for gtin in gtins:
        digits = [int(digit) for digit in gtin]
        assert len(digits) == 13
        assert gtin.startswith("20")
        assert (sum(digits[::2]) + 3 * sum(digits[1::2])) % 10 == 0


def test_a_known_gtin():
    assert gtin_13("10135") == "2001013500004"


def test_kits_are_made_of_real_products_and_share_parts():
    parts = Counter(part.sku for _, kit in KITS.values() for part in kit)

    assert set(parts) <= set(SINGLES)
    assert max(parts.values()) == 2
    for product in PRODUCTS:
        if product.parts:
            inside = sum(SINGLES[part.sku].price_minor * part.units for part in product.parts)
            assert product.price_minor < inside


@given(st.integers(), st.text(), st.integers(1, 12))
def test_a_picker_finds_at_most_what_was_asked_and_says_why_not_all(seed, key, units):
    found = pick(seed, STORE, key, "10135", units)

    assert 0 <= found.units <= units
    assert (found.reason == "found") == (found.units == units)
    assert found == pick(seed, STORE, key, "10135", units)


def test_about_three_lines_in_two_hundred_are_short_in_stores():
    short = sum(pick(1, STORE, str(n), "10135", 3).units < 3 for n in range(20_000))

    assert short / 20_000 == pytest.approx(0.015, rel=0.15)


@given(st.integers(), st.text())
def test_lateness_is_never_negative_and_hangs_on_the_seed_and_the_name_only(seed, key):
    assert truck_late_minutes(seed, key) == truck_late_minutes(seed, key) >= 0
    assert delivery_days_late(seed, "redstart_48", "leeds", key) in range(4)
    assert fetched_after_hours(seed, key) in {None, *range(1, 73)}
    assert picker(seed, STORE, key) in {f"Exeter picker {n}" for n in (1, 2, 3)}


@given(st.integers(), st.text(), st.integers(1, 6))
def test_more_lines_take_longer_to_pick(seed, key, lines):
    durations = [pick_duration_s(seed, STORE, key, count) for count in range(1, lines + 1)]

    assert all(shorter < longer for shorter, longer in pairwise(durations))
