"""Files of deliveries that were announced, and what files about stock have in common."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby

from oneshelf.base.database import Transaction
from oneshelf.base.identifiers import NodeId, Sku
from oneshelf.catalog.sheets.actions import Imported
from oneshelf.catalog.sheets.cells import Cells, Refusal, quoted
from oneshelf.catalog.sheets.reading import read_cells
from oneshelf.inventory.receipts.actions import expect
from oneshelf.inventory.receipts.arriving import Expected, ExpectedLine
from oneshelf.web.commands import reads
from oneshelf.web.commands.files.intake import ROWS_PER_COMMIT, Form, Intake, Read

UNITS_MAX = 1_000_000_000
LINE_MAX = 1_000_000
NO_INSTANT = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of a file."""

    columns: tuple[str, ...]
    optional: frozenset[str]
    key_columns: int


DELIVERIES = Layout(("reference", "line", "sku", "node", "due_at", "units"), frozenset(), 2)


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """One line of a delivery."""

    line: int
    reference: str
    expected: ExpectedLine


def delivery_intake() -> Intake[DeliveryRow]:
    """Return how announced deliveries are taken in: whole ones, a known one stays as it was."""
    return Intake(Form(_read_deliveries, _check_deliveries, _whole_deliveries), _expect)


def _read_deliveries(lines: Iterable[bytes]) -> Read[DeliveryRow]:
    read: Read[DeliveryRow] = Read([], [])
    broken: set[str] = set()
    for cells in read_layout(DELIVERIES, lines, read.refusals):
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
    refusals = find_unknown(tx, {row.line: (row.expected.sku, row.expected.node) for row in rows})
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


def read_layout(layout: Layout, lines: Iterable[bytes], refusals: list[Refusal]) -> Iterator[Cells]:
    """Yield the rows of a file; what cannot be read at all goes to the refusals."""
    for found in read_cells(layout, lines):
        if isinstance(found, Refusal):
            refusals.append(found)
        else:
            yield found


def find_unknown(tx: Transaction, places: Mapping[int, tuple[Sku, NodeId]]) -> list[Refusal]:
    """Refuse lines that name a SKU or a node nobody knows."""
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
