"""Doors for carts: units held for a while, extended, changed, moved, given back."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Literal, TypeVar
from uuid import UUID

from msgspec import Meta

from oneshelf.base.clock import read_now
from oneshelf.base.database import Transaction
from oneshelf.base.errors import ContendedError, OneshelfError
from oneshelf.base.identifiers import ChannelId, PublicId
from oneshelf.inventory.ledger import StockPoint
from oneshelf.inventory.reservations.actions import extend, read_holds
from oneshelf.inventory.reservations.holding import (
    Gone,
    HeldUnits,
    Hold,
    HoldLine,
    Moved,
    Reserved,
    Resized,
    Short,
)
from oneshelf.matching.carts.actions import decrease, hold, increase, plan, release, transfer
from oneshelf.matching.carts.asking import Answer, Cart, Full, Outrun
from oneshelf.matching.outlook import Outlook
from oneshelf.matching.plan import Plan, Refusal
from oneshelf.orders.canonical import DeliveryPlace, NewOrder
from oneshelf.orders.capture.asking import refused, sourcing_request
from oneshelf.web.decoding import Shape
from oneshelf.web.doors import Nowhere, Wish, reading, writing
from oneshelf.web.keys import require_channel
from oneshelf.web.orders.promising import PromiseAsked, WantedLine, readable
from oneshelf.web.values.naming import AnyUnits, LineNo, LotName, NodeName, SkuName

Body = TypeVar("Body")
Minutes = Annotated[int, Meta(ge=1, le=24 * 60)]
MINUTES = 15
SERIALISATION_FAILURE = "40001"


class ReservationNamed(Shape, frozen=True):
    """Which reservation."""

    reservation: UUID


class CartAsked(Shape, frozen=True):
    """A cart to be held, every line or none; from where a plan says, or at `node`."""

    channel: Annotated[ChannelId, Meta(min_length=1, max_length=64)]
    method: Literal["ship", "pickup"]
    lines: Annotated[tuple[WantedLine, ...], Meta(min_length=1, max_length=100)]
    node: NodeName | None = None
    place: DeliveryPlace | None = None
    minutes: Minutes = MINUTES

    def question(self) -> PromiseAsked:
        """Return what the plan function is asked."""
        return PromiseAsked(
            channel=self.channel,
            method=self.method,
            lines=self.lines,
            node=self.node,
            place=self.place,
        )


class Extension(Shape, frozen=True):
    """Hold it for so long from now on."""

    minutes: Minutes = MINUTES


class Nothing(Shape, frozen=True):
    """An empty object."""


class Resize(Shape, frozen=True):
    """So many units in all for one line at one shelf; 0 gives the line back."""

    line_no: LineNo
    sku: SkuName
    node: NodeName
    units: AnyUnits
    lot: LotName | None = None


class Relocation(Shape, frozen=True):
    """One line's units of a shelf shall stand at another node."""

    line_no: LineNo
    sku: SkuName
    node: NodeName
    to: NodeName


class HeldLine(Shape, frozen=True):
    """Units held for one line at one shelf."""

    line_no: int
    sku: str
    node: str
    lot: str | None
    units: int


class CartHeld(Shape, frozen=True):
    """What is held. lapses_at: null where this answer did not ask for it."""

    reservation: UUID
    lapses_at: datetime | None
    units: list[HeldLine]


class CartReleased(Shape, frozen=True):
    """outcome: given back, or what had become of it before."""

    reservation: UUID
    outcome: Gone


def hold_cart(tx: Transaction, wish: Wish[Nowhere, CartAsked], now: datetime) -> CartHeld:
    """Hold a cart where the plan function would take it from, and the days of its parcels."""
    require_channel(wish.who, wish.body.channel)
    outlook = wish.house.snapshot.outlook
    order = readable(wish.body.question(), outlook)
    request = sourcing_request(order, outlook.channels[order.channel], now)
    found = plan(outlook, tx, request, now)
    if isinstance(found, Refusal):
        refusal = refused(found, order)
        raise _short(f"{refusal.detail} ({refusal.reason})")
    public_id = PublicId(wish.request_id())
    lapses_at = now + timedelta(minutes=wish.body.minutes)
    units = Hold(public_id, order.channel, _hold_lines(order, found, outlook), lapses_at)
    answers = hold(tx, [Cart(units, found.capacity_days())], now)
    return _held(public_id, answers[public_id], lapses_at)


def _hold_lines(order: NewOrder, plan: Plan, outlook: Outlook) -> tuple[HoldLine, ...]:
    """Return what the plan takes from shelves, line by line: of a kit, its parts."""
    parts = outlook.parts(order.lines)
    units: dict[tuple[int, StockPoint], int] = {}
    for parcel in plan.parcels:
        for line in parcel.units:
            for part in parts[order.lines[line.line_no - 1].sku]:
                key = (line.line_no, StockPoint(part.sku, parcel.node))
                units[key] = units.get(key, 0) + part.units * line.units
    return tuple(HoldLine(line_no, point, count) for (line_no, point), count in units.items())


def extend_cart(
    tx: Transaction, wish: Wish[ReservationNamed, Extension], now: datetime
) -> CartHeld:
    """Hold a cart for longer."""
    public_id = _mine(tx, wish, now)
    until = extend(tx, {public_id: now + timedelta(minutes=wish.body.minutes)}, now)[public_id]
    if not isinstance(until, datetime):
        raise _gone(public_id, until)
    return _held(public_id, read_holds(tx, [public_id], now)[public_id], until)


