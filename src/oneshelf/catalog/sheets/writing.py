"""Write entries as the CSV that reading reads. Pure."""

import csv
import io
from collections.abc import Iterable, Iterator
from typing import assert_never

from oneshelf.catalog.access.scopes import Staff
from oneshelf.catalog.brands import Brand
from oneshelf.catalog.carriers import Carrier, Service, ServiceZone
from oneshelf.catalog.channels import Channel
from oneshelf.catalog.contacts.customers import Customer
from oneshelf.catalog.nodes import Node, Toggle
from oneshelf.catalog.opening_hours import NamedCalendar
from oneshelf.catalog.products import Product
from oneshelf.catalog.sheets.cells import BETWEEN, shield, write_degrees
from oneshelf.catalog.sheets.kinds import SHEETS, Entry, SheetKind
from oneshelf.catalog.sheets.opening_text import write_clock, write_openings


def write(kind: SheetKind, entries: Iterable[Entry]) -> Iterator[str]:
    """Yield the header's line, then one line an entry (a cell may hold line breaks itself)."""
    yield _line(SHEETS[kind].columns)
    for entry in entries:
        yield _line(_cells(entry))


def _line(cells: Iterable[str | int]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow([shield(str(cell)) for cell in cells])
    return line.getvalue()


def _cells(  # noqa: C901, PLR0911 - one case a kind, and assert_never keeps the list complete
    entry: Entry,
) -> tuple[str | int, ...]:
    """Return the cells in the order of the kind's columns."""
    match entry:
        case Brand():
            return (entry.brand_id, entry.name)
        case NamedCalendar():
            calendar = entry.calendar
            closed_on = _entries(day.isoformat() for day in calendar.closed_on)
            openings = write_openings(calendar.openings)
            return (entry.calendar_id, calendar.time_zone, openings, closed_on)
        case Carrier():
            return (entry.carrier_id, entry.name)
        case Toggle():
            return (entry.node_id, entry.sku, _entries(entry.methods))
        case Channel():
            return (
                *(entry.channel_id, entry.name, entry.kind, entry.brand, entry.standing),
                *(entry.currency, entry.grace_minutes),
            )
        case Customer():
            return (entry.brand, entry.customer_ref, entry.name, entry.mail, entry.phone)
        case Staff():
            return (entry.staff_ref, entry.name, _entries(entry.roles), _entries(entry.nodes))
        case Product():
            return _product(entry)
        case Node():
            return _node(entry)
        case Service():
            return _service(entry)
        case ServiceZone():
            return _zone(entry)
        case _:
            assert_never(entry)


def _product(product: Product) -> tuple[str | int, ...]:
    return (
        *(product.sku, product.name, product.brand, product.category, product.gtin or ""),
        *(product.weight_g, product.length_mm, product.width_mm, product.height_mm),
        *(product.hazard, product.price_minor, product.currency),
        BETWEEN.join(f"{part.sku}:{part.units}" for part in product.parts),
        product.launches_on.isoformat() if product.launches_on else "",
        *(_entries(product.licences), product.temperature),
    )


def _node(node: Node) -> tuple[str | int, ...]:
    return (
        *(node.node_id, node.name, node.kind, node.street, node.city, node.postcode, node.country),
        *(write_degrees(node.latitude), write_degrees(node.longitude), node.calendar_id),
        *(write_clock(node.cut_off), node.handling_minutes, _or_empty(node.parcels_per_day_max)),
        *(_entries(node.methods), node.parcel_cost_minor, node.unit_cost_minor),
        *(_entries(node.licences), _entries(node.temperatures)),
    )


def _service(service: Service) -> tuple[str | int, ...]:
    return (
        *(service.service_id, service.carrier_id, service.name, service.collects_id),
        *(write_clock(service.collected_at), service.delivers_id),
        *(service.dimensional_divisor_mm3_per_g, service.weight_g_max),
        *(_entries(service.refuses), _entries(service.countries)),
        *(service.emission_gco2e_per_tonne_km, _entries(service.temperatures)),
    )


def _zone(row: ServiceZone) -> tuple[str | int, ...]:
    zone = row.zone
    return (
        *(row.service_id, row.place, zone.name, _or_empty(zone.distance_km_max)),
        *(BETWEEN.join(zone.postcode_prefixes), zone.transit_days, zone.base_minor),
        *(zone.base_weight_g, zone.step_minor, zone.step_weight_g),
    )


def _entries(entries: Iterable[str]) -> str:
    return BETWEEN.join(sorted(entries))


def _or_empty(number: int | None) -> str | int:
    return "" if number is None else number
