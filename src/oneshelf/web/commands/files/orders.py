"""Orders in a file: one JSON object a line, or a CSV with a row for each line of an order."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import msgspec

from oneshelf.base.database import Database
from oneshelf.base.errors import OneshelfError
from oneshelf.base.repeat_keys import hash_body
from oneshelf.catalog.sheets.cells import Cells, Refusal
from oneshelf.catalog.sheets.reading import BYTE_ORDER_MARK, read_cells
from oneshelf.orders.answers import Decided, Placed, Refused, Repeated
from oneshelf.orders.canonical import NewOrder, faults
from oneshelf.orders.capture.asked import Asked
from oneshelf.orders.capture.asking import unknown_names
from oneshelf.web.batches.orders import placing
from oneshelf.web.commands.files.intake import Keeping, Read, Taken
from oneshelf.web.commands.files.stock import Layout
from oneshelf.web.commands.printing import Bar
from oneshelf.web.decoding import decode_body
from oneshelf.web.following import SafeTail
from oneshelf.web.snapshot import Snapshot

ORDERS_AT_ONCE = 500
READABLE = "an order that can be read"

OF_LINE = ("sku", "units", "price_minor", "discount_minor", "tax_minor")
OF_PLACE = ("country", "postcode", "latitude", "longitude")
OF_CONTACT = ("name", "mail", "phone", "street", "city")
OF_ORDER = (
    *("channel", "key", "method", "currency", "standing", "node", "customer", "reservation"),
    *("wanted_by", "preference", "splitting", "backorder", "shipping_minor", "taxes"),
)
NEEDED = frozenset({"channel", "key", "method", "currency", "sku", "units", "price_minor"})
NUMBERS = frozenset({"units", "price_minor", "discount_minor", "tax_minor", "shipping_minor"})
COLUMNS = (*OF_ORDER, *OF_LINE, *OF_PLACE, *OF_CONTACT)
LAYOUT = Layout(COLUMNS, frozenset(COLUMNS) - NEEDED, 0)

Value = str | int | float


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An order and the line it starts on."""

    line: int
    order: NewOrder


def take_orders(database: Database, lines: Iterable[bytes], keeping: Keeping, bar: Bar) -> Taken:
    """Place the orders of a file as the API would; an order that nobody can serve is refused alone.

    A file with an order that cannot be read places none, unless good ones are kept.
    """
    found = read_orders(lines)
    snapshot = Snapshot(database, SafeTail())
    refusals = [*found.refusals, *_unreadable(found.rows, snapshot)]
    out = {refusal.line for refusal in refusals}
    good = [row for row in found.rows if row.line not in out]
    answers: list[Decided] = []
    if not refusals or keeping == "good_rows":
        answers = _place(database, snapshot, good, bar)
        pairs = zip(good, answers, strict=True)
        refusals += [told for row, answer in pairs if (told := _refusal(row, answer))]
    refusals.sort(key=lambda refusal: refusal.line)
    return Taken(
        rows=len({row.line for row in found.rows} | out),
        changed=sum(isinstance(answer, Placed) for answer in answers),
        unchanged=sum(isinstance(answer, Repeated) for answer in answers),
        refused=len({refusal.line for refusal in refusals}),
        refusals=tuple(refusals),
    )


def read_orders(lines: Iterable[bytes]) -> Read[OrderRow]:
    """Read a file, whichever of the two it is."""
    waiting = iter(lines)
    first = next(waiting, b"")
    whole = chain([first] if first else [], waiting)
    if first.removeprefix(BYTE_ORDER_MARK).lstrip().startswith((b"{", b"[")):
        return _read_json(whole)
    return _read_csv(whole)


def _read_json(lines: Iterable[bytes]) -> Read[OrderRow]:
    read: Read[OrderRow] = Read([], [])
    for number, line in enumerate(lines, 1):
        plain = line.removeprefix(BYTE_ORDER_MARK).strip()
        if plain:
            try:
                read.rows.append(OrderRow(number, decode_body(plain, NewOrder)))
            except OneshelfError as error:
                hint = "Write each order as one JSON object on one line."
                read.refusals.append(Refusal(number, "", error.message, READABLE, hint))
    return read


def _read_csv(lines: Iterable[bytes]) -> Read[OrderRow]:
    read: Read[OrderRow] = Read([], [])
    rows: dict[tuple[str, str], list[Cells]] = {}
    for found in read_cells(LAYOUT, lines):
        if isinstance(found, Refusal):
            read.refusals.append(found)
        else:
            rows.setdefault((found.raw("channel"), found.raw("key")), []).append(found)
    for cells in rows.values():
        try:
            order = msgspec.convert(_document(cells), NewOrder, strict=False)
        except (msgspec.ValidationError, ValueError) as error:
            hint = "Correct the cell; the columns are named like the API's fields."
            read.refusals.append(Refusal(cells[0].line, "", str(error), READABLE, hint))
        else:
            read.rows.append(OrderRow(cells[0].line, order))
    return read


def _document(rows: Sequence[Cells]) -> dict[str, object]:
    """Lay the rows of one order out as the API's JSON; the first row says what all share."""
    first = rows[0]
    document: dict[str, object] = dict(_filled(first, OF_ORDER))
    document["lines"] = [dict(_filled(row, OF_LINE)) for row in rows]
    place = dict(_filled(first, OF_PLACE))
    if "latitude" in place:
        document["place"] = place
    contact = dict(_filled(first, OF_CONTACT))
    if contact:
        document["contact"] = contact | {
            name: place[name] for name in ("country", "postcode") if name in place
        }
    return document


def _filled(cells: Cells, columns: Sequence[str]) -> Iterator[tuple[str, Value]]:
    for column in columns:
        if text := cells.raw(column):
            if column in NUMBERS and not text.isdecimal():
                raise ValueError(f"{column} is {text!r}, not a whole number")
            yield column, text


def _unreadable(rows: Sequence[OrderRow], snapshot: Snapshot) -> list[Refusal]:
    outlook = snapshot.outlook
    return [
        Refusal(row.line, "", problem, READABLE, "Correct it, or import what it names first.")
        for row in rows
        for problem in faults(row.order)
        + unknown_names(
            row.order, outlook.channels, outlook.world.node_index, outlook.world.products
        )
    ]


def _place(
    database: Database, snapshot: Snapshot, rows: Sequence[OrderRow], bar: Bar
) -> list[Decided]:
    writer = placing(database, snapshot)
    asked = [Asked(row.order, hash_body(msgspec.json.encode(row.order))) for row in rows]

    async def ask() -> list[Decided]:
        answers: list[Decided] = []
        for start in range(0, len(asked), ORDERS_AT_ONCE):
            part = asked[start : start + ORDERS_AT_ONCE]
            answers += await writer.ask_all(part)
            bar.advance(len(part))
        return answers

    writer.start()
    try:
        return asyncio.run(ask())
    finally:
        writer.stop()


def _refusal(row: OrderRow, answer: Decided) -> Refusal | None:
    if isinstance(answer, Refused):
        hint = "Nothing of it was written; it may be sent again under the same key."
        return Refusal(row.line, "key", f"{row.order.key}: {answer.detail}", "a plan", hint)
    if isinstance(answer, OneshelfError):
        return Refusal(row.line, "key", answer.message, READABLE, answer.hint)
    return None
