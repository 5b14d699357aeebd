"""Doors for deliveries: announced, dated anew, received."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

from oneshelf.base.database import Transaction
from oneshelf.base.errors import OneshelfError
from oneshelf.base.identifiers import ReceiptLineId
from oneshelf.inventory.receipts.actions import expect, re_date, receive
from oneshelf.inventory.receipts.arriving import Expected, ExpectedLine, Received
from oneshelf.web.decoding import Shape
from oneshelf.web.doors import Nowhere, Wish, reading, writing
from oneshelf.web.problems import Fault, FaultyError
from oneshelf.web.stock import reads
from oneshelf.web.stock.changing import Done, Rows
from oneshelf.web.stock.knowing import require_known
from oneshelf.web.stock.reads import ReceiptLineTold
from oneshelf.web.values.naming import (
    AnyUnits,
    LineNo,
    LotName,
    NodeName,
    ReceiptLineNumber,
    SkuName,
    SomeUnits,
)

Instant = Annotated[datetime, Meta(tz=True)]
Reference = Annotated[str, Meta(min_length=1, max_length=64)]


class ReceiptNamed(Shape, frozen=True):
    """The sender's name for a delivery."""

    reference: Reference


class DeliveryLine(Shape, frozen=True):
    """Units that a delivery brings to a node."""

    line_no: LineNo
    sku: SkuName
    node: NodeName
    due_at: Instant
    units: SomeUnits


class Delivery(Shape, frozen=True):
    """An announced delivery; a reference that is known stays as it was."""

    reference: Reference
    lines: Annotated[list[DeliveryLine], Rows]


class DeliveryTold(Shape, frozen=True):
    """A delivery and how far it has come."""

    reference: str
    lines: list[ReceiptLineTold]


class NewDate(Shape, frozen=True):
    """When a line comes instead."""

    receipt_line: ReceiptLineNumber
    due_at: Instant


class NewDates(Shape, frozen=True):
    """All of them or none."""

    dates: Annotated[list[NewDate], Rows]


class Arrival(Shape, frozen=True):
    """Units of a line that came. units: fit for sale. rest: whether the others still come."""

    receipt_line: ReceiptLineNumber
    units: AnyUnits
    units_damaged: AnyUnits = 0
    lot: LotName | None = None
    rest: Literal["still_expected", "will_not_come"] = "still_expected"


class ArrivedLines(Shape, frozen=True):
    """All of them or none."""

    received: Annotated[list[Arrival], Rows]


def tell_delivery(tx: Transaction, asked: ReceiptNamed) -> DeliveryTold:
    """Return one delivery."""
    lines = reads.find_receipt(tx, asked.reference)
    if not lines:
        raise OneshelfError("not_found", f"There is no delivery {asked.reference!r}.")
    return DeliveryTold(reference=asked.reference, lines=lines)


def take_delivery(tx: Transaction, wish: Wish[Nowhere, Delivery], now: datetime) -> DeliveryTold:
    """Write an announced delivery down; lines that wait are promised its units."""
    asked = wish.body
    if len({line.line_no for line in asked.lines}) != len(asked.lines):
        raise FaultyError("bad_value", (Fault("$.lines", "a line number stands twice"),))
    require_known(tx, {one.sku for one in asked.lines}, {one.node for one in asked.lines})
    lines = tuple(
        ExpectedLine(one.line_no, one.sku, one.node, one.due_at, one.units) for one in asked.lines
    )
    expect(tx, [Expected(asked.reference, lines)], now)
    return tell_delivery(tx, ReceiptNamed(reference=asked.reference))


def take_dates(tx: Transaction, wish: Wish[Nowhere, NewDates], now: datetime) -> Done:
    """Let lines come at other times."""
    dates = {one.receipt_line: one.due_at for one in wish.body.dates}
    _require_lines(tx, set(dates))
    re_date(tx, dates, now)
    return Done(rows=len(dates))


def take_received(tx: Transaction, wish: Wish[Nowhere, ArrivedLines], now: datetime) -> Done:
    """Bring units of deliveries to their shelves."""
    rows = wish.body.received
    _require_lines(tx, {one.receipt_line for one in rows})
    received = [
        Received(
            wish.row_id(row), one.receipt_line, one.units, one.units_damaged, one.lot, one.rest
        )
        for row, one in enumerate(rows)
    ]
    receive(tx, received, now)
    return Done(rows=len(rows))


def _require_lines(tx: Transaction, lines: set[ReceiptLineId]) -> None:
    if reads.count_receipt_lines(tx, sorted(lines)) != len(lines):
        raise OneshelfError(
            "not_found", "One of these receipt lines does not exist.", "Look at the delivery first."
        )


DOORS = (
    reading(
        "/api/v1/receipts/{reference}",
        "read:stock",
        "An announced delivery and how far it has come",
        tell_delivery,
        ReceiptNamed,
        DeliveryTold,
    ),
    writing(
        "/api/v1/receipts",
        "write:stock",
        "Announce a delivery",
        take_delivery,
        Nowhere,
        Delivery,
        DeliveryTold,
        status=201,
    ),
    writing(
        "/api/v1/receipts/dates",
        "write:stock",
        "Say when lines of deliveries come instead",
        take_dates,
        Nowhere,
        NewDates,
        Done,
        problems=("not_found", "conflict"),
    ),
    writing(
        "/api/v1/receipts/received",
        "write:stock",
        "Bring units of deliveries to their shelves",
        take_received,
        Nowhere,
        ArrivedLines,
        Done,
        problems=("not_found", "conflict"),
    ),
)
