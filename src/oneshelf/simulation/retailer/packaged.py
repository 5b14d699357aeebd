"""Read the packaged excerpt of real sales and places. Touches only files of this package."""

import csv
import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from importlib.resources import files
from zoneinfo import ZoneInfo

from oneshelf.base.identifiers import Sku

LONDON = ZoneInfo("Europe/London")


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """One line of the data set. customer: empty where the shop did not know it."""

    invoice: str
    sku: Sku
    description: str
    units: int
    at: datetime
    price_minor: int
    customer: str


@dataclass(frozen=True, slots=True)
class Outcode:
    """The first half of a postcode, and the middle of its area."""

    code: str
    latitude: float
    longitude: float
    town: str


def invoice_lines() -> tuple[InvoiceLine, ...]:
    """Return every British line of the week, in the order of the data set."""
    return tuple(
        InvoiceLine(
            invoice=invoice,
            sku=Sku(code.upper()),
            description=" ".join(description.split()),
            units=int(units),
            at=datetime.fromisoformat(at).replace(tzinfo=LONDON).astimezone(UTC),
            price_minor=int(Decimal(price) * 100),
            customer=customer,
        )
        for invoice, code, description, units, at, price, customer in _rows("invoice_lines.csv.gz")
    )


def outcodes() -> tuple[Outcode, ...]:
    """Return every outcode, sorted by code."""
    return tuple(
        sorted(
            (
                Outcode(code, float(latitude), float(longitude), town)
                for code, latitude, longitude, town in _rows("outcodes.csv.gz")
            ),
            key=lambda outcode: outcode.code,
        )
    )


def _rows(name: str) -> Iterator[list[str]]:
    packed = files(__package__).joinpath("excerpt", name).read_bytes()
    rows = csv.reader(gzip.decompress(packed).decode().splitlines())
    next(rows)
    return rows
