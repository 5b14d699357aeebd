"""The retailer's 16 places at real outcodes; hours, capacity and costs are invented. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, time
from math import asin, cos, radians, sin, sqrt

from oneshelf.base.calendars import Opening, WorkCalendar
from oneshelf.base.identifiers import NodeId
from oneshelf.catalog.nodes import Node
from oneshelf.simulation.retailer.bank_holidays import ENGLAND_AND_WALES, SCOTLAND
from oneshelf.simulation.retailer.packaged import Outcode

TIME_ZONE = "Europe/London"
EARTH_RADIUS_KM = 6371.0
SUNDAY = 6
WAREHOUSE_OPENINGS = tuple(Opening(day, time(6), time(22)) for day in range(SUNDAY))
STORE_OPENINGS = (
    *(Opening(day, time(9), time(19)) for day in range(SUNDAY)),  # an hour longer in December
    Opening(SUNDAY, time(11), time(17)),
)
WAREHOUSES = (("daventry", "Daventry", "NN11"), ("wigan", "Wigan", "WN5"))


@dataclass(frozen=True, slots=True)
class Shop:
    """One store. weight: its share of what the tills sell, in parts."""

    node_id: NodeId
    city: str
    street: str
    outcode: str
    weight: int


SHOPS = (
    Shop(NodeId("glasgow"), "Glasgow", "Buchanan Street", "G1", 10),
    Shop(NodeId("edinburgh"), "Edinburgh", "Princes Street", "EH2", 8),
    Shop(NodeId("newcastle"), "Newcastle", "Northumberland Street", "NE1", 6),
    Shop(NodeId("leeds"), "Leeds", "Briggate", "LS1", 8),
    Shop(NodeId("manchester"), "Manchester", "Market Street", "M2", 10),
    Shop(NodeId("liverpool"), "Liverpool", "Church Street", "L1", 7),
    Shop(NodeId("nottingham"), "Nottingham", "Lister Gate", "NG1", 6),
    Shop(NodeId("birmingham"), "Birmingham", "New Street", "B2", 10),
    Shop(NodeId("norwich"), "Norwich", "Gentleman's Walk", "NR2", 4),
    Shop(NodeId("cardiff"), "Cardiff", "Queen Street", "CF10", 6),
    Shop(NodeId("bristol"), "Bristol", "Broadmead", "BS1", 7),
    Shop(NodeId("london"), "London", "Oxford Street", "W1C", 20),
    Shop(NodeId("brighton"), "Brighton", "North Street", "BN1", 5),
    Shop(NodeId("exeter"), "Exeter", "High Street", "EX4", 3),
)


def nodes(outcodes: Iterable[Outcode]) -> tuple[Node, ...]:
    """Return the warehouses, then the stores, each in the middle of its outcode."""
    middles = {outcode.code: outcode for outcode in outcodes}
    return (
        *(_warehouse(NodeId(key), city, middles[code]) for key, city, code in WAREHOUSES),
        *(_store(shop, middles) for shop in SHOPS),
    )


def distance_km(a: Node | Outcode, b: Node | Outcode) -> float:
    """Return the distance as the crow flies."""
    north, east = radians(b.latitude - a.latitude), radians(b.longitude - a.longitude)
    across = cos(radians(a.latitude)) * cos(radians(b.latitude)) * sin(east / 2) ** 2
    return 2 * EARTH_RADIUS_KM * asin(sqrt(sin(north / 2) ** 2 + across))


def _warehouse(node_id: NodeId, city: str, middle: Outcode) -> Node:
    return Node(
        node_id=node_id,
        name=f"{city} warehouse",
        kind="warehouse",
        street="1 Larkspur Way",
        city=city,
        postcode=middle.code,
        country="GB",
        latitude=middle.latitude,
        longitude=middle.longitude,
        calendar=WorkCalendar(TIME_ZONE, WAREHOUSE_OPENINGS, ENGLAND_AND_WALES),
        cut_off=time(15, 30),
        handling_minutes=120,
        parcels_per_day_max=600,
        methods=frozenset({"ship"}),
        parcel_cost_minor=60,
        unit_cost_minor=12,
    )


def _store(shop: Shop, middles: Mapping[str, Outcode]) -> Node:
    middle = middles[shop.outcode]
    holidays = SCOTLAND if shop.city in {"Glasgow", "Edinburgh"} else ENGLAND_AND_WALES
    new_year_and_christmas = frozenset(
        day for day in holidays if (day.month, day.day) in {(1, 1), (12, 25)}
    ) | {date(2010, 4, 4), date(2011, 4, 24)}  # Easter Sundays
    return Node(
        node_id=shop.node_id,
        name=f"{shop.city}, {shop.street}",
        kind="store",
        street=f"1 {shop.street}",
        city=shop.city,
        postcode=middle.code,
        country="GB",
        latitude=middle.latitude,
        longitude=middle.longitude,
        calendar=WorkCalendar(TIME_ZONE, STORE_OPENINGS, new_year_and_christmas),
        cut_off=time(14),
        handling_minutes=180,
        parcels_per_day_max=40,
        methods=frozenset({"ship", "pickup"}),
        parcel_cost_minor=110,
        unit_cost_minor=30,
    )
