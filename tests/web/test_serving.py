"""A process from its start to its end, and what it learns from others in between."""

import asyncio
import os
import signal
import subprocess
import sys
import time

import httpx
import pytest
from test_placing_doors import order as wanted

from oneshelf.catalog.access.actions import issue_key
from oneshelf.web.serving import TOGETHER_BYTES_MAX, Together, take_port
from shop import MONDAY, Shop, order, stock

SERVE = """
import sys
from oneshelf.web.serving import serve
serve(sys.argv[1], "127.0.0.1", int(sys.argv[2]), lambda url: print(url, flush=True))
"""


@pytest.fixture
def key(database):
    with database.transaction("test", "key") as tx:
        return issue_key(tx, "all", ["admin"], None, MONDAY).presented


@pytest.fixture
def process(url):
    with take_port("127.0.0.1", 0) as probe:
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE, url, str(port)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        text=True,
    )
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


@pytest.fixture
def client(process, key):
    headers = {"Authorization": f"Bearer {key}"}
    with httpx.Client(base_url=process.stdout.readline().strip(), headers=headers) as client:
        yield client


def test_an_empty_shop_sells_what_is_written_down_later(client, database):
    refused = client.post("/api/v1/orders", json=wanted("a"))
    Shop.opened(database, [("LAMP", "leeds", 2)])
    for _ in range(100):
        answer = client.post("/api/v1/orders", json=wanted("a"))
        if answer.status_code == 201:
            break
        time.sleep(0.02)

    assert (refused.status_code, answer.status_code) == (422, 201)


def test_units_that_another_process_took_are_not_promised_again(client, database):
    shop = Shop.opened(database, [("LAMP", "leeds", 2)])
    for _ in range(100):
        if client.post("/api/v1/orders", json=wanted("a")).status_code == 201:
            break
        time.sleep(0.02)
    shop.refresh()
    shop.place(order(("LAMP", 1)))
    sold_out = client.post("/api/v1/orders", json=wanted("b"))
    stock(database, ("LAMP", "leeds", 1))
    restocked = client.post("/api/v1/orders", json=wanted("c"))

    assert (sold_out.status_code, sold_out.json()["code"]) == (409, "refused")
    assert restocked.status_code == 201


def test_a_process_told_to_stop_ends_soon_even_with_an_open_stream(client, process):
    with client.stream("GET", "/api/v1/events") as stream:
        lines = stream.iter_lines()
        next(lines)
        started_s = time.monotonic()
        process.send_signal(signal.SIGTERM)
        for _ in lines:
            pass

    assert process.wait(10) in {0, -signal.SIGTERM}
    assert time.monotonic() - started_s < 5


class Wire(asyncio.Transport):
    """Remembers each call of the system, and whether it was closed."""

    def __init__(self):
        super().__init__()
        self.sent = []
        self.closed = False

    def write(self, data):
        self.sent.append(data)

    def close(self):
        self.closed = True

    def is_closing(self):
        return self.closed


async def sent_in_turns(*turns):
    wire = Wire()
    together = Together(wire)
    for parts in turns:
        for part in parts:
            together.write(part)
        await asyncio.sleep(0)
    return wire.sent


def test_what_one_turn_writes_leaves_as_one():
    sent = asyncio.run(sent_in_turns([b"head", b"body"], [b"more"]))

    assert sent == [b"headbody", b"more"]


def test_a_long_answer_is_not_gathered_without_bound():
    chunk = b"x" * (TOGETHER_BYTES_MAX // 2)

    sent = asyncio.run(sent_in_turns([chunk, chunk, chunk, chunk]))

    assert [len(one) for one in sent] == [3 * len(chunk), len(chunk)]


def test_what_was_written_leaves_before_the_end_and_nothing_after_it():
    async def closed():
        wire = Wire()
        together = Together(wire)
        together.write(b"last words")
        together.close()
        together.write(b"too late")
        await asyncio.sleep(0)
        return wire.sent

    assert asyncio.run(closed()) == [b"last words"]