def resize_cart(tx: Transaction, wish: Wish[ReservationNamed, Resize], now: datetime) -> CartHeld:
    """Let one line keep so many units in all."""
    public_id = _mine(tx, wish, now)
    asked = wish.body
    point = StockPoint(asked.sku, asked.node, asked.lot)
    kept = read_holds(tx, [public_id], now)[public_id]
    there = _units_at(kept, asked.line_no, point)
    if not there:
        raise OneshelfError(
            "not_found",
            f"The reservation holds no {asked.sku!r} at {asked.node!r} for line {asked.line_no}.",
            "Look at the reservation first.",
        )
    change = increase if asked.units > there else decrease
    outlook = wish.house.snapshot.outlook
    answers = change(outlook, tx, [Resized(public_id, asked.line_no, point, asked.units)], now)
    return _held(public_id, answers[public_id], None)


def move_cart(tx: Transaction, wish: Wish[ReservationNamed, Relocation], now: datetime) -> CartHeld:
    """Let one line's units stand at another node: all of them, or as they were."""
    public_id = _mine(tx, wish, now)
    asked = wish.body
    source, target = StockPoint(asked.sku, asked.node), StockPoint(asked.sku, asked.to)
    outlook = wish.house.snapshot.outlook
    answers = transfer(outlook, tx, [Moved(public_id, asked.line_no, source, target)], now)
    return _held(public_id, answers[public_id], None)


def release_cart(
    tx: Transaction, wish: Wish[ReservationNamed, Nothing], now: datetime
) -> CartReleased:
    """Give a cart's units and days back."""
    public_id = PublicId(wish.where.reservation)
    outcome = release(tx, [public_id], now)[public_id]
    if outcome == "unknown":
        raise _gone(public_id, outcome)
    return CartReleased(reservation=public_id, outcome=outcome)


def tell_cart(tx: Transaction, asked: ReservationNamed) -> CartHeld:
    """Return what a reservation holds."""
    public_id = PublicId(asked.reservation)
    return _held(public_id, read_holds(tx, [public_id], read_now(tx))[public_id], None)


def _mine(tx: Transaction, wish: Wish[ReservationNamed, Body], now: datetime) -> PublicId:
    public_id = PublicId(wish.where.reservation)
    kept = read_holds(tx, [public_id], now)[public_id]
    if isinstance(kept, str):
        raise _gone(public_id, kept)
    return public_id


def _units_at(kept: Reserved | Gone, line_no: int, point: StockPoint) -> int:
    if isinstance(kept, str):
        return 0
    return sum(one.units for one in kept if (one.line_no, one.point) == (line_no, point))


def _held(public_id: PublicId, answer: Answer, lapses_at: datetime | None) -> CartHeld:
    match answer:
        case Short(units):
            raise _short(f"Units are missing: {_missing(units)}.")
        case Full(nodes):
            raise _short(f"No day of {', '.join(nodes)} has room for a parcel (no_capacity).")
        case Outrun():
            raise ContendedError(SERIALISATION_FAILURE)  # planned anew when the door asks again
        case str():
            raise _gone(public_id, answer)
        case _:
            return CartHeld(reservation=public_id, lapses_at=lapses_at, units=_lines(answer))


def _lines(units: Iterable[HeldUnits]) -> list[HeldLine]:
    return [
        HeldLine(
            line_no=one.line_no,
            sku=one.point.sku,
            node=one.point.node,
            lot=one.point.lot,
            units=one.units,
        )
        for one in units
        if one.units
    ]


def _missing(units: Mapping[StockPoint, int]) -> str:
    return ", ".join(f"{count} of {point.sku} at {point.node}" for point, count in units.items())


def _short(detail: str) -> OneshelfError:
    return OneshelfError("refused", detail, "Nothing was held: ask for less, or from elsewhere.")


def _gone(public_id: PublicId, gone: Gone) -> OneshelfError:
    if gone == "unknown":
        return OneshelfError("not_found", f"There is no reservation {public_id}.")
    return OneshelfError(
        "conflict", f"The reservation {public_id} is {gone}.", "Hold the cart anew."
    )


PATH = "/api/v1/reservations"
DOORS = (
    writing(
        PATH,
        "promise",
        "Hold a cart for some minutes, every line or none",
        hold_cart,
        Nowhere,
        CartAsked,
        CartHeld,
        status=201,
        problems=("refused",),
    ),
    reading(
        f"{PATH}/{{reservation}}",
        "promise",
        "What a reservation holds",
        tell_cart,
        ReservationNamed,
        CartHeld,
        problems=("conflict",),
    ),
    writing(
        f"{PATH}/{{reservation}}/extend",
        "promise",
        "Hold a cart for longer",
        extend_cart,
        ReservationNamed,
        Extension,
        CartHeld,
        problems=("not_found", "conflict"),
    ),
    writing(
        f"{PATH}/{{reservation}}/resize",
        "promise",
        "Let one line keep so many units in all",
        resize_cart,
        ReservationNamed,
        Resize,
        CartHeld,
        problems=("not_found", "conflict", "refused"),
    ),
    writing(
        f"{PATH}/{{reservation}}/move",
        "promise",
        "Let one line's units stand at another node",
        move_cart,
        ReservationNamed,
        Relocation,
        CartHeld,
        problems=("not_found", "conflict", "refused"),
    ),
    writing(
        f"{PATH}/{{reservation}}/release",
        "promise",
        "Give a cart's units back",
        release_cart,
        ReservationNamed,
        Nothing,
        CartReleased,
        problems=("not_found",),
    ),
)
