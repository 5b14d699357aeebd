"""The catalog on a real database: written by lists, safe to repeat, loaded as one value."""

from dataclasses import replace
from datetime import date, time

import pytest

from oneshelf.base.calendars import Opening, WorkCalendar
from oneshelf.base.errors import ValueRefusedError
from oneshelf.base.identifiers import (
    BrandId,
    CalendarId,
    CarrierId,
    ChannelId,
    NodeId,
    ServiceId,
    Sku,
)
from oneshelf.catalog import actions
from oneshelf.catalog.brands import Brand
from oneshelf.catalog.carriage.actions import put_carriers, put_terms, put_zones
from oneshelf.catalog.carriers import Carrier, Service, ServiceZone, Zone
from oneshelf.catalog.channels import Channel
from oneshelf.catalog.facts import CatalogChanged
from oneshelf.catalog.nodes import Node, Toggle
from oneshelf.catalog.opening_hours import NamedCalendar
from oneshelf.catalog.products import KitPart, Product

HOURS = WorkCalendar(
    "Europe/London",
    (Opening(0, time(8), time(12)), Opening(0, time(13), time(18)), Opening(6, time(0), time(0))),
    frozenset({date(2026, 12, 25), date(2026, 12, 26)}),
)
BRAND = Brand(BrandId("acme"), "Acme & Söhne")
LAMP = Product(
    Sku("LAMP"), "Lamp", BRAND.brand_id, "light", "4006381333931", 900, 10, 20, 30, "none", 1999,
    "GBP", launches_on=date(2026, 2, 1), licences=frozenset({"alcohol", "age_restricted"}),
    temperature="chilled",
)  # fmt: skip
BULB = replace(LAMP, sku=Sku("BULB"), name="Bulb", gtin=None, launches_on=None)
KIT = replace(
    BULB, sku=Sku("A-KIT"), name="Set", parts=(KitPart(LAMP.sku, 1), KitPart(BULB.sku, 2))
)
NODE = Node(
    NodeId("leeds"), "Leeds", "store", "1 Briggate", "Leeds", "LS1 6ER", "GB", 53.797, -1.541,
    HOURS, time(15), 90, None, frozenset({"ship", "pickup"}), 120, 15,
    licences=frozenset({"alcohol"}), temperatures=frozenset({"ambient", "chilled"}),
)  # fmt: skip
NEAR = Zone("near", 100, ("LS", "BD"), 1, 300, 1000, 50, 500)
FAR = Zone("far", None, (), 2, 500, 1000, 80, 500)
SERVICE = Service(
    ServiceId("van-standard"), CarrierId("van"), "Standard", HOURS, time(17), HOURS, (NEAR, FAR),
    5000, 30_000, frozenset({"flammable", "aerosol"}), frozenset({"GB", "IE"}), 62,
    temperatures=frozenset({"ambient", "frozen"}),
)  # fmt: skip
CHANNEL = Channel(ChannelId("web"), "Web shop", "web", BRAND.brand_id, "ask", "GBP", 30)


@pytest.fixture
def tx(database):
    with database.transaction("test", "catalog") as tx:
        yield tx


@pytest.fixture
def filled(tx, now):
    actions.put_brands(tx, [BRAND], now)
    actions.put_products(tx, [KIT, LAMP, BULB], now)
    actions.put_nodes(tx, [NODE], now)
    actions.put_toggles(tx, [Toggle(NODE.node_id, LAMP.sku, frozenset({"pickup"}))], now)
    put_carriers(tx, [Carrier(CarrierId("van"), "Van & Co")], now)
    actions.put_services(tx, [SERVICE], now)
    actions.put_channels(tx, [CHANNEL], now)
    return tx


def facts(tx):
    rows = tx.tuples("SELECT body->>'kind', body->'keys' FROM base.fact ORDER BY fact_id")
    tx.run("DELETE FROM base.fact")
    return rows


