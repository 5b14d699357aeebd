"""Doors for carts: units held for a while, extended, changed, moved, given back."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Literal, TypeVar, assert_never
from uuid import UUID

from litestar import Response
from msgspec import Meta

from oneshelf.base.clock import read_now
from oneshelf.base.database import Transaction
from oneshelf.base.errors import ContendedError, OneshelfError
from oneshelf.base.identifiers import ChannelId, PublicId
from oneshelf.inventory.ledger import StockPoint
from oneshelf.inventory.reservations.actions import extend, read_holds
from oneshelf.inventory.reservations.holding import Gone, Moved, Reserved, Resized, Short
from oneshelf.matching.carts.actions import decrease, increase, release, transfer
from oneshelf.matching.carts.asking import Answer, Full, Outrun
from oneshelf.orders.answers import Undecided
from oneshelf.orders.canonical import DeliveryPlace
from oneshelf.web.batches.carts import (
    CartHeld,
    CartWish,
    HeldBefore,
    gone,
    held_units,
    nothing_held,
)
from oneshelf.web.decoding import Shape
from oneshelf.web.doors import (
    Door,
    Nowhere,
    Visit,
    Wish,
    reading,
    replay,
    request_hash,
    respond,
    wish_of,
    writing,
)
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


class CartReleased(Shape, frozen=True):
    """outcome: given back, or what had become of it before."""

    reservation: UUID
    outcome: Gone


async def hold_cart(visit: Visit) -> Response[bytes]:
    """Hold a cart where the plan function would take it from, and the days of its parcels."""
    wish = await wish_of(visit, Nowhere, CartAsked, "needs_key")
    require_channel(wish.who, wish.body.channel)
    order = readable(wish.body.question(), visit.house.snapshot.outlook)
    asked = CartWish(
        order=order,
        minutes=wish.body.minutes,
        public_id=PublicId(wish.request_id()),
        key=wish.known_as(),
        digest=request_hash(visit, wish),
    )
    told = await visit.house.carts.ask(asked)
    match told:
        case CartHeld():
            return respond(told, 201)
        case HeldBefore(answer):
            return replay(answer, 201)
        case Undecided():
            raise AssertionError("the writer answers an undecided cart as busy")
        case OneshelfError():
            raise told
        case _:
            assert_never(told)


def extend_cart(
    tx: Transaction, wish: Wish[ReservationNamed, Extension], now: datetime
) -> CartHeld:
    """Hold a cart for longer."""
    public_id = _mine(tx, wish, now)
    until = extend(tx, {public_id: now + timedelta(minutes=wish.body.minutes)}, now)[public_id]
    if not isinstance(until, datetime):
        raise gone(public_id, until)
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
        raise gone(public_id, outcome)
    return CartReleased(reservation=public_id, outcome=outcome)


def tell_cart(tx: Transaction, asked: ReservationNamed) -> CartHeld:
    """Return what a reservation holds."""
    public_id = PublicId(asked.reservation)
    return _held(public_id, read_holds(tx, [public_id], read_now(tx))[public_id], None)


def _mine(tx: Transaction, wish: Wish[ReservationNamed, Body], now: datetime) -> PublicId:
    public_id = PublicId(wish.where.reservation)
    kept = read_holds(tx, [public_id], now)[public_id]
    if isinstance(kept, str):
        raise gone(public_id, kept)
    return public_id


def _units_at(kept: Reserved | Gone, line_no: int, point: StockPoint) -> int:
    if isinstance(kept, str):
        return 0
    return sum(one.units for one in kept if (one.line_no, one.point) == (line_no, point))


def _held(public_id: PublicId, answer: Answer, lapses_at: datetime | None) -> CartHeld:
    match answer:
        case Short(units):
            raise nothing_held(f"Units are missing: {_missing(units)}.")
        case Full(nodes):
            raise nothing_held(f"No day of {', '.join(nodes)} has room for a parcel (no_capacity).")
        case Outrun():
            raise ContendedError(SERIALISATION_FAILURE)  # planned anew when the door asks again
        case str():
            raise gone(public_id, answer)
        case _:
            return held_units(public_id, answer, lapses_at)


def _missing(units: Mapping[StockPoint, int]) -> str:
    return ", ".join(f"{count} of {point.sku} at {point.node}" for point, count in units.items())


PATH = "/api/v1/reservations"
DOORS = (
    Door(
        method="POST",
        path=PATH,
        scope="promise",
        does="Hold a cart for some minutes, every line or none",
        answer=hold_cart,
        takes=CartAsked,
        gives=CartHeld,
        status=201,
        problems=("key_reused", "busy", "overloaded", "refused"),
        repeats="needs_key",
        way="short",
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
