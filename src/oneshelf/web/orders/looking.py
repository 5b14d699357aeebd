"""Doors that look at orders."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from oneshelf.base.database import Transaction
from oneshelf.base.errors import OneshelfError
from oneshelf.orders.lifecycle import OrderStatus
from oneshelf.web.decoding import Shape
from oneshelf.web.doors import reading
from oneshelf.web.orders import reads
from oneshelf.web.values.paging import Cursor, PageSize, read_cursor, write_cursor

Number = Annotated[int, Meta(ge=1, le=2**53)]
Word = Annotated[str, Meta(min_length=1, max_length=200)]

Phone = Annotated[str, Meta(max_length=200, pattern="[0-9]")]


class OrderNumbered(Shape, frozen=True):
    """Which order: the short number people see."""

    number: Number


class OrdersAsked(Shape, frozen=True):
    """Which orders, newest first. key: the channel's own id of an order.

    Mail and phone are found however they were typed: no case, no spaces, only a phone's digits.
    """

    channel: Word | None = None
    status: OrderStatus | None = None
    key: Word | None = None
    mail: Word | None = None
    phone: Phone | None = None
    tracking: Word | None = None
    limit: PageSize = 50
    cursor: Cursor | None = None


class OrderPage(Shape, frozen=True):
    """Orders, newest first. next_cursor: where the next page starts; null on the last."""

    orders: list[reads.OrderRow]
    next_cursor: str | None


class OrderTold(Shape, frozen=True):
    """One order: what was asked, and where its units stand now."""

    order: reads.OrderRow
    money: reads.MoneyRow
    lines: list[reads.LineRow]
    standing: list[reads.StandingRow]
    parcels: list[reads.ParcelRow]
    holds: list[reads.HoldRow]
    contact: reads.ContactRow | None
    progress: list[reads.ProgressRow]


def list_orders(tx: Transaction, asked: OrdersAsked) -> OrderPage:
    """Return a page of orders."""
    found = reads.find_orders(
        tx,
        reads.OrderFilter(
            channel=asked.channel,
            status=asked.status,
            key=asked.key,
            mail=asked.mail,
            phone=asked.phone,
            tracking=asked.tracking,
            before=read_cursor(asked.cursor, tuple[datetime, int]),
            limit=asked.limit + 1,
        ),
    )
    page = found[: asked.limit]
    more = len(found) > asked.limit
    place = write_cursor((page[-1].placed_at, page[-1].number)) if more else None
    return OrderPage(orders=page, next_cursor=place)


def tell_order(tx: Transaction, asked: OrderNumbered) -> OrderTold:
    """Return one order."""
    order = reads.find_order(tx, asked.number)
    if order is None:
        raise unknown_order(asked.number)
    return OrderTold(
        order=order,
        money=reads.read_money(tx, asked.number),
        lines=reads.find_lines(tx, asked.number),
        standing=reads.find_standing(tx, asked.number),
        parcels=reads.find_parcels(tx, asked.number),
        holds=reads.find_holds(tx, asked.number),
        contact=reads.find_contact(tx, asked.number),
        progress=reads.find_progress(tx, asked.number),
    )


def unknown_order(number: int) -> OneshelfError:
    """Return the refusal of a number that no order bears."""
    return OneshelfError(
        "not_found", f"There is no order {number}.", "GET /api/v1/orders finds orders."
    )


DOORS = (
    reading(
        "/api/v1/orders",
        "read:orders",
        "Find orders, the newest first",
        list_orders,
        where=OrdersAsked,
        gives=OrderPage,
    ),
    reading(
        "/api/v1/orders/{number}",
        "read:orders",
        "One order: its lines, where their units stand, its parcels and holds",
        tell_order,
        where=OrderNumbered,
        gives=OrderTold,
        version=lambda told: told.order.version,
    ),
)
