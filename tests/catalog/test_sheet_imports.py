"""Sheets against a real database: imported, refused row by row, exported, imported again."""

import io

import pytest

from oneshelf.base.identifiers import Sku
from oneshelf.catalog.actions import find_products, load_catalog
from oneshelf.catalog.brands import Brand
from oneshelf.catalog.products import KitPart
from oneshelf.catalog.sheets.actions import (
    Imported,
    check_rows,
    export_lines,
    import_rows,
    plain_skus,
)
from oneshelf.catalog.sheets.kinds import SHEETS
from oneshelf.catalog.sheets.reading import GoodRow, parse

FILES = {
    "brands": "brand_id,name\nacme,Acme\n",
    "calendars": "calendar_id,time_zone,openings,closed_on\n"
    "never,UTC,,\n"
    "shops,Europe/London,Mon-Fri 08:00-18:00; Sat 09:00-24:00,2026-12-25|2026-12-26\n",
    "carriers": "carrier_id,name\nvan,Van & Co\n",
    "products": "sku,name,brand,category,gtin,weight_g,length_mm,width_mm,height_mm,hazard,"
    "price_minor,currency,parts,launches_on,licences,temperature\n"
    "A-KIT,Set,acme,light,,1000,10,20,30,none,2999,GBP,LAMP:1|BULB:2,2026-02-01,alcohol|knives,frozen\n"
    "BULB,Bulb,acme,light,96385074,100,10,20,30,none,499,GBP,,,,ambient\n"
    'LAMP,"Lamp, ""red""",acme,light,,900,10,20,30,lithium_battery,1999,GBP,,,,ambient\n',
    "nodes": "node_id,name,kind,street,city,postcode,country,latitude,longitude,calendar_id,"
    "cut_off,handling_minutes,parcels_per_day_max,methods,parcel_cost_minor,unit_cost_minor,"
    "licences,temperatures\n"
    "leeds,Leeds,store,1 Briggate,Leeds,LS1 6ER,GB,53.797,-1.541,shops,15:00,90,40,"
    "pickup|ship,120,15,alcohol|tobacco,ambient|chilled\n"
    "york,York,warehouse,,York,YO1,GB,53.96,-1.08,shops,15:30,30,,ship,120,15,,frozen\n",
    "toggles": "node_id,sku,methods\nleeds,LAMP,pickup\nyork,BULB,\n",
    "services": "service_id,carrier_id,name,collects_id,collected_at,delivers_id,"
    "dimensional_divisor_mm3_per_g,weight_g_max,refuses,countries,emission_gco2e_per_tonne_km,"
    "temperatures\n"
    "std,van,Standard,shops,17:00,shops,5000,30000,aerosol|flammable,GB|IE,62,ambient|frozen\n",
    "zones": "service_id,place,name,distance_km_max,postcode_prefixes,transit_days,base_minor,"
    "base_weight_g,step_minor,step_weight_g\n"
    "std,1,near,100,BD|LS,1,300,1000,50,500\nstd,2,far,,,2,500,1000,80,500\n",
    "channels": "channel_id,name,kind,brand,standing,currency,grace_minutes\n"
    "web,Web shop,web,acme,ask,GBP,30\n",
    "customers": "brand,customer_ref,name,mail,phone\nacme,C-1,'=Ann,ann@example.com,+44 1\n",
    "staff": "staff_ref,name,roles,nodes\n7,Bob,associate|planner,leeds|york\n",
}


@pytest.fixture
def tx(database):
    with database.transaction("test", "sheets") as tx:
        yield tx


@pytest.fixture
def filled(tx, now):
    for kind in SHEETS:
        rows = good(kind, FILES[kind])

        assert import_rows(tx, kind, rows, now) == Imported(len(rows), 0, ())
    return tx


def good(kind, text):
    rows = list(parse(kind, io.BytesIO(text.encode())))

    assert all(isinstance(row, GoodRow) for row in rows)
    return rows


def products(*rows):
    columns = FILES["products"].partition("\n")[0]
    middle = "Name,acme,light,,1,1,1,1,none,1,GBP"
    lines = [f"{sku},{middle.replace('acme', brand)},{parts},,," for sku, brand, parts in rows]
    return good("products", "\n".join([columns, *lines]))


def refused(refusals):
    return [(refusal.line, refusal.column) for refusal in refusals]


