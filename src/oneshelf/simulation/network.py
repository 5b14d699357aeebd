"""A retailer of any size, drawn by a seed: nodes over Britain, products, services, channels. Pure.

Invented throughout. Benchmarks and the torture run sell from it.
"""

from dataclasses import dataclass
from datetime import time
from random import Random

from oneshelf.base.calendars import Opening, WorkCalendar
from oneshelf.base.identifiers import BrandId, CarrierId, ChannelId, NodeId, ServiceId, Sku
from oneshelf.catalog.brands import Brand
from oneshelf.catalog.carriers import Carrier, Service, Zone
from oneshelf.catalog.channels import Channel
from oneshelf.catalog.nodes import METHODS, Node
from oneshelf.catalog.products import Product
from oneshelf.orders.canonical import DeliveryPlace

EVERY_DAY = WorkCalendar(
    "Europe/London", tuple(Opening(day, time(6), time(22)) for day in range(7)), frozenset()
)
BRAND = Brand(BrandId("house"), "House")
LATITUDES = (50.5, 57.0)
LONGITUDES = (-4.0, 0.5)
WAREHOUSE_EVERY = 8  # one node in so many is a warehouse


@dataclass(frozen=True, slots=True)
class Network:
    """Everything an order can name. Nodes and products in rising key."""

    nodes: tuple[Node, ...]
    products: tuple[Product, ...]
    services: tuple[Service, ...]
    channels: tuple[Channel, ...]
    carriers: tuple[Carrier, ...]


def draw_network(seed: int, nodes: int, skus: int) -> Network:
    """Draw a network of so many nodes and SKUs."""
    chance = Random(seed)
    return Network(
        nodes=tuple(_node(number, chance) for number in range(nodes)),
        products=tuple(_product(number, chance) for number in range(skus)),
        services=(_service("economy", 3, 265), _service("next_day", 1, 525)),
        channels=(
            Channel(ChannelId("app"), "App", "app", BRAND.brand_id, "ask", "GBP", 0),
            Channel(ChannelId("market"), "Market", "marketplace", BRAND.brand_id, "sold", "GBP", 0),
            Channel(ChannelId("till"), "Till", "till", BRAND.brand_id, "sold", "GBP", 0),
            Channel(ChannelId("web"), "Web", "web", BRAND.brand_id, "ask", "GBP", 0),
        ),
        carriers=(Carrier(CarrierId("redstart"), "Redstart"),),
    )


def draw_place(chance: Random) -> DeliveryPlace:
    """Draw where an order goes."""
    return DeliveryPlace(
        country="GB",
        postcode="M1",
        latitude=round(chance.uniform(*LATITUDES), 4),
        longitude=round(chance.uniform(*LONGITUDES), 4),
    )


def _node(number: int, chance: Random) -> Node:
    warehouse = number % WAREHOUSE_EVERY == 0
    return Node(
        node_id=NodeId(f"node-{number:03}"),
        name=f"Node {number}",
        kind="warehouse" if warehouse else "store",
        street=f"{number} High Street",
        city="Manchester",
        postcode="M1 1AA",
        country="GB",
        latitude=round(chance.uniform(*LATITUDES), 4),
        longitude=round(chance.uniform(*LONGITUDES), 4),
        calendar=EVERY_DAY,
        cut_off=time(16),
        handling_minutes=60 if warehouse else 120,
        parcels_per_day_max=None,
        methods=METHODS,
        parcel_cost_minor=40 if warehouse else 90,
        unit_cost_minor=10 if warehouse else 25,
    )


def _product(number: int, chance: Random) -> Product:
    return Product(
        sku=Sku(f"sku-{number:05}"),
        name=f"Product {number}",
        brand=BRAND.brand_id,
        category="home",
        gtin=None,
        weight_g=chance.randint(50, 4_000),
        length_mm=chance.randint(50, 400),
        width_mm=chance.randint(50, 300),
        height_mm=chance.randint(20, 200),
        hazard="none",
        price_minor=chance.randint(200, 9_000),
        currency="GBP",
    )


def _service(name: str, transit_days: int, base_minor: int) -> Service:
    zones = (
        Zone("local", 150, (), max(1, transit_days - 1), base_minor, 2_000, 45, 1_000),
        Zone("mainland", None, (), transit_days, base_minor + 90, 2_000, 60, 1_000),
    )
    return Service(
        service_id=ServiceId(name),
        carrier_id=CarrierId("redstart"),
        name=name.replace("_", " ").title(),
        collects=EVERY_DAY,
        collected_at=time(17, 30),
        delivers=EVERY_DAY,
        zones=zones,
        dimensional_divisor_mm3_per_g=5_000,
        weight_g_max=30_000,
        refuses=frozenset(),
        countries=frozenset({"GB"}),
        emission_gco2e_per_tonne_km=241,
    )
