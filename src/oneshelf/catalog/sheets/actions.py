"""Import rows that were read from a sheet, and export a kind.

The caller parses, hands over batches (5,000 rows a commit) and decides whether one refused row
stops the file: it can ask `check_rows` about the whole file before it imports the first batch.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from oneshelf.base.database import Transaction
from oneshelf.base.errors import ValueRefusedError
from oneshelf.catalog import actions as catalog
from oneshelf.catalog.access import actions as access
from oneshelf.catalog.access.scopes import Staff
from oneshelf.catalog.brands import Brand
from oneshelf.catalog.carriage import actions as carriage
from oneshelf.catalog.carriers import Carrier, Service, ServiceZone
from oneshelf.catalog.channels import Channel
from oneshelf.catalog.contacts import actions as contacts
from oneshelf.catalog.contacts.customers import Customer
from oneshelf.catalog.nodes import Node, Toggle
from oneshelf.catalog.opening_hours import NamedCalendar
from oneshelf.catalog.products import Product
from oneshelf.catalog.sheets import store
from oneshelf.catalog.sheets.cells import Refusal
from oneshelf.catalog.sheets.kinds import Entry, SheetKind
from oneshelf.catalog.sheets.reading import GoodRow
from oneshelf.catalog.sheets.references import references, unknown
from oneshelf.catalog.sheets.writing import write

Row = TypeVar("Row")
RowKey = str | tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a batch of rows: changed + unchanged + refused lines is all of them.

    keys: of the rows that changed, for those who must follow; no part of the answer.
    """

    changed: int
    unchanged: int
    refusals: tuple[Refusal, ...]
    keys: frozenset[RowKey] = field(default=frozenset(), compare=False)


def check_rows(
    tx: Transaction, rows: Sequence[GoodRow], earlier: Collection[str] = ()
) -> list[Refusal]:
    """Return why some rows could not be imported, without writing anything.

    earlier: SKUs of good rows before these in the same file that are no kits (see plain_skus).
    """
    asked = {(one.to, one.key) for row in rows for one in references(row)}
    return unknown(rows, store.known(tx, sorted(asked)), earlier)


def plain_skus(rows: Sequence[GoodRow]) -> frozenset[str]:
    """Return the SKUs of rows that can be parts of kits further down in the file."""
    return frozenset(
        row.entry.sku for row in rows if isinstance(row.entry, Product) and not row.entry.parts
    )


def import_rows(
    tx: Transaction, kind: SheetKind, rows: Sequence[GoodRow], now: datetime
) -> Imported:
    """Write the rows that can be written and say why the others cannot. Safe to repeat."""
    refusals = check_rows(tx, rows)
    refused = {refusal.line for refusal in refusals}
    good = [row for row in rows if row.line not in refused]
    good.sort(key=lambda row: isinstance(row.entry, Product) and bool(row.entry.parts))
    changed, more = _put_in_halves(tx, kind, good, now)
    unchanged = len(rows) - len(changed) - len(refused) - len(more)
    return Imported(len(changed), unchanged, (*refusals, *more), changed)


def _put_in_halves(
    tx: Transaction, kind: SheetKind, rows: Sequence[GoodRow], now: datetime
) -> tuple[frozenset[RowKey], list[Refusal]]:
    """Put rows; when the tables refuse a value, halve them until the culprit stands alone."""
    if not rows:
        return frozenset(), []
    try:
        with tx.savepoint():
            return PUTS[kind](tx, [row.entry for row in rows], now), []
    except ValueRefusedError as error:
        if len(rows) == 1:
            return frozenset(), [
                Refusal(rows[0].line, "", error.message, "a row that fits", error.hint)
            ]
    middle = len(rows) // 2
    changed, refusals = _put_in_halves(tx, kind, rows[:middle], now)
    more_changed, more_refusals = _put_in_halves(tx, kind, rows[middle:], now)
    return changed | more_changed, refusals + more_refusals


def export_lines(tx: Transaction, kind: SheetKind) -> Iterator[str]:
    """Yield the lines of a file that imports to the same rows, reading a page at a time."""
    return write(kind, LOADS[kind](tx))


def _of(kind: type[Row], entries: Sequence[Entry]) -> list[Row]:
    rows: list[Row] = [entry for entry in entries if isinstance(entry, kind)]
    if len(rows) != len(entries):
        raise TypeError(f"a batch of {kind.__name__} holds other kinds of rows")
    return rows


PUTS: Mapping[SheetKind, Callable[[Transaction, Sequence[Entry], datetime], frozenset[RowKey]]] = {
    "brands": lambda tx, rows, now: catalog.put_brands(tx, _of(Brand, rows), now),
    "calendars": lambda tx, rows, now: catalog.put_calendars(tx, _of(NamedCalendar, rows), now),
    "carriers": lambda tx, rows, now: carriage.put_carriers(tx, _of(Carrier, rows), now),
    "products": lambda tx, rows, now: catalog.put_products(tx, _of(Product, rows), now),
    "nodes": lambda tx, rows, now: catalog.put_nodes(tx, _of(Node, rows), now),
    "toggles": lambda tx, rows, now: catalog.put_toggles(tx, _of(Toggle, rows), now),
    "services": lambda tx, rows, now: carriage.put_terms(tx, _of(Service, rows), now),
    "zones": lambda tx, rows, now: carriage.put_zones(tx, _of(ServiceZone, rows), now),
    "channels": lambda tx, rows, now: catalog.put_channels(tx, _of(Channel, rows), now),
    "customers": lambda tx, rows, now: contacts.put_customers(tx, _of(Customer, rows), now),
    "staff": lambda tx, rows, now: access.put_staff(tx, _of(Staff, rows), now),
}


def _zones(tx: Transaction) -> Iterator[ServiceZone]:
    for service in carriage.load_services(tx):
        for place, zone in enumerate(service.zones, start=1):
            yield ServiceZone(service.service_id, place, zone)


LOADS: Mapping[SheetKind, Callable[[Transaction], Iterable[Entry]]] = {
    "brands": catalog.load_brands,
    "calendars": catalog.load_calendars,
    "carriers": carriage.load_carriers,
    "products": catalog.products_by_page,
    "nodes": catalog.load_nodes,
    "toggles": catalog.toggles_by_page,
    "services": carriage.load_services,
    "zones": _zones,
    "channels": catalog.load_channels,
    "customers": contacts.customers_by_page,
    "staff": access.load_staff,
}
