"""Doors for totes with units that no order wants any more."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from oneshelf.base.database import Transaction
from oneshelf.base.identifiers import OrderId
from oneshelf.inventory.recalls.recalled import Found
from oneshelf.outbound.putting_back.actions import put_back
from oneshelf.outbound.putting_back.tote_reports import ToteAnswer, ToteReport
from oneshelf.web.decoding import Shape
from oneshelf.web.doors import Wish, reading, writing
from oneshelf.web.outbound import reads
from oneshelf.web.outbound.reads import RecalledRow
from oneshelf.web.stock.knowing import require_known
from oneshelf.web.values.naming import IDS_MAX, ROWS_MAX, LineNo, NodeName, SkuName, SomeUnits
from oneshelf.web.values.paging import Cursor, PageSize, read_cursor, write_cursor


class AtNode(Shape, frozen=True):
    """Which node."""

    node: NodeName


class RecalledAsked(AtNode, frozen=True):
    """Whose totes; the longest known first."""

    limit: PageSize = 50
    cursor: Cursor | None = None


class RecalledPage(Shape, frozen=True):
    """What is to be put back."""

    recalled: list[RecalledRow]
    next_cursor: str | None


class UnitsFound(Shape, frozen=True):
    """Units that left their tote. found: how they are, or that they are not there."""

    order: Annotated[int, Meta(ge=1, le=IDS_MAX)]
    line_no: LineNo
    sku: SkuName
    units: SomeUnits
    found: Found = "available"


class TotesEmptied(Shape, frozen=True):
    """Decided one after another."""

    units: Annotated[list[UnitsFound], Meta(min_length=1, max_length=ROWS_MAX)]


class TotesTold(Shape, frozen=True):
    """An answer for each, in order."""

    answers: list[ToteAnswer]


def tell_recalled(tx: Transaction, asked: RecalledAsked) -> RecalledPage:
    """Return what a node has to put back."""
    require_known(tx, (), {asked.node})
    after = read_cursor(asked.cursor, int) or 0
    rows = reads.find_recalled(tx, asked.node, after, asked.limit + 1)
    page = rows[: asked.limit]
    more = len(rows) > asked.limit
    return RecalledPage(
        recalled=page, next_cursor=write_cursor(page[-1].recalled_id) if more else None
    )


def take_emptied(tx: Transaction, wish: Wish[AtNode, TotesEmptied], now: datetime) -> TotesTold:
    """Take what an associate put back."""
    node, rows = wish.where.node, wish.body.units
    require_known(tx, {one.sku for one in rows}, {node})
    reports = [
        ToteReport(
            wish.row_id(row), OrderId(one.order), one.line_no, node, one.sku, one.units, one.found
        )
        for row, one in enumerate(rows)
    ]
    return TotesTold(answers=put_back(tx, reports, now))


DOORS = (
    reading(
        "/api/v1/nodes/{node}/recalled",
        "work:outbound",
        "What a node has to put back: picked, then cancelled",
        tell_recalled,
        RecalledAsked,
        RecalledPage,
    ),
    writing(
        "/api/v1/nodes/{node}/recalled",
        "work:outbound",
        "Put units back whose line was cancelled, never more than were called back",
        take_emptied,
        AtNode,
        TotesEmptied,
        TotesTold,
    ),
)
