"""Doors that change an order that stands."""

from datetime import datetime
from typing import Annotated, TypeVar

from msgspec import Meta

from oneshelf.base.database import Transaction
from oneshelf.base.errors import OneshelfError
from oneshelf.base.identifiers import OrderId
from oneshelf.orders.changes.actions import Hold, cancel, hold, lift
from oneshelf.orders.changes.cancelling import Cancellation, Cancelled
from oneshelf.orders.progress.actions import lock_orders
from oneshelf.web.decoding import Shape
from oneshelf.web.doors import Wish, writing
from oneshelf.web.keys import require_channel
from oneshelf.web.orders.looking import OrderNumbered, unknown_order

Body = TypeVar("Body")

Reason = Annotated[str, Meta(min_length=1, max_length=64, pattern="^[a-z][a-z0-9_]*$")]


class CancelAsked(Shape, frozen=True):
    """What to cancel: the order, a line, or all of a line but units_kept."""

    reason: Reason
    line_no: Annotated[int, Meta(ge=1, le=1_000)] | None = None
    units_kept: Annotated[int, Meta(ge=0, le=100_000)] = 0


class HoldAsked(Shape, frozen=True):
    """Why the order waits, like `fraud` or `address`."""

    reason: Reason


class HoldTold(Shape, frozen=True):
    """changed: whether this made a difference."""

    number: OrderId
    reason: str
    changed: bool


def cancel_order(
    tx: Transaction, wish: Wish[OrderNumbered, CancelAsked], now: datetime
) -> Cancelled:
    """Cancel an order or a part of it; what a carrier has is too late."""
    number = _check(tx, wish)
    asked = wish.body
    if asked.units_kept and asked.line_no is None:
        raise OneshelfError(
            "bad_value",
            "`units_kept` came without `line_no`: units are kept of a line.",
            "Name the line, or leave `units_kept` out to cancel the whole order.",
        )
    [told] = cancel(tx, [Cancellation(number, asked.reason, asked.line_no, asked.units_kept)], now)
    if told.outcome == "unknown_line":
        raise OneshelfError(
            "not_found", f"Order {number} has no line {asked.line_no}.", "Look at the order first."
        )
    if told.outcome == "too_late":
        raise OneshelfError(
            "illegal_transition",
            f"{told.units_too_late} units of order {number} have left already.",
            "Ask for a return instead.",
        )
    return told


def hold_order(tx: Transaction, wish: Wish[OrderNumbered, HoldAsked], now: datetime) -> HoldTold:
    """Keep an order from its nodes for a reason."""
    number = _check(tx, wish)
    changed = bool(hold(tx, [Hold(number, wish.body.reason)], now))
    return HoldTold(number=number, reason=wish.body.reason, changed=changed)


def lift_order(tx: Transaction, wish: Wish[OrderNumbered, HoldAsked], now: datetime) -> HoldTold:
    """Take one reason to wait away."""
    number = _check(tx, wish)
    changed = bool(lift(tx, [Hold(number, wish.body.reason)], now))
    return HoldTold(number=number, reason=wish.body.reason, changed=changed)


def _check(tx: Transaction, wish: Wish[OrderNumbered, Body]) -> OrderId:
    """Lock the order; refuse an unknown one, another channel's, and a version that has passed."""
    number = OrderId(wish.where.number)
    order = lock_orders(tx, [number]).get(number)
    if order is None:
        raise unknown_order(number)
    require_channel(wish.who, order.head.channel)
    if wish.version is not None and wish.version != order.head.version:
        raise OneshelfError(
            "version_changed",
            f"Order {number} is at version {order.head.version}, not {wish.version}.",
            "Read the order again, and send the change with the new ETag if it still fits.",
        )
    return number


DOORS = (
    writing(
        "/api/v1/orders/{number}/cancel",
        "write:orders",
        "Cancel an order, a line, or units of a line",
        cancel_order,
        where=OrderNumbered,
        takes=CancelAsked,
        gives=Cancelled,
        problems=("not_found", "illegal_transition", "forbidden"),
        versioned=True,
    ),
    writing(
        "/api/v1/orders/{number}/hold",
        "write:orders",
        "Keep an order from its nodes for a reason",
        hold_order,
        where=OrderNumbered,
        takes=HoldAsked,
        gives=HoldTold,
        problems=("not_found",),
        versioned=True,
    ),
    writing(
        "/api/v1/orders/{number}/lift",
        "write:orders",
        "Take one reason to wait away",
        lift_order,
        where=OrderNumbered,
        takes=HoldAsked,
        gives=HoldTold,
        problems=("not_found",),
        versioned=True,
    ),
)
