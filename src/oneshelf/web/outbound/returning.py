"""Doors for what comes back, and for what no rule could settle."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from oneshelf.base.database import Transaction
from oneshelf.base.identifiers import OrderId
from oneshelf.inventory.lines.handling import Condition
from oneshelf.post_purchase.returns.actions import receive_returns
from oneshelf.post_purchase.returns.receiving import Return, ReturnAnswer
from oneshelf.teamwork.exceptions.actions import close
from oneshelf.teamwork.exceptions.exceptions import ExceptionId
from oneshelf.web.decoding import Shape
from oneshelf.web.doors import Nowhere, Wish, reading, writing
from oneshelf.web.outbound import reads
from oneshelf.web.outbound.reads import ExceptionRow
from oneshelf.web.stock.knowing import require_known
from oneshelf.web.values.naming import IDS_MAX, ROWS_MAX, LineNo, NodeName, SomeUnits
from oneshelf.web.values.paging import Cursor, PageSize, read_cursor, write_cursor

Rows = Meta(min_length=1, max_length=ROWS_MAX)
Id = Annotated[int, Meta(ge=1, le=IDS_MAX)]


class UnitsBack(Shape, frozen=True):
    """Units of one line that stand on a counter."""

    order: Id
    line_no: LineNo
    units: SomeUnits
    node: NodeName
    condition: Condition


class ReturnsAsked(Shape, frozen=True):
    """Decided one after another."""

    returns: Annotated[list[UnitsBack], Rows]


class ReturnsTold(Shape, frozen=True):
    """An answer for each, in order."""

    answers: list[ReturnAnswer]


class ExceptionsAsked(Shape, frozen=True):
    """The oldest first."""

    limit: PageSize = 50
    cursor: Cursor | None = None


class ExceptionPage(Shape, frozen=True):
    """What is open."""

    exceptions: list[ExceptionRow]
    next_cursor: str | None


class ExceptionsNamed(Shape, frozen=True):
    """What somebody took care of."""

    exception_ids: Annotated[frozenset[Id], Rows]


class ExceptionsClosed(Shape, frozen=True):
    """closed: so many were open."""

    closed: int


def take_returns(tx: Transaction, wish: Wish[Nowhere, ReturnsAsked], now: datetime) -> ReturnsTold:
    """Take units back at any node."""
    rows = wish.body.returns
    require_known(tx, (), {one.node for one in rows})
    returns = [
        Return(
            wish.row_id(row), OrderId(one.order), one.line_no, one.units, one.node, one.condition
        )
        for row, one in enumerate(rows)
    ]
    return ReturnsTold(answers=receive_returns(tx, returns, now))


def list_exceptions(tx: Transaction, asked: ExceptionsAsked) -> ExceptionPage:
    """Return what is open."""
    after = read_cursor(asked.cursor, int) or 0
    rows = reads.find_exceptions(tx, after, asked.limit + 1)
    page = rows[: asked.limit]
    more = len(rows) > asked.limit
    return ExceptionPage(
        exceptions=page, next_cursor=write_cursor(page[-1].exception_id) if more else None
    )


def close_exceptions(
    tx: Transaction, wish: Wish[Nowhere, ExceptionsNamed], now: datetime
) -> ExceptionsClosed:
    """Close what somebody took care of."""
    ids = [ExceptionId(one) for one in sorted(wish.body.exception_ids)]
    return ExceptionsClosed(closed=close(tx, ids, now))


DOORS = (
    writing(
        "/api/v1/returns",
        "work:outbound",
        "Take units back at any node, never more than were sold",
        take_returns,
        Nowhere,
        ReturnsAsked,
        ReturnsTold,
    ),
    reading(
        "/api/v1/exceptions",
        "read:orders",
        "What no rule could settle, the oldest first",
        list_exceptions,
        ExceptionsAsked,
        ExceptionPage,
    ),
    writing(
        "/api/v1/exceptions/close",
        "write:orders",
        "Close what somebody took care of",
        close_exceptions,
        Nowhere,
        ExceptionsNamed,
        ExceptionsClosed,
    ),
)
