"""Doors through which orders come: one at a time, or thousands in a file."""

from collections.abc import AsyncIterator, Sequence
from itertools import islice
from typing import assert_never

import msgspec
from litestar import Response
from litestar.response import Stream

from oneshelf.base.errors import OneshelfError
from oneshelf.base.repeat_keys import hash_body
from oneshelf.orders.answers import Decided, Placed, Refused, Repeated, Undecided
from oneshelf.orders.canonical import NewOrder, faults
from oneshelf.orders.capture.asked import Asked
from oneshelf.web.decoding import Shape, decode_body
from oneshelf.web.doors import FILE_BYTES_MAX, NDJSON, Door, Visit
from oneshelf.web.doors import respond as respond_json
from oneshelf.web.keys import require_channel
from oneshelf.web.problems import (
    Fault,
    FaultyError,
    Problem,
    problem_of,
    refused_problem,
    request_id_of,
    respond,
)

BULK_LINES_MAX = 5_000
BULK_PART = 500
WHAT_TO_DO = "Nothing was written: change the order, or ask again later under the same key."


class BulkAnswer(Shape, frozen=True, omit_defaults=True):
    """The answer to one line of a file. line: counted from 1."""

    line: int
    status: int
    answer: Placed | None = None
    problem: Problem | None = None


async def place_one(visit: Visit) -> Response[bytes]:
    """Place one order: 201 placed, 200 the same answer as before, 409 refused."""
    order = await visit.body(NewOrder)
    header = visit.repeat_key()
    if header is not None and header != order.key:
        detail = f"differs from the order's own key {order.key!r}; leave the header out"
        raise FaultyError("bad_request", (Fault("Idempotency-Key", detail),))
    decided = await visit.house.placing.ask(ask_for(order, visit))
    told = tell(decided, request_id_of(visit.request.scope))
    if isinstance(told, Problem):
        return respond(told)
    if isinstance(decided, Repeated):
        return respond_json(told, 200, {"Idempotent-Replayed": "true"})
    return respond_json(told, 201, {"Location": f"/api/v1/orders/{told.number}"})


async def place_many(visit: Visit) -> Stream:
    """Place a file of orders, one a line; a bad line fails alone. Answers come in order."""
    visit.expect_media(NDJSON)
    lines = [line for line in (await visit.content()).splitlines() if line.strip()]
    if len(lines) > BULK_LINES_MAX:
        raise OneshelfError(
            "too_large",
            f"The file has {len(lines)} orders; one request takes at most {BULK_LINES_MAX}.",
            "Send it in smaller parts.",
        )
    return Stream(_answers(visit, lines), media_type=NDJSON)


async def _answers(visit: Visit, lines: Sequence[bytes]) -> AsyncIterator[bytes]:
    request_id = request_id_of(visit.request.scope)
    numbered = iter(enumerate(lines, 1))
    while part := list(islice(numbered, BULK_PART)):
        read = [(number, _read(line, visit)) for number, line in part]
        asked = [one for _, one in read if isinstance(one, Asked)]
        try:
            decided: list[Decided] = list(await visit.house.placing.ask_all(asked))
        except OneshelfError as error:  # no room in the queue: these lines, not the ones before
            decided = [error] * len(asked)
        waiting = iter(decided)
        for number, one in read:
            outcome = next(waiting) if isinstance(one, Asked) else one
            told = tell(outcome, request_id)
            if isinstance(told, Problem):
                answer = BulkAnswer(line=number, status=told.status, problem=told)
            else:
                status = 200 if isinstance(outcome, Repeated) else 201
                answer = BulkAnswer(line=number, status=status, answer=told)
            yield msgspec.json.encode(answer) + b"\n"


def _read(line: bytes, visit: Visit) -> Asked | OneshelfError:
    try:
        return ask_for(decode_body(line, NewOrder), visit)
    except OneshelfError as error:
        return error


def ask_for(order: NewOrder, visit: Visit) -> Asked:
    """Return what the writer decides; refuse what cannot be read, so that it never queues."""
    require_channel(visit.who(), order.channel)
    if found := faults(order):
        raise FaultyError("bad_value", tuple(Fault("$", fault) for fault in found))
    return Asked(order, hash_body(msgspec.json.encode(order)), visit.by())


def tell(decided: Decided, request_id: str) -> Placed | Problem:
    """Return what the channel hears."""
    match decided:
        case Placed():
            return decided
        case Repeated():
            return decided.answer
        case Refused():
            refusal = OneshelfError("refused", decided.detail, WHAT_TO_DO)
            return refused_problem(problem_of(refusal, request_id), decided)
        case OneshelfError():
            return problem_of(decided, request_id)
        case Undecided():
            raise AssertionError("the writer answers an undecided order as busy")
        case _:
            assert_never(decided)


DOORS = (
    Door(
        method="POST",
        path="/api/v1/orders",
        scope="write:orders",
        does="Place an order; its `key` makes a repeat harmless",
        answer=place_one,
        takes=NewOrder,
        gives=Placed,
        status=201,
        also=200,
        problems=("refused", "busy", "key_reused", "overloaded"),
        repeats="may_have_key",
        way="short",
    ),
    Door(
        method="POST",
        path="/api/v1/orders/bulk",
        scope="write:orders",
        does=f"Place up to {BULK_LINES_MAX} orders, one a line; a bad line fails alone",
        answer=place_many,
        takes=NewOrder,
        takes_media=NDJSON,
        gives=BulkAnswer,
        gives_media=NDJSON,
        repeats="may_have_key",
        body_bytes_max=FILE_BYTES_MAX,
    ),
)
