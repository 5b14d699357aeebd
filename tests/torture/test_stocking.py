"""A refusal is no last word while an earlier try, whose answer nobody heard, is under way."""

import asyncio
from datetime import UTC, datetime

import msgspec

from oneshelf.simulation.torture.focus import FOCUSES
from oneshelf.simulation.torture.wishes import Shelving
from oneshelf.simulation.torture.world import Shelf, draw_world
from oneshelf.web.torture.book import Book
from oneshelf.web.torture.knocking import Caller
from oneshelf.web.torture.stocking import shelve

MONDAY = datetime(2026, 6, 1, 9, tzinfo=UTC)
EVERYTHING = FOCUSES["everything"]
SKU, NODE = "sku-00001", "node-001"
REFUSAL = {
    "type": "about:blank",
    "title": "Conflict",
    "status": 409,
    "code": "conflict",
    "detail": "The shelf does not hold so many.",
    "request_id": "r1",
}


def answer_of(status, body):
    encoded = msgspec.json.encode(body)
    return f"HTTP/1.1 {status} x\r\nContent-Length: {len(encoded)}\r\n\r\n".encode() + encoded


async def take_a_unit_off(book, answers):
    """Ask, and hear these answers one after the other; then ask what is still open."""

    async def answer(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answers.pop(0) if answers else b"")
        writer.close()

    step = Shelving("adjust", (Shelf(SKU, NODE, -1),), "none")
    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        caller = Caller([server.sockets[0].getsockname()[1]], "key", book, "ann")
        await shelve(caller, step, "key-1")
        for ask_again in book.open_questions:
            await ask_again()
    return book.units["adjusted"][f"{SKU}@{NODE}"]


def a_book():
    return Book(draw_world(3, EVERYTHING), "k", MONDAY, 1.0, patience_s=2)


def test_who_missed_an_answer_and_was_refused_asks_again_in_the_end():
    book = a_book()
    answers = [b"", answer_of(409, REFUSAL), answer_of(200, {"rows": 1})]

    assert asyncio.run(take_a_unit_off(book, answers)) == -1


def test_a_refusal_is_the_last_word_where_every_answer_was_heard():
    book = a_book()

    assert asyncio.run(take_a_unit_off(book, [answer_of(409, REFUSAL)])) == 0
    assert book.open_questions == []
