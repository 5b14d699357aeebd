"""Each kind of sheet: its columns, and what a row of them says. Pure."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

from oneshelf.base.calendars import WorkCalendar, is_time_zone
from oneshelf.base.identifiers import (
    BrandId,
    CalendarId,
    CarrierId,
    ChannelId,
    NodeId,
    ServiceId,
    Sku,
)
from oneshelf.catalog.access.scopes import Role, Staff, StaffRef
from oneshelf.catalog.brands import Brand
from oneshelf.catalog.carriers import Carrier, Service, ServiceZone, Zone
from oneshelf.catalog.channels import Channel, ChannelKind, Standing
from oneshelf.catalog.contacts.customers import Customer, CustomerRef
from oneshelf.catalog.gtin import is_gtin
from oneshelf.catalog.nodes import Method, Node, NodeKind, Toggle
from oneshelf.catalog.opening_hours import NOT_READ, NamedCalendar
from oneshelf.catalog.products import (
    AMBIENT,
    Hazard,
    KitPart,
    Licence,
    Product,
    Temperature,
)
from oneshelf.catalog.sheets.cells import Cells, is_key
from oneshelf.catalog.sheets.opening_text import read_openings

SheetKind = Literal[
    "brands",
    "calendars",
    "carriers",
    "products",
    "nodes",
    "toggles",
    "services",
    "zones",
    "channels",
    "customers",
    "staff",
]  # in an order in which they can be imported
Entry = (
    Brand
    | NamedCalendar
    | Carrier
    | Product
    | Node
    | Toggle
    | Service
    | ServiceZone
    | Channel
    | Customer
    | Staff
)

CHANNEL_KINDS: Final[tuple[ChannelKind, ...]] = get_args(ChannelKind)
HAZARDS: Final[tuple[Hazard, ...]] = get_args(Hazard)
LICENCES: Final[tuple[Licence, ...]] = get_args(Licence)
METHODS: Final[tuple[Method, ...]] = get_args(Method)
NODE_KINDS: Final[tuple[NodeKind, ...]] = get_args(NodeKind)
ROLES: Final[tuple[Role, ...]] = get_args(Role)
STANDINGS: Final[tuple[Standing, ...]] = get_args(Standing)
TEMPERATURES: Final[tuple[Temperature, ...]] = get_args(Temperature)
LENGTH_MM_MAX = 1_000_000
PLACE_MAX = 1_000
UNITS = re.compile("[1-9][0-9]{0,5}")


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a kind's file looks like.

    optional: columns that a file may leave out. key_columns: so many first columns name the row.
    read: from cells to an entry; nodes and services come without their calendars and zones.
    """

    columns: tuple[str, ...]
    optional: frozenset[str]
    key_columns: int
    read: Callable[[Cells], Entry]


def _brand(cells: Cells) -> Brand:
    return Brand(BrandId(cells.key("brand_id")), cells.text("name", 1))


def _calendar(cells: Cells) -> NamedCalendar:
    time_zone = cells.raw("time_zone")
    if not is_time_zone(time_zone):
        cells.refuse("time_zone", "an IANA time zone", "Write it like Europe/London.")
        time_zone = "UTC"
    closed_on = cells.days("closed_on")
    calendar = cells.read(
        "openings",
        lambda text: WorkCalendar(time_zone, read_openings(text), closed_on),
        NOT_READ,
        "hours like 'Mon-Fri 08:00-18:00; Sat 09:00-13:00' that do not overlap",
        "Put ';' between parts; 24:00 is the end of a day; empty is never open.",
    )
    return NamedCalendar(CalendarId(cells.key("calendar_id")), calendar)


def _carrier(cells: Cells) -> Carrier:
    return Carrier(CarrierId(cells.key("carrier_id")), cells.text("name", 1))


def _product(cells: Cells) -> Product:
    gtin = cells.raw("gtin")
    if gtin and not is_gtin(gtin):
        cells.refuse(
            "gtin",
            "a GTIN of 8, 12, 13 or 14 digits whose last digit checks the others",
            "Scan the barcode again; a spreadsheet may have cut leading zeros off.",
        )
    return Product(
        sku=Sku(cells.key("sku")),
        name=cells.text("name", 1),
        brand=BrandId(cells.key("brand")),
        category=cells.text("category"),
        gtin=gtin or None,
        weight_g=cells.number("weight_g"),
        length_mm=cells.number("length_mm", most=LENGTH_MM_MAX),
        width_mm=cells.number("width_mm", most=LENGTH_MM_MAX),
        height_mm=cells.number("height_mm", most=LENGTH_MM_MAX),
        hazard=cells.one_of("hazard", HAZARDS),
        price_minor=cells.number("price_minor"),
        currency=cells.code("currency", 3),
        parts=_parts(cells),
        launches_on=cells.day_or_none("launches_on"),
        licences=cells.some_of("licences", LICENCES),
        temperature=_temperature(cells),
    )


def _temperature(cells: Cells) -> Temperature:
    return cells.one_of("temperature", TEMPERATURES) if cells.raw("temperature") else "ambient"


def _temperatures(cells: Cells) -> frozenset[Temperature]:
    return cells.some_of("temperatures", TEMPERATURES) or AMBIENT


def _parts(cells: Cells) -> tuple[KitPart, ...]:
    parts: list[KitPart] = []
    for entry in cells.entries("parts"):
        sku, _, units = entry.rpartition(":")
        if is_key(sku) and UNITS.fullmatch(units):
            parts.append(KitPart(Sku(sku), int(units)))
        else:
            cells.refuse("parts", "parts like 'LAMP:1|BULB:2'", "Write each SKU, ':' and units.")
    if len({part.sku for part in parts}) < len(parts):
        cells.refuse("parts", "each SKU once", "Add its units up in one entry.")
    return tuple(parts)