def test_what_was_put_is_what_is_loaded(filled):
    catalog = actions.load_catalog(filled)

    assert catalog.products == {p.sku: p for p in (KIT, LAMP, BULB)}
    assert catalog.brands == {BRAND.brand_id: BRAND}
    assert catalog.nodes == {NODE.node_id: replace(NODE, calendar_id=CalendarId("node:leeds"))}
    assert catalog.toggles == {(NODE.node_id, LAMP.sku): frozenset({"pickup"})}
    assert catalog.methods(NODE.node_id, LAMP.sku) == {"pickup"}
    assert catalog.methods(NODE.node_id, BULB.sku) == {"ship", "pickup"}
    assert catalog.channels == {CHANNEL.channel_id: CHANNEL}
    assert catalog.services[SERVICE.service_id] == replace(
        SERVICE,
        collects_id=CalendarId("service:van-standard:collects"),
        delivers_id=CalendarId("service:van-standard:delivers"),
    )


def test_putting_the_same_again_changes_and_announces_nothing(filled, now):
    facts(filled)

    assert not actions.put_brands(filled, [BRAND], now)
    assert not actions.put_products(filled, [KIT, LAMP, BULB], now)
    assert not actions.put_nodes(filled, [NODE], now)
    assert not actions.put_services(filled, [SERVICE], now)
    assert not actions.put_channels(filled, [CHANNEL], now)
    assert facts(filled) == []


def test_only_what_changed_is_announced(filled, now):
    facts(filled)
    dearer = replace(LAMP, price_minor=2099)

    assert actions.put_products(filled, [LAMP, BULB, dearer], now) == {LAMP.sku}
    assert facts(filled) == [("products", ["LAMP"])]


def test_the_parts_of_a_kit_become_exactly_the_new_ones(filled, now):
    for parts in [(KitPart(BULB.sku, 2), KitPart(LAMP.sku, 1)), (KitPart(BULB.sku, 3),), ()]:
        kit = replace(KIT, parts=parts)

        assert actions.put_products(filled, [kit], now) == {KIT.sku}
        assert actions.find_products(filled, [KIT.sku]) == {KIT.sku: kit}


IMPOSSIBLE = [
    replace(LAMP, parts=(KitPart(BULB.sku, 1),)),  # a part becomes a kit
    replace(BULB, sku=Sku("B"), parts=(KitPart(KIT.sku, 1),)),  # a kit in a kit
    replace(KIT, parts=(KitPart(KIT.sku, 1),)),  # itself
    replace(KIT, parts=(KitPart(Sku("GHOST"), 1),)),
    replace(KIT, parts=(KitPart(BULB.sku, 0),)),
    replace(KIT, parts=(KitPart(BULB.sku, 1), KitPart(BULB.sku, 1))),
    replace(LAMP, sku=Sku("A|B")),
    replace(LAMP, sku=Sku(" A")),
    replace(LAMP, sku=Sku("")),
    replace(LAMP, name="NUL\x00"),
    replace(LAMP, weight_g=-1),
    replace(LAMP, weight_g=2**63),
    replace(LAMP, currency="gbp"),
    replace(LAMP, brand=BrandId("ghost")),
    replace(LAMP, gtin="123"),
]


def test_the_tables_refuse_products_that_cannot_be(filled, now):
    for broken in IMPOSSIBLE:
        with pytest.raises(ValueRefusedError), filled.savepoint():
            actions.put_products(filled, [broken], now)

    assert actions.find_products(filled, [KIT.sku, LAMP.sku]) == {KIT.sku: KIT, LAMP.sku: LAMP}


def test_a_toggle_that_takes_nothing_away_is_deleted(filled, now):
    whole = Toggle(NODE.node_id, LAMP.sku, frozenset({"ship", "pickup"}))
    none = Toggle(NODE.node_id, BULB.sku, frozenset())

    assert actions.put_toggles(filled, [whole, none], now) == {
        (NODE.node_id, LAMP.sku),
        (NODE.node_id, BULB.sku),
    }
    assert not actions.put_toggles(filled, [whole, none], now)
    assert list(actions.toggles_by_page(filled)) == [none]


