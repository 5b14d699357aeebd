"""Files about stock: what was counted on shelves, and deliveries that were announced."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby

from oneshelf.base.database import Transaction
from oneshelf.base.identifiers import NodeId, Sku, new_id
from oneshelf.catalog.sheets.actions import Imported
from oneshelf.catalog.sheets.cells import Cells, Refusal, quoted
from oneshelf.catalog.sheets.reading import read_cells
from oneshelf.inventory.counting.actions import count
from oneshelf.inventory.counting.saying import Counted
from oneshelf.inventory.ledger import StockPoint
from oneshelf.inventory.receipts.actions import expect
from oneshelf.inventory.receipts.arriving import Expected, ExpectedLine
from oneshelf.web.commands import reads
from oneshelf.web.commands.files.intake import ROWS_PER_COMMIT, Intake, Read, in_parts

UNITS_MAX = 1_000_000_000
LINE_MAX = 1_000_000
NO_INSTANT = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of a file."""

    columns: tuple[str, ...]
    optional: frozenset[str]
    key_columns: int


SHELVES = Layout(("sku", "node", "lot", "units"), frozenset({"lot"}), 3)
DELIVERIES = Layout(("reference", "line", "sku", "node", "due_at", "units"), frozenset(), 2)


@dataclass(frozen=True, slots=True)
class ShelfRow:
    """Units of one SKU that stand on a shelf."""

    line: int
    sku: Sku
    node: NodeId
    lot: str | None
    units: int


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """One line of a delivery."""

    line: int
    reference: str
    expected: ExpectedLine


def shelf_intake() -> Intake[ShelfRow]:
    """Return how opening stock is taken in: each shelf is set to what the file says."""
    return Intake(_read_shelves, _check_shelves, _count, in_parts)


def delivery_intake() -> Intake[DeliveryRow]:
    """Return how announced deliveries are taken in: whole ones, a known one stays as it was."""
    return Intake(_read_deliveries, _check_deliveries, _expect, _whole_deliveries)


def _read_shelves(lines: Iterable[bytes]) -> Read[ShelfRow]:
    read: Read[ShelfRow] = Read([], [])
    for cells in _cells(SHELVES, lines, read.refusals):
        row = ShelfRow(
            cells.line,
            Sku(cells.key("sku")),
            NodeId(cells.key("node")),
            cells.key("lot") if cells.raw("lot") else None,
            cells.number("units", most=UNITS_MAX),
        )
        read.refusals.extend(cells.refusals)
        if not cells.refusals:
            read.rows.append(row)
    return read


def _check_shelves(tx: Transaction, rows: Sequence[ShelfRow]) -> list[Refusal]:
    return _unknown(tx, {row.line: (row.sku, row.node) for row in rows})


def _count(tx: Transaction, rows: Sequence[ShelfRow], now: datetime) -> Imported:
    said = [
        Counted(new_id(), StockPoint(row.sku, row.node, row.lot), row.units, "opening")
        for row in rows
    ]
    changed = sum(1 for variance in count(tx, said, now) if variance.units)
    return Imported(changed, len(rows) - changed, ())


def _read_deliveries(lines: Iterable[bytes]) -> Read[DeliveryRow]:
    read: Read[DeliveryRow] = Read([], [])
    broken: set[str] = set()
    for cells in _cells(DELIVERIES, lines, read.refusals):
        row = DeliveryRow(
            cells.line,
            cells.key("reference"),
            ExpectedLine(
                cells.number("line", least=1, most=LINE_MAX),
                Sku(cells.key("sku")),
                NodeId(cells.key("node")),
                cells.read(
                    "due_at",
                    _instant,
                    NO_INSTANT,
                    "an instant like 2026-12-01T09:00+00:00",
                    "Write date, time and zone; Z is UTC.",
                ),
                cells.number("units", least=1, most=UNITS_MAX),
            ),
        )
        read.refusals.extend(cells.refusals)
        if cells.refusals:
            broken.add(row.reference)
        else:
            read.rows.append(row)
    read.refusals.extend(_rest_of(broken, read.rows))
    whole = [row for row in read.rows if row.reference not in broken]
    return Read(sorted(whole, key=lambda row: row.reference), read.refusals)


def _check_deliveries(tx: Transaction, rows: Sequence[DeliveryRow]) -> list[Refusal]:
    refusals = _unknown(tx, {row.line: (row.expected.sku, row.expected.node) for row in rows})
    out = {refusal.line for refusal in refusals}
    broken = {row.reference for row in rows if row.line in out}
    return refusals + _rest_of(broken, [row for row in rows if row.line not in out])


def _rest_of(broken: Collection[str], rows: Iterable[DeliveryRow]) -> list[Refusal]:
    """Refuse the good lines of a broken delivery: once known, it would never be completed."""
    return [
        Refusal(
            row.line,
            "reference",
            quoted(row.reference),
            "a delivery whose every line can be taken",
            "Correct its other lines; a delivery is announced whole.",
        )
        for row in rows
        if row.reference in broken
    ]


def _expect(tx: Transaction, rows: Sequence[DeliveryRow], now: datetime) -> Imported:
    known = reads.find_receipts(tx, {row.reference for row in rows})
    announced = [
        Expected(reference, tuple(row.expected for row in lines))
        for reference, lines in groupby(rows, lambda row: row.reference)
    ]
    expect(tx, announced, now)
    changed = sum(1 for row in rows if row.reference not in known)
    return Imported(changed, len(rows) - changed, ())


def _whole_deliveries(rows: Sequence[DeliveryRow]) -> Iterator[Sequence[DeliveryRow]]:
    part: list[DeliveryRow] = []
    for _, lines in groupby(rows, lambda row: row.reference):
        delivery = list(lines)
        if part and len(part) + len(delivery) > ROWS_PER_COMMIT:
            yield part
            part = []
        part = part + delivery
    if part:
        yield part


def _cells(layout: Layout, lines: Iterable[bytes], refusals: list[Refusal]) -> Iterator[Cells]:
    for found in read_cells(layout, lines):
        if isinstance(found, Refusal):
            refusals.append(found)
        else:
            yield found


def _unknown(tx: Transaction, places: Mapping[int, tuple[Sku, NodeId]]) -> list[Refusal]:
    skus = reads.find_shelved_skus(tx, {sku for sku, _ in places.values()})
    nodes = reads.find_nodes(tx, {node for _, node in places.values()})
    refusals = []
    for line, (sku, node) in places.items():
        if sku not in skus:
            hint = "Import products first, or correct the SKU; of a kit, name the parts."
            expected = "the SKU of a product that is no kit"
            refusals.append(Refusal(line, "sku", quoted(sku), expected, hint))
        if node not in nodes:
            hint = "Import nodes first, or correct the name."
            refusals.append(Refusal(line, "node", quoted(node), "a node that exists", hint))
    return refusals


def _instant(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("no zone")
    return found.astimezone(UTC)
