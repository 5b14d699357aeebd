"""Hold carts batch by batch: planned one after another, then held in one transaction.

A crowd at one SKU would otherwise wait for its row one commit after another.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never

import msgspec

from oneshelf.base.clock import read_now
from oneshelf.base.database import Database, Transaction
from oneshelf.base.errors import OneshelfError
from oneshelf.base.identifiers import PublicId, new_id
from oneshelf.base.repeat_keys import (
    RepeatKey,
    StoredAnswer,
    forget_keys,
    key_reused,
    store_answers,
    take_keys,
)
from oneshelf.inventory.ledger import StockPoint
from oneshelf.inventory.reservations.holding import Gone, HeldUnits, Hold, HoldLine, Short
from oneshelf.matching.carts.actions import hold, learn, learn_all
from oneshelf.matching.carts.asking import Answer, Cart, Full, Outrun
from oneshelf.matching.outlook import Outlook
from oneshelf.matching.plan import Plan, Refusal
from oneshelf.matching.request import SourcingRequest
from oneshelf.orders.answers import Undecided
from oneshelf.orders.canonical import NewOrder
from oneshelf.orders.capture.asking import refused, sourcing_request, unknown_names
from oneshelf.orders.capture.drafting import draw
from oneshelf.web.batches.writer import BatchKind, Writer
from oneshelf.web.decoding import Shape
from oneshelf.web.snapshot import Snapshot


class HeldLine(Shape, frozen=True):
    """Units held for one line at one shelf."""

    line_no: int
    sku: str
    node: str
    lot: str | None
    units: int


class CartHeld(Shape, frozen=True):
    """What is held. lapses_at: null where this answer did not ask for it."""

    reservation: PublicId
    lapses_at: datetime | None
    units: list[HeldLine]


@dataclass(frozen=True, slots=True)
class CartWish:
    """A cart to be held, as the order that would be placed. digest: of the request it came in."""

    order: NewOrder
    minutes: int
    public_id: PublicId
    key: RepeatKey
    digest: bytes


@dataclass(frozen=True, slots=True)
class HeldBefore:
    """The request was answered before. answer: JSON, as it was."""

    answer: bytes


Told = CartHeld | HeldBefore | Undecided | OneshelfError


def holding(database: Database, snapshot: Snapshot) -> Writer[CartWish, Told]:
    """Return the writer of this process's carts."""

    def decide(asked: Sequence[CartWish], kind: BatchKind) -> Sequence[Told]:
        with database.transaction("web", f"batch:{new_id()}") as tx:
            told = hold_batch(tx, asked, snapshot.outlook, read_now(tx), kind)
        lost = any(isinstance(one, Undecided) for one in told)
        snapshot.follow_own(tx.announced, "now" if lost else "may_wait")
        return told

    return Writer(
        "carts",
        decide,
        lambda told: isinstance(told, Undecided),
        key=lambda wish: wish.key,
        lines=lambda wish: len(wish.order.lines),
    )


def hold_batch(
    tx: Transaction,
    asked: Sequence[CartWish],
    outlook: Outlook,
    now: datetime,
    kind: BatchKind = "hopeful",
) -> list[Told]:
    """Decide carts in their order; return what each is told.

    Locks: repeat keys, reservations, capacity days, stock points; each in key order. `Undecided`
    carts hold nothing: another writer took their units, or those of a cart they had to stand back
    for. Contested carts plan on fresh figures.
    """
    first = {wish.key: wish for wish in reversed(asked)}
    stored = take_keys(tx, {key: wish.digest for key, wish in first.items()})
    fresh = [wish for wish in reversed(first.values()) if wish.key not in stored]
    told: dict[RepeatKey, Told] = {}
    with outlook.planning(now):
        planned = _plan(tx, outlook, fresh, now, kind)
    carts = {key: cart for key, cart in planned.items() if isinstance(cart, Cart)}
    held = hold(tx, list(carts.values()), now)
    told |= {key: _told(cart, held[cart.hold.public_id]) for key, cart in carts.items()}
    lost = any(isinstance(one, Undecided) for one in told.values())
    for key, found in planned.items():
        if not isinstance(found, Cart):
            told[key] = Undecided() if lost else found  # what was lost may be free for this one
    _settle_keys(tx, {wish.key: told[wish.key] for wish in fresh})
    return [_answer(wish, stored, first, told) for wish in asked]


def _answer(
    wish: CartWish,
    stored: Mapping[RepeatKey, StoredAnswer],
    first: Mapping[RepeatKey, CartWish],
    told: Mapping[RepeatKey, Told],
) -> Told:
    if (before := stored.get(wish.key)) is not None:
        return _repeat(wish, before.body_hash, before.answer.encode())
    if wish is first[wish.key]:
        return told[wish.key]
    return _as_first(wish, first[wish.key], told[wish.key])


