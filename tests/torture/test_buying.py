"""A buyer of the torture run remembers every answer that came through, whatever follows it."""

import asyncio
from datetime import UTC, datetime

import msgspec
import pytest

from oneshelf.base.identifiers import new_id
from oneshelf.orders.answers import Placed
from oneshelf.simulation.torture.focus import FOCUSES
from oneshelf.simulation.torture.script import DRAW, Script
from oneshelf.simulation.torture.wishes import Buying
from oneshelf.simulation.torture.world import draw_world
from oneshelf.web.orders.placing import BulkAnswer
from oneshelf.web.torture.book import Book
from oneshelf.web.torture.buying import buy
from oneshelf.web.torture.knocking import Caller, UnansweredError

MONDAY = datetime(2026, 6, 1, 9, tzinfo=UTC)
EVERYTHING = FOCUSES["everything"]
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"


def file_of_orders(world):
    script = Script(3, EVERYTHING, world)
    steps = (script.step(crew, f"{crew}0", number) for number in range(40) for crew in DRAW)
    return next(
        step
        for step in steps
        if isinstance(step, Buying) and step.mishap == "none" and len(step.orders) > 1
    )


async def buy_where_only_the_first_line_is_answered(book, step):
    placed = Placed(
        number=1,
        order_id=new_id(),
        promised_on=None,
        parcels=(),
        waiting=(),
        reservation="none",
        total_minor=500,
        currency="GBP",
    )
    line = msgspec.json.encode(BulkAnswer(line=1, status=201, answer=placed)) + b"\n"

    to_answer = [HEAD + line]

    async def answer(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(to_answer.pop() if to_answer else b"")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(UnansweredError) as given_up:
            await buy(Caller([port], "key", book, "ann"), step)
        return given_up.value


def test_who_gives_up_on_a_file_has_still_heard_the_lines_that_were_answered():
    world = draw_world(3, EVERYTHING)
    step = file_of_orders(world)
    book = Book(world, "k", MONDAY, 1.0, patience_s=0.2)

    given_up = asyncio.run(buy_where_only_the_first_line_is_answered(book, step))

    first, *rest = step.orders
    assert f"{len(rest)} of {len(step.orders)} orders are left" in given_up.said
    assert set(book.orders) == {(str(first.channel), first.key)}
    assert {(str(one.channel), one.key) for one in rest} <= set(book.unheard)
