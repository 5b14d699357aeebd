"""People who buy: files of orders, single orders, carts that are held and then ordered or not."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import msgspec

from oneshelf.orders.answers import Placed
from oneshelf.orders.canonical import NewOrder
from oneshelf.simulation.torture.wishes import Buying, Carting
from oneshelf.web.batches.carts import CartHeld
from oneshelf.web.doors import NDJSON
from oneshelf.web.orders.placing import BulkAnswer
from oneshelf.web.problems import RETRIED, Problem
from oneshelf.web.stock.reserving import CartReleased
from oneshelf.web.torture.book import Book
from oneshelf.web.torture.knocking import Caller, Patience, Who
from oneshelf.web.torture.wire import Knock, LostError

ORDERS = "/api/v1/orders"
FILE = f"{ORDERS}/bulk"
HOLDS = "/api/v1/reservations"
REFUSED = frozenset({"refused"})
OF_A_HOLD = frozenset({"refused", "conflict", "not_found"})

Told = dict[str, Placed | Problem]
"""What was answered to orders, by their keys."""


async def buy(caller: Caller, step: Buying) -> None:
    """Place orders."""
    if step.door == "alone":
        await _buy_alone(caller, step)
    else:
        await _buy_by_file(caller, step)


async def _buy_alone(caller: Caller, step: Buying) -> None:
    [order] = step.orders
    other = replace(order, shipping_minor=order.shipping_minor + 1)
    answer = await caller.ask(_knock(order, caller.book), Placed, step.mishap, other)
    _note(caller, order, answer)


def _knock(order: NewOrder, book: Book) -> Knock:
    body = msgspec.json.encode(order)
    return Knock(ORDERS, body, order.key, expected=REFUSED, missed=partial(book.missed, order))


def _note(caller: Caller, order: NewOrder, answer: Placed | Problem) -> None:
    if isinstance(answer, Placed):
        caller.book.acknowledged(order, answer)
    elif answer.code == "refused":
        caller.book.turned_away(order)


async def _buy_by_file(caller: Caller, step: Buying) -> None:
    if step.mishap == "hang_up":
        await caller.hang_up_on(_file(step.orders, caller.book))
    first, twin = Told(), Told()
    try:
        if step.mishap == "twins":
            both = (
                _send_file(caller, step.orders, first),
                _send_file(caller, step.orders, twin, "twin"),
            )
            await asyncio.gather(*both)
        else:
            await _send_file(caller, step.orders, first)
    finally:  # who gives up on the rest has still heard what came through
        for order in step.orders:  # of twins one may be refused before the other is placed
            answers = [told[order.key] for told in (first, twin) if order.key in told]
            placed = [answer for answer in answers if isinstance(answer, Placed)]
            for answer in placed or answers[:1]:
                _note(caller, order, answer)
    if step.mishap in {"again", "other_body"}:
        known = [one for one in step.orders if (str(one.channel), one.key) in caller.book.orders]
        await _repeat(caller, step, known)


async def _repeat(caller: Caller, step: Buying, known: Sequence[NewOrder]) -> None:
    """Send acknowledged orders again; with another body under their keys, they must be refused."""
    if step.mishap == "again":
        told = Told()
        await _send_file(caller, known, told)
        for order in known:
            _note(caller, order, told[order.key])
        return
    for order in known[:3]:
        await caller.reuse(
            _knock(replace(order, shipping_minor=order.shipping_minor + 1), caller.book)
        )


async def _send_file(
    caller: Caller, orders: Sequence[NewOrder], told: Told, who: Who = "self"
) -> None:
    """Send orders until each is in `told`; a broken stream has answered what came through."""
    left = list(orders)
    patience = Patience(_file(left, caller.book), caller.book.patience_s)
    while left:
        file = _file(left, caller.book)
        try:
            heard = await caller.once(file, who)
        except LostError as lost:
            said = str(lost)
            caller.book.heard["no answer"] += 1
            file.missed()
            lines = lost.partial.split(b"\n")[:-1]  # the last one may be cut
        else:
            said = str(heard.status)
            lines = heard.body.splitlines() if heard.is_good() else []
            if not heard.is_good():
                caller.book.heard[f"{heard.status} for a file"] += 1
                _complain(caller, file, heard.body)
        answers = [msgspec.json.decode(line, type=BulkAnswer) for line in lines]
        for answer in answers:
            _note_line(caller, left[answer.line - 1], answer, told)
        left = [order for order in left if order.key not in told]
        if left:
            codes = Counter(answer.problem.code for answer in answers if answer.problem)
            rest = f"{len(left)} of {len(orders)} orders are left"
            await patience.pause(f"{said} {dict(codes)}; {rest}, such as {left[0].key}")


def _note_line(caller: Caller, order: NewOrder, answer: BulkAnswer, told: Told) -> None:
    if answer.answer is not None:
        caller.book.heard[str(answer.status)] += 1
        told[order.key] = answer.answer
    elif answer.problem is not None and answer.problem.code not in RETRIED:
        caller.read_problem(_knock(order, caller.book), answer.problem)
        told[order.key] = answer.problem


def _complain(caller: Caller, file: Knock, body: bytes) -> None:
    problem = msgspec.json.decode(body, type=Problem)
    if problem.code not in RETRIED:
        caller.read_problem(file, problem)


def _file(orders: Sequence[NewOrder], book: Book) -> Knock:
    body = b"\n".join(msgspec.json.encode(order) for order in orders)

    def missed() -> None:
        for order in orders:
            book.missed(order)

    return Knock(FILE, body, attempts=len(orders), media=NDJSON, missed=missed)


async def cart(caller: Caller, step: Carting) -> None:
    """Hold a cart, then do with it what the step says."""
    order = step.order
    question = {
        "channel": order.channel,
        "method": order.method,
        "lines": [{"sku": line.sku, "units": line.units} for line in order.lines],
        "node": order.node,
        "place": order.place,
        "minutes": step.minutes,
    }
    key = f"hold-{order.key}"
    missed = partial(caller.book.unheard_holds.add, caller.book.hold_id(key))
    body = msgspec.json.encode(question)
    knock = Knock(HOLDS, body, key, expected=REFUSED, missed=missed)
    held = await caller.ask(knock, CartHeld, step.mishap, question | {"minutes": 60})
    if isinstance(held, Problem):
        caller.book.refused_holds.add(caller.book.hold_id(key))
        return
    if held.reservation != caller.book.hold_id(key):
        caller.book.broke("one_key", key, f"the hold is called {held.reservation}")
    for unit in held.units:
        place = f"{held.reservation} {unit.sku}@{unit.node}"
        caller.book.did("reserved", place, unit.units)
    await asyncio.sleep(step.wait_s)
    await _go_on(caller, step, held)


async def _go_on(caller: Caller, step: Carting, held: CartHeld) -> None:
    match step.then:
        case "order":
            await _order(caller, step, held)
        case "extend_and_order":
            await _change(caller, held, "extend", {"minutes": step.minutes})
            await _order(caller, step, held)
        case "shrink" | "grow":
            unit = held.units[0]
            more = 1 if step.then == "grow" else -1
            wanted = {"line_no": unit.line_no, "sku": unit.sku, "node": unit.node}
            await _change(caller, held, "resize", wanted | {"units": max(0, unit.units + more)})
        case "release":
            path = f"{HOLDS}/{held.reservation}/release"
            knock = Knock(path, b"{}", f"release-{held.reservation}", expected=OF_A_HOLD)
            told = await caller.ask(knock, CartReleased)
            if isinstance(told, CartReleased) and told.outcome == "released":
                caller.book.released.add(held.reservation)
        case "forget":
            pass


async def _order(caller: Caller, step: Carting, held: CartHeld) -> None:
    order = replace(step.order, reservation=held.reservation)
    other = replace(order, shipping_minor=order.shipping_minor + 1)
    _note(caller, order, await caller.ask(_knock(order, caller.book), Placed, step.mishap, other))


async def _change(caller: Caller, held: CartHeld, verb: str, wanted: dict[str, object]) -> None:
    body = msgspec.json.encode(wanted)
    knock = Knock(
        f"{HOLDS}/{held.reservation}/{verb}", body, f"{verb}-{held.reservation}", expected=OF_A_HOLD
    )
    await caller.ask(knock, CartHeld)
