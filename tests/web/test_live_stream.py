"""The live page's stream: what happens reaches every browser, from one look."""

import asyncio
import json
import threading
import time
from contextlib import contextmanager
from itertools import islice

import httpx
import live_day
import pytest

from oneshelf.web.live.mailbox import ARCS_WAITING_MAX, Mailbox, Message

PARTS = {"clock", "figures", "orders", "decision", "shelf"}
STAGE = {"ground", "places"}


@pytest.fixture
def day(database):
    return live_day.open_shop(database)


@contextmanager
def listening(address, headers=None, **query):
    with (
        httpx.Client(base_url=address, timeout=10) as client,
        client.stream("GET", "/live/stream", params=query, headers=headers or {}) as answer,
    ):
        yield events(answer)


def events(answer):
    event = {}
    for line in answer.iter_lines():
        name, _, value = line.partition(": ")
        if name in {"event", "id", "data"}:
            event[name] = event.get(name, "") + value
        elif not line and "event" in event:
            yield event["event"], event["id"], event["data"]
            event = {}


def wait_for(stream, name):
    return next((number, data) for event, number, data in stream if event == name)


def looking_threads():
    return [thread for thread in threading.enumerate() if thread.name == "live"]


def test_a_browser_hears_every_part_and_then_each_order(day, address):
    with listening(address) as stream:
        heard = {next(stream)[0] for _ in range(len(PARTS))}
        day.place(live_day.tuesday()[0])
        number, arcs = wait_for(stream, "arcs")
        _, orders = wait_for(stream, "orders")

    assert heard == PARTS
    assert len(json.loads(arcs)) == 1
    assert int(number) >= json.loads(arcs)[0]["id"]
    assert "#10001" in orders


def test_places_that_came_between_the_page_and_its_stream_are_heard(database, address):
    httpx.get(address).raise_for_status()  # drawn from the empty catalog
    live_day.open_shop(database)
    with listening(address) as stream:
        heard = {event: data for event, _, data in islice(stream, len(PARTS) + len(STAGE))}

    assert heard.keys() == PARTS | STAGE
    assert "warehouse" in heard["places"]


def test_who_comes_back_hears_the_orders_it_missed_and_no_others(day, address):
    day.place(*live_day.tuesday()[:3])
    [(first,)] = day.rows("SELECT min(fact_id) FROM base.fact WHERE name = 'OrderPlaced'")
    with listening(address, {"Last-Event-ID": str(first)}, after=first + 1) as stream:
        _, arcs = wait_for(stream, "arcs")

    assert len(json.loads(arcs)) == 2
    assert min(arc["id"] for arc in json.loads(arcs)) > first


@pytest.mark.usefixtures("day")
def test_all_browsers_share_one_look_and_nobody_looks_for_nobody(address):
    with listening(address) as one, listening(address, sku="22469") as other:
        wait_for(one, "clock")
        wait_for(other, "clock")
        looking = len(looking_threads())
    until_s = time.monotonic() + 5
    while looking_threads() and time.monotonic() < until_s:
        time.sleep(0.05)

    assert looking == 1
    assert looking_threads() == []


@pytest.mark.usefixtures("day")
def test_a_server_that_winds_down_ends_its_streams(house, address):
    with listening(address) as stream:
        wait_for(stream, "clock")
        house.stopping.set()
        rest = list(stream)

    assert {event for event, _, _ in rest} <= PARTS


def test_a_late_commit_with_an_early_number_is_heard_too(day, address):
    with listening(address) as stream:
        wait_for(stream, "clock")
        with day.database.transaction("test", "slow") as tx:
            tx.run(
                "INSERT INTO base.fact (name, subject, shard, body, by, because, happened_at)"
                " SELECT name, subject, shard, body, by, because, happened_at FROM ("
                " SELECT 'OrderPlaced' AS name, 'order:1' AS subject, 0 AS shard,"
                " %(body)s::jsonb AS body, 't' AS by, 't' AS because, now() AS happened_at) f",
                body=json.dumps(
                    {
                        "order_id": 1,
                        "channel": "web",
                        "method": "ship",
                        "lines": 1,
                        "units": 1,
                        "total_minor": 1,
                        "currency": "GBP",
                        "nodes": ["leeds"],
                        "postcode": "LS1",
                        "latitude": 53.8,
                        "longitude": -1.5,
                        "promised_on": None,
                    }
                ),
            )
            [early] = tx.scalars("SELECT max(fact_id) FROM base.fact")
            day.place(live_day.tuesday()[0])
            _, first = wait_for(stream, "arcs")
        _, late = wait_for(stream, "arcs")

    assert json.loads(first)[0]["id"] > early
    assert json.loads(late)[0]["id"] == early


def test_a_slow_browser_keeps_the_newest_of_each_part_and_a_bounded_queue():
    async def leave_many():
        mailbox = Mailbox("", 0)
        for number in range(3 * ARCS_WAITING_MAX):
            mailbox.put([Message("arcs", "[]", number), Message("clock", f"{number}", number)])
        await asyncio.sleep(0)
        return await mailbox.empty(1)

    messages = asyncio.run(leave_many())

    assert len(messages) == ARCS_WAITING_MAX + 1
    assert messages[-1].text == f"{3 * ARCS_WAITING_MAX - 1}"


def test_a_message_of_several_lines_is_one_event():
    assert Message("clock", "a\nb", 7).encode() == b"id: 7\nevent: clock\ndata: a\ndata: b\n\n"
