"""What happened, page by page or as a stream of server-sent events."""

import asyncio
import time
from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated

import msgspec
from litestar import Response
from litestar.response import Stream

from oneshelf.web.decoding import Shape
from oneshelf.web.doors import EVENTS, Door, Visit, respond
from oneshelf.web.events import reads
from oneshelf.web.events.reads import FactTold
from oneshelf.web.house import House
from oneshelf.web.keys import require
from oneshelf.web.problems import Fault, FaultyError

PAUSE_S = 0.5
SILENCE_S = 15.0  # proxies close streams that stay silent longer
FACTS_PER_PAGE = 500

Place = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
Names = Annotated[str, msgspec.Meta(max_length=1_000, pattern="^[A-Za-z]+(,[A-Za-z]+)*$")]


class FactsAsked(Shape, frozen=True):
    """Facts behind a place. names: of facts, with commas between; left out: all."""

    after: Place = 0
    names: Names | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=FACTS_PER_PAGE)] = FACTS_PER_PAGE


class EventsAsked(Shape, frozen=True):
    """Where the stream starts: behind this fact; left out: with what happens from now on."""

    after: Place | None = None
    names: Names | None = None


class FactPage(Shape, frozen=True):
    """Facts in order. next_after: where to go on; ask again later when the page is empty."""

    facts: list[FactTold]
    next_after: int


def look(house: House, after: int, names: str | None, limit: int) -> tuple[list[FactTold], int]:
    """Return the next facts, and the place up to which nothing more can appear."""
    safe = house.safe_tail.look(house.database)
    with house.reading("facts") as tx:
        found = reads.find_facts(tx, after, safe, names.split(",") if names else None, limit)
    return found, found[-1].fact_id if len(found) == limit else max(after, safe)


async def give_page(visit: Visit) -> Response[bytes]:
    """Return one page of facts."""
    require(visit.who(), "read:stock")
    asked = visit.parameters(FactsAsked)
    task = partial(look, visit.house, asked.after, asked.names, asked.limit)
    facts, place = await visit.house.work(task)
    return respond(FactPage(facts=facts, next_after=place))


async def give_stream(visit: Visit) -> Stream:
    """Stream facts as they become complete; a client that comes back goes on where it was."""
    require(visit.who(), "read:stock")
    asked = visit.parameters(EventsAsked)
    after = asked.after
    if last := visit.request.headers.get("last-event-id"):
        if not last.isascii() or not last.isdigit() or len(last) >= len(str(2**63)):
            raise FaultyError("bad_request", (Fault("Last-Event-ID", "the id of an event"),))
        after = int(last)
    if after is None:
        house = visit.house
        after = await house.work(partial(house.safe_tail.look, house.database))
    return Stream(_events(visit.house, after, asked.names), media_type=EVENTS)


async def _events(house: House, place: int, names: str | None) -> AsyncIterator[bytes]:
    yield b"retry: 2000\n\n"
    spoken_at_s = time.monotonic()
    while not house.stopping.is_set():
        task = partial(look, house, place, names, FACTS_PER_PAGE)
        facts, place = await house.crew.go_on(task)
        if facts:
            spoken_at_s = time.monotonic()
            yield b"".join(_event(fact) for fact in facts)
        elif time.monotonic() - spoken_at_s > SILENCE_S:
            spoken_at_s = time.monotonic()
            yield b": still here\n\n"
        if len(facts) < FACTS_PER_PAGE:
            await asyncio.sleep(PAUSE_S)


def _event(fact: FactTold) -> bytes:
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (
        fact.fact_id,
        fact.name.encode(),
        msgspec.json.encode(fact),
    )


DOORS = (
    Door(
        method="GET",
        path="/api/v1/facts",
        scope="read:orders",
        does="What happened, in order, page by page; needs the scope `read:stock` too",
        answer=give_page,
        where=FactsAsked,
        gives=FactPage,
    ),
    Door(
        method="GET",
        path="/api/v1/events",
        scope="read:orders",
        does="What happens, as server-sent events; needs the scope `read:stock` too",
        answer=give_stream,
        where=EventsAsked,
        gives_media=EVENTS,
    ),
)
