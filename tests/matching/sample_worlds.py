"""Small worlds to plan in, as functions of what a test wants different."""

from datetime import UTC, date, datetime, time

import numpy as np

from oneshelf.base.calendars import Opening, WorkCalendar
from oneshelf.base.identifiers import BrandId, CarrierId, ChannelId, NodeId, ServiceId, Sku
from oneshelf.catalog.carriers import Service, Zone
from oneshelf.catalog.nodes import Node
from oneshelf.catalog.products import KitPart, Product
from oneshelf.matching.request import Destination, SourcingRequest, WantedLine
from oneshelf.matching.stock_view import CapacityView, StockView

LONDON = "Europe/London"
HOME = Destination("GB", "M1 1AE", 53.48, -2.24)
MONDAY_NINE = datetime(2010, 12, 6, 9, 0, tzinfo=UTC)


def week(days=range(5), opens=time(8), closes=time(18), closed_on=(), zone=LONDON):
    return WorkCalendar(
        zone, tuple(Opening(day, opens, closes) for day in days), frozenset(closed_on)
    )


def node(name, **other):
    values = {
        "node_id": NodeId(name),
        "name": name.title(),
        "kind": "warehouse",
        "street": "1 Dock Road",
        "city": name.title(),
        "postcode": "LS1 1AA",
        "country": "GB",
        "latitude": 53.8,
        "longitude": -1.55,
        "calendar": week(),
        "cut_off": time(14),
        "handling_minutes": 120,
        "parcels_per_day_max": None,
        "methods": frozenset({"ship", "pickup"}),
        "parcel_cost_minor": 100,
        "unit_cost_minor": 20,
    }
    return Node(**values | other)


def zone(**other):
    values = {
        "name": "all",
        "distance_km_max": None,
        "postcode_prefixes": (),
        "transit_days": 1,
        "base_minor": 300,
        "base_weight_g": 2000,
        "step_minor": 50,
        "step_weight_g": 1000,
    }
    return Zone(**values | other)


def service(name="standard", zones=None, **other):
    values = {
        "service_id": ServiceId(name),
        "carrier_id": CarrierId("royal"),
        "name": name.title(),
        "collects": week(),
        "collected_at": time(17),
        "delivers": week(range(6)),
        "zones": zones or (zone(),),
        "dimensional_divisor_mm3_per_g": 0,
        "weight_g_max": 20_000,
        "refuses": frozenset(),
        "countries": frozenset({"GB"}),
        "emission_gco2e_per_tonne_km": 0,
    }
    return Service(**values | other)


def product(name, parts=(), **other):
    values = {
        "sku": Sku(name),
        "name": name,
        "brand": BrandId("own"),
        "category": "home",
        "gtin": None,
        "weight_g": 500,
        "length_mm": 100,
        "width_mm": 100,
        "height_mm": 100,
        "hazard": "none",
        "price_minor": 1000,
        "currency": "GBP",
        "parts": tuple(KitPart(Sku(sku), units) for sku, units in parts),
    }
    return Product(**values | other)


def request(*lines, **other):
    values = {
        "now": MONDAY_NINE,
        "channel": ChannelId("web"),
        "standing": "ask",
        "lines": tuple(
            WantedLine(number, Sku(sku), units) for number, (sku, units) in enumerate(lines, 1)
        ),
        "method": "ship",
        "destination": HOME,
    }
    if other.get("method") == "pickup":
        values["destination"] = None
    return SourcingRequest(**values | other)


def stock(world, asked, free, dated=(), opportunity=None):
    """free: {node: {sku: units}}; dated: DatedSupply rows as given."""
    skus = world.components(asked.lines)
    units = np.zeros((len(world.nodes), len(skus)), np.int64)
    millis = np.zeros_like(units)
    for table, values in ((units, free), (millis, opportunity or {})):
        for name, shelf in values.items():
            for sku, value in shelf.items():
                if sku in skus:
                    table[world.node_index[name], skus.index(sku)] = value
    return StockView(skus, units, tuple(dated), millis)


def capacity(world, taken=None, first_on=date(2010, 12, 1), days=60):
    """taken: {(node, date): parcels}."""
    table = np.zeros((len(world.nodes), days), np.int64)
    for (name, on), parcels in (taken or {}).items():
        table[world.node_index[name], (on - first_on).days] = parcels
    return CapacityView(first_on, table)