def _node(cells: Cells) -> Node:
    return Node(
        node_id=NodeId(cells.key("node_id")),
        name=cells.text("name", 1),
        kind=cells.one_of("kind", NODE_KINDS),
        street=cells.text("street"),
        city=cells.text("city"),
        postcode=cells.text("postcode"),
        country=cells.code("country", 2),
        latitude=cells.degrees("latitude", 90),
        longitude=cells.degrees("longitude", 180),
        calendar=NOT_READ,
        cut_off=cells.clock("cut_off"),
        handling_minutes=cells.number("handling_minutes"),
        parcels_per_day_max=cells.number_or_none("parcels_per_day_max"),
        methods=cells.some_of("methods", METHODS),
        parcel_cost_minor=cells.number("parcel_cost_minor"),
        unit_cost_minor=cells.number("unit_cost_minor"),
        calendar_id=CalendarId(cells.key("calendar_id")),
        licences=cells.some_of("licences", LICENCES),
        temperatures=_temperatures(cells),
    )


def _toggle(cells: Cells) -> Toggle:
    return Toggle(
        NodeId(cells.key("node_id")), Sku(cells.key("sku")), cells.some_of("methods", METHODS)
    )


def _service(cells: Cells) -> Service:
    return Service(
        service_id=ServiceId(cells.key("service_id")),
        carrier_id=CarrierId(cells.key("carrier_id")),
        name=cells.text("name", 1),
        collects=NOT_READ,
        collected_at=cells.clock("collected_at"),
        delivers=NOT_READ,
        zones=(),
        dimensional_divisor_mm3_per_g=cells.number("dimensional_divisor_mm3_per_g"),
        weight_g_max=cells.number("weight_g_max", least=1),
        refuses=cells.some_of("refuses", HAZARDS),
        countries=cells.codes("countries", 2),
        emission_gco2e_per_tonne_km=cells.number("emission_gco2e_per_tonne_km"),
        collects_id=CalendarId(cells.key("collects_id")),
        delivers_id=CalendarId(cells.key("delivers_id")),
        temperatures=_temperatures(cells),
    )


def _zone(cells: Cells) -> ServiceZone:
    zone = Zone(
        name=cells.text("name", 1),
        distance_km_max=cells.number_or_none("distance_km_max"),
        postcode_prefixes=cells.keys("postcode_prefixes"),
        transit_days=cells.number("transit_days"),
        base_minor=cells.number("base_minor"),
        base_weight_g=cells.number("base_weight_g"),
        step_minor=cells.number("step_minor"),
        step_weight_g=cells.number("step_weight_g", least=1),
    )
    place = cells.number("place", least=1, most=PLACE_MAX)
    return ServiceZone(ServiceId(cells.key("service_id")), place, zone)


def _channel(cells: Cells) -> Channel:
    return Channel(
        channel_id=ChannelId(cells.key("channel_id")),
        name=cells.text("name", 1),
        kind=cells.one_of("kind", CHANNEL_KINDS),
        brand=BrandId(cells.key("brand")),
        standing=cells.one_of("standing", STANDINGS),
        currency=cells.code("currency", 3),
        grace_minutes=cells.number("grace_minutes"),
    )


def _customer(cells: Cells) -> Customer:
    return Customer(
        brand=BrandId(cells.key("brand")),
        customer_ref=CustomerRef(cells.key("customer_ref")),
        name=cells.text("name"),
        mail=cells.text("mail"),
        phone=cells.text("phone"),
    )


def _staff(cells: Cells) -> Staff:
    return Staff(
        staff_ref=StaffRef(cells.key("staff_ref")),
        name=cells.text("name"),
        roles=cells.some_of("roles", ROLES),
        nodes=frozenset(NodeId(key) for key in cells.keys("nodes")),
    )


def _sheet(
    columns: str, key_columns: int, read: Callable[[Cells], Entry], optional: str = ""
) -> Sheet:
    return Sheet(tuple(columns.split()), frozenset(optional.split()), key_columns, read)


SHEETS: Final[Mapping[SheetKind, Sheet]] = {
    "brands": _sheet("brand_id name", 1, _brand),
    "calendars": _sheet("calendar_id time_zone openings closed_on", 1, _calendar, "closed_on"),
    "carriers": _sheet("carrier_id name", 1, _carrier),
    "products": _sheet(
        "sku name brand category gtin weight_g length_mm width_mm height_mm hazard price_minor"
        " currency parts launches_on licences temperature",
        1,
        _product,
        "gtin parts launches_on licences temperature",
    ),
    "nodes": _sheet(
        "node_id name kind street city postcode country latitude longitude calendar_id cut_off"
        " handling_minutes parcels_per_day_max methods parcel_cost_minor unit_cost_minor"
        " licences temperatures",
        1,
        _node,
        "parcels_per_day_max licences temperatures",
    ),
    "toggles": _sheet("node_id sku methods", 2, _toggle),
    "services": _sheet(
        "service_id carrier_id name collects_id collected_at delivers_id"
        " dimensional_divisor_mm3_per_g weight_g_max refuses countries"
        " emission_gco2e_per_tonne_km temperatures",
        1,
        _service,
        "refuses temperatures",
    ),
    "zones": _sheet(
        "service_id place name distance_km_max postcode_prefixes transit_days base_minor"
        " base_weight_g step_minor step_weight_g",
        2,
        _zone,
        "distance_km_max postcode_prefixes",
    ),
    "channels": _sheet("channel_id name kind brand standing currency grace_minutes", 1, _channel),
    "customers": _sheet("brand customer_ref name mail phone", 2, _customer, "mail phone"),
    "staff": _sheet("staff_ref name roles nodes", 1, _staff, "nodes"),
}
