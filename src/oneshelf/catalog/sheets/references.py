"""What a row refers to, and the refusal when that does not exist. Pure."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from oneshelf.catalog.access.scopes import Staff
from oneshelf.catalog.carriers import Service, ServiceZone
from oneshelf.catalog.channels import Channel
from oneshelf.catalog.contacts.customers import Customer
from oneshelf.catalog.nodes import Node, Toggle
from oneshelf.catalog.products import Product
from oneshelf.catalog.sheets.cells import Refusal, quoted
from oneshelf.catalog.sheets.kinds import Entry
from oneshelf.catalog.sheets.reading import GoodRow

Referred = Literal[
    "brands",
    "calendars",
    "carriers",
    "nodes",
    "products",
    "services",
    "plain_products",  # products that are no kits, so that they can be parts
    "no_parts",  # products, known or new, that are in no kit, so that they can become one
]
Sentence = tuple[str, str]  # what was expected, and what to do

SENTENCES: dict[Referred, Sentence] = {
    "brands": ("a brand that exists", "Import brands first, or correct the name."),
    "calendars": ("a calendar that exists", "Import calendars first, or correct the name."),
    "carriers": ("a carrier that exists", "Import carriers first, or correct the name."),
    "nodes": ("a node that exists", "Import nodes first, or correct the name."),
    "products": ("the SKU of a product that exists", "Import products first, or correct the SKU."),
    "services": ("a service that exists", "Import services first, or correct the name."),
    "plain_products": (
        "parts that exist and are no kits themselves",
        "Import the parts first; write the inner kit's own parts instead of it.",
    ),
    "no_parts": (
        "a SKU that is in no other kit",
        "Take it out of the other kit first: a kit has no kits inside.",
    ),
}


@dataclass(frozen=True, slots=True)
class Reference:
    """A cell of a row that names something else."""

    line: int
    column: str
    to: Referred
    key: str

    def refusal(self) -> Refusal:
        """Say that it names nothing."""
        expected, hint = SENTENCES[self.to]
        return Refusal(self.line, self.column, quoted(self.key), expected, hint)


def references(row: GoodRow) -> Iterator[Reference]:
    """Yield everything a row refers to."""
    for column, to, key in _named(row.entry):
        yield Reference(row.line, column, to, key)


def unknown(
    rows: Sequence[GoodRow], known: Collection[tuple[Referred, str]], earlier: Collection[str]
) -> list[Refusal]:
    """Return a refusal for each reference to something that is not known.

    earlier: SKUs, no kits, that come before in the same file. A kit's parts may also stand among
    these rows, in any order, if they are not refused themselves.
    """
    named = [reference for row in rows for reference in references(row)]
    missing = {one for one in named if (one.to, one.key) not in known}
    refused = {one.line for one in missing if one.to != "plain_products"}
    products = [(row.line, row.entry) for row in rows if isinstance(row.entry, Product)]
    kits = {product.sku for _, product in products if product.parts}
    fresh = {row.sku for line, row in products if not row.parts and line not in refused}

    def names_nothing(one: Reference) -> bool:
        if one.to == "plain_products" and one.key in kits:
            return True  # a product that this very file makes a kit
        may_come = one.to == "plain_products" and (one.key in fresh or one.key in earlier)
        return one in missing and not may_come

    return [one.refusal() for one in named if names_nothing(one)]


def _named(entry: Entry) -> Iterator[tuple[str, Referred, str]]:
    match entry:
        case Product():
            yield from _named_by_product(entry)
        case Node():
            yield "calendar_id", "calendars", entry.calendar_id
        case Toggle():
            yield "node_id", "nodes", entry.node_id
            yield "sku", "products", entry.sku
        case Service():
            yield "carrier_id", "carriers", entry.carrier_id
            yield "collects_id", "calendars", entry.collects_id
            yield "delivers_id", "calendars", entry.delivers_id
        case ServiceZone():
            yield "service_id", "services", entry.service_id
        case Channel() | Customer():
            yield "brand", "brands", entry.brand
        case Staff():
            for node_id in entry.nodes:
                yield "nodes", "nodes", node_id
        case _:
            pass  # brands, calendars and carriers refer to nothing


def _named_by_product(product: Product) -> Iterator[tuple[str, Referred, str]]:
    yield "brand", "brands", product.brand
    for part in product.parts:
        yield "parts", "plain_products", part.sku
    if product.parts:
        yield "sku", "no_parts", product.sku