def _plan(
    tx: Transaction,
    outlook: Outlook,
    wishes: Sequence[CartWish],
    now: datetime,
    kind: BatchKind,
) -> dict[RepeatKey, Cart | OneshelfError]:
    """Plan carts in their order; refuse only what fresh figures refuse too."""
    named = {wish.key: wish for wish in wishes}
    requests: dict[RepeatKey, SourcingRequest] = {}
    unreadable: dict[RepeatKey, OneshelfError] = {}
    for key, wish in named.items():
        order, world = wish.order, outlook.world
        if unknown := unknown_names(order, outlook.channels, world.node_index, world.products):
            unreadable[key] = OneshelfError("bad_value", f"{'; '.join(unknown)}.")
        else:
            requests[key] = sourcing_request(order, outlook.channels[order.channel], now)
    if kind == "contested":
        learn_all(outlook, tx, requests.values(), now)
    found = {key: _plan_one(outlook, named[key], requests[key], now) for key in requests}
    refusals = {key: one for key, one in found.items() if isinstance(one, Refusal)}
    if learn(outlook, tx, [(requests[key], one) for key, one in refusals.items()], now):
        found |= {key: _plan_one(outlook, named[key], requests[key], now) for key in refusals}
    return unreadable | {
        key: one if isinstance(one, Cart) else _refusal(one, named[key])
        for key, one in found.items()
    }


def _plan_one(
    outlook: Outlook, wish: CartWish, request: SourcingRequest, now: datetime
) -> Cart | Refusal:
    """Plan one cart; what it would take, the next no longer sees."""
    found = outlook.plan(request)
    if isinstance(found, Refusal):
        return found
    lines = _lines(outlook, found, request)
    outlook.take(((line.point, line.units) for line in lines), found.capacity_days())
    lapses_at = now + timedelta(minutes=wish.minutes)
    return Cart(Hold(wish.public_id, wish.order.channel, lines, lapses_at), found.capacity_days())


def _lines(outlook: Outlook, found: Plan, request: SourcingRequest) -> tuple[HoldLine, ...]:
    """Return what a plan takes from shelves, line by line: of a kit, its parts; lots in order."""
    units: dict[tuple[int, StockPoint], int] = {}
    for one in draw(found, request, outlook.parts(request.lines), outlook.stock.choose_points):
        key = (one.line_no, one.point)
        units[key] = units.get(key, 0) + one.units
    return tuple(HoldLine(line_no, point, count) for (line_no, point), count in units.items())


def _refusal(found: Refusal, wish: CartWish) -> OneshelfError:
    refusal = refused(found, wish.order)
    return nothing_held(f"{refusal.detail} ({refusal.reason})")


def _told(cart: Cart, answer: Answer) -> Told:
    match answer:
        case Short() | Outrun():
            return Undecided()
        case Full(nodes):
            raise AssertionError(f"a new cart asked for the first free day of {nodes}")
        case str():
            return gone(cart.hold.public_id, answer)
        case tuple():
            return held_units(cart.hold.public_id, answer, cart.hold.lapses_at)
        case _:
            assert_never(answer)


def _settle_keys(tx: Transaction, told: dict[RepeatKey, Told]) -> None:
    """Keep the answers of what is held, and forget the keys of the rest."""
    answers = {
        key: msgspec.json.encode(one).decode()
        for key, one in told.items()
        if isinstance(one, CartHeld)
    }
    store_answers(tx, answers)
    forget_keys(tx, [key for key in told if key not in answers])


def _repeat(wish: CartWish, digest: bytes, answer: bytes) -> Told:
    return HeldBefore(answer) if wish.digest == digest else key_reused(wish.key.key)


def _as_first(wish: CartWish, first: CartWish, told: Told) -> Told:
    """Tell a cart that came twice in one batch what its first is told.

    Where the first holds nothing, the key is free again: another body is decided in its turn.
    """
    if isinstance(told, CartHeld):
        return _repeat(wish, first.digest, msgspec.json.encode(told))
    return told if wish.digest == first.digest else Undecided()


def held_units(
    public_id: PublicId, units: Iterable[HeldUnits], lapses_at: datetime | None
) -> CartHeld:
    """Return what a cart holds, in the words of the doors."""
    lines = [
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
    return CartHeld(reservation=public_id, lapses_at=lapses_at, units=lines)


def nothing_held(detail: str) -> OneshelfError:
    """Return the refusal of a cart that nothing was held for."""
    return OneshelfError("refused", detail, "Nothing was held: ask for less, or from elsewhere.")


def gone(public_id: PublicId, found: Gone) -> OneshelfError:
    """Return what is told of a cart that is not there any more, or never was."""
    if found == "unknown":
        return OneshelfError("not_found", f"There is no reservation {public_id}.")
    return OneshelfError(
        "conflict", f"The reservation {public_id} is {found}.", "Hold the cart anew."
    )