def test_nodes_share_a_named_calendar_and_follow_its_changes(filled, now):
    shared = NamedCalendar(CalendarId("shops"), HOURS)
    actions.put_calendars(filled, [shared], now)
    actions.put_nodes(filled, [replace(NODE, calendar_id=shared.calendar_id)], now)
    later = replace(HOURS, openings=(Opening(1, time(9), time(17)),), closed_on=frozenset())

    changed = actions.put_calendars(filled, [replace(shared, calendar=later)], now)
    assert changed == {shared.calendar_id}
    assert actions.load_catalog(filled).nodes[NODE.node_id].calendar == later
    assert not actions.put_calendars(filled, [replace(shared, calendar=later)], now)


def test_a_node_that_brings_its_own_calendar_changes_with_it(filled, now):
    moved = replace(NODE, calendar=replace(HOURS, time_zone="Europe/Dublin"))

    assert actions.put_nodes(filled, [moved], now) == {NODE.node_id}


def test_a_service_has_exactly_the_zones_it_was_given(filled, now):
    fewer = replace(SERVICE, zones=(FAR,))

    assert actions.put_services(filled, [fewer], now) == {SERVICE.service_id}
    assert actions.load_catalog(filled).services[SERVICE.service_id].zones == (FAR,)


def test_terms_and_single_zones_change_without_each_other(filled, now):
    [loaded] = actions.load_catalog(filled).services.values()
    terms = replace(loaded, name="Express", zones=())
    slower = ServiceZone(SERVICE.service_id, 2, replace(FAR, transit_days=3))

    put_terms(filled, [terms], now)
    assert put_zones(filled, [slower], now) == {(SERVICE.service_id, 2)}
    assert actions.load_catalog(filled).services[SERVICE.service_id] == replace(
        terms, zones=(NEAR, slower.zone)
    )


def test_a_refreshed_catalog_is_the_loaded_one(filled, now):
    old = actions.load_catalog(filled)
    facts(filled)
    actions.put_products(filled, [replace(LAMP, price_minor=1)], now)
    actions.put_toggles(filled, [Toggle(NODE.node_id, LAMP.sku, frozenset({"ship"}))], now)
    actions.put_toggles(filled, [Toggle(NODE.node_id, BULB.sku, frozenset())], now)
    actions.put_nodes(filled, [replace(NODE, name="Leeds Briggate")], now)
    actions.put_services(filled, [replace(SERVICE, zones=(FAR,))], now)
    actions.put_channels(filled, [replace(CHANNEL, grace_minutes=5)], now)
    actions.put_brands(filled, [replace(BRAND, name="Acme")], now)
    put_carriers(filled, [Carrier(CarrierId("van"), "Van")], now)
    changes = [CatalogChanged(kind, keys) for kind, keys in facts(filled)]

    assert actions.refresh_catalog(filled, old, changes) == actions.load_catalog(filled)
    assert actions.refresh_catalog(filled, old, []) is old


def test_pages_put_together_are_the_whole(filled):
    pages = actions.products_by_page(filled, rows_max=2)

    assert [product.sku for product in pages] == [
        "A-KIT",
        "BULB",
        "LAMP",
    ]


def test_a_barcode_finds_its_products(filled, now):
    twin = replace(LAMP, sku=Sku("LAMP-2"))
    actions.put_products(filled, [twin], now)

    assert actions.find_gtins(filled, [LAMP.gtin]) == [LAMP, twin]
    assert actions.find_gtins(filled, ["96385074"]) == []


def test_searches_by_key_use_indexes(tx):
    tx.run("SET LOCAL enable_seqscan = off")
    searches = [
        "SELECT * FROM catalog.whole_product WHERE sku = ANY('{LAMP}'::text[])",
        "SELECT * FROM catalog.whole_product WHERE sku > 'L' ORDER BY sku LIMIT 9",
        "SELECT * FROM catalog.whole_product WHERE gtin = ANY('{1}'::text[])",
        "SELECT * FROM catalog.toggle WHERE sku = ANY('{LAMP}'::text[])",
        "SELECT * FROM catalog.toggle WHERE (node_id, sku) > ('l', 'L') LIMIT 9",
        "SELECT * FROM catalog.kit_part WHERE part_sku = 'LAMP'",
    ]

    for query in searches:
        plan = "\n".join(tx.scalars("EXPLAIN " + query))
        assert "Index Cond" in plan.partition("SubPlan")[0], query