def test_an_export_is_the_import(filled):
    for kind, text in FILES.items():
        exported = "".join(export_lines(filled, kind)).replace("\r\n", "\n").splitlines()

        assert exported == text.splitlines()


def test_importing_an_export_changes_nothing(filled, now):
    before = load_catalog(filled)
    for kind in SHEETS:
        rows = good(kind, "".join(export_lines(filled, kind)))

        assert import_rows(filled, kind, rows, now) == Imported(0, len(rows), ())
    assert load_catalog(filled) == before


def test_importing_services_leaves_their_zones(filled, now):
    text = FILES["services"].replace("Standard", "Express")
    import_rows(filled, "services", good("services", text), now)
    [service] = load_catalog(filled).services.values()

    assert service.name == "Express"
    assert [zone.name for zone in service.zones] == ["near", "far"]


@pytest.mark.parametrize(
    ("kind", "row", "columns"),
    [
        ("nodes", "x,X,store,,,,GB,1,1,ghost,15:00,1,,ship,1,1,,", ["calendar_id"]),
        ("toggles", "leeds,GHOST,ship", ["sku"]),
        ("toggles", "ghost,GHOST,ship", ["node_id", "sku"]),
        ("services", "x,ghost,X,ghost,17:00,shops,0,1,,GB,1,", ["carrier_id", "collects_id"]),
        ("zones", "ghost,1,near,,,1,1,1,1,1", ["service_id"]),
        ("channels", "x,X,web,ghost,ask,GBP,1", ["brand"]),
        ("customers", "ghost,C-1,,,", ["brand"]),
        ("staff", "8,Eve,,ghost|leeds", ["nodes"]),
    ],
)
def test_a_row_that_names_something_unknown_is_refused_and_the_rest_imported(
    filled, now, kind, row, columns
):
    text = FILES[kind].rstrip() + "\n" + row + "\n"
    rows = good(kind, text)
    imported = import_rows(filled, kind, rows, now)

    assert refused(imported.refusals) == [(len(rows) + 1, column) for column in columns]
    assert (imported.changed, imported.unchanged) == (0, len(rows) - 1)
    assert check_rows(filled, rows) == list(imported.refusals)


def test_kits_may_stand_before_or_after_their_parts(filled, now):
    rows = products(("K", "acme", "P:1|Q:1"), ("P", "acme", ""), ("Q", "acme", ""))

    assert import_rows(filled, "products", rows, now) == Imported(3, 0, ())
    kit = find_products(filled, [Sku("K")])[Sku("K")]
    assert kit.parts == (KitPart(Sku("P"), 1), KitPart(Sku("Q"), 1))


def test_kits_that_cannot_be_are_refused_alone(filled, now):
    rows = products(
        ("K1", "acme", "GHOST:1"),
        ("K2", "acme", "A-KIT:1"),  # a kit in the catalog
        ("K3", "acme", "K2:1"),  # a kit in this file
        ("K4", "acme", "POOR:1"),  # a part that is refused itself
        ("POOR", "ghost", ""),
        ("LAMP", "acme", "BULB:1"),  # a part of a kit in the catalog
        ("K5", "acme", "K5:1"),
        ("FINE", "acme", "BULB:1"),
    )
    imported = import_rows(filled, "products", rows, now)

    assert refused(imported.refusals) == [
        (2, "parts"),
        (3, "parts"),
        (4, "parts"),
        (5, "parts"),
        (6, "brand"),
        (7, "sku"),
        (8, "parts"),
    ]
    assert (imported.changed, imported.unchanged) == (1, 0)


def test_a_whole_file_can_be_checked_before_its_first_batch_is_imported(filled):
    first = products(("P", "acme", ""), ("Q", "acme", "LAMP:1"))
    second = products(("K", "acme", "P:1"), ("L", "acme", "Q:1"))

    assert check_rows(filled, first) == []
    assert plain_skus(first) == {"P"}
    assert refused(check_rows(filled, second, plain_skus(first))) == [(3, "parts")]


def test_a_value_that_only_the_tables_refuse_does_not_fail_its_batch(filled, now):
    rows = [GoodRow(line, Brand(f"b{line}", "Brand")) for line in range(2, 12)]
    rows[6] = GoodRow(8, Brand("b8", ""))
    imported = import_rows(filled, "brands", rows, now)

    assert refused(imported.refusals) == [(8, "")]
    assert (imported.changed, imported.unchanged) == (9, 0)
