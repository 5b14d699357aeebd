"""A process told to stop takes nothing new, answers all that queued, and ends in bounded time."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import msgspec
import psycopg
from crowds import ORDERS, crowd, servers, told
from lines import within

from shop import Shop, order

QUEUED = 20


def holding_every_lamp(url):
    holder = psycopg.connect(url)
    holder.execute("SELECT FROM inventory.point WHERE sku = 'LAMP' FOR UPDATE")
    return holder


def wait_until_stopping(client):
    while "stopping" not in (ready := client.get("/health/ready")).json().get("why_not", ()):
        time.sleep(0.02)
    return ready


def test_a_server_told_to_stop_refuses_new_work_and_answers_what_queued(still, url, headers):
    Shop.opened(still, [("LAMP", "leeds", QUEUED)])
    with servers(url, 1) as [serving], ThreadPoolExecutor(1) as pool:
        with holding_every_lamp(url):
            wishes = [order(("LAMP", 1), key=f"q-{n}") for n in range(QUEUED)]
            buying = pool.submit(crowd, [serving.address], headers, wishes)
            time.sleep(1)  # the queue waits for the lock
            serving.process.send_signal(signal.SIGTERM)
            with httpx.Client(base_url=serving.address, headers=headers) as client:
                ready = wait_until_stopping(client)
                late = client.post(ORDERS, content=msgspec.json.encode(order(("LAMP", 1))))
        answers = buying.result()
        ended = serving.process.wait(15)

    assert ready.status_code == 503
    assert (late.status_code, late.json()["code"]) == (503, "overloaded")
    assert late.headers["Retry-After"] == "1"
    assert told(answers) == {(201, "placed"): QUEUED}
    assert ended == 0


def test_a_second_signal_ends_a_server_at_once(still, url, headers):
    Shop.opened(still, [("LAMP", "leeds", 1)])
    with servers(url, 1) as [serving], ThreadPoolExecutor(1) as pool, holding_every_lamp(url):
        wishes = [order(("LAMP", 1))]
        pool.submit(asyncio.run, lost(serving.address, headers, wishes))
        time.sleep(0.5)
        serving.process.send_signal(signal.SIGTERM)
        with httpx.Client(base_url=serving.address) as client:
            wait_until_stopping(client)
        with within(2):
            serving.process.send_signal(signal.SIGTERM)
            ended = serving.process.wait(15)

    assert ended == 128 + signal.SIGTERM


async def lost(address, headers, wishes):
    """Ask without hoping for an answer."""
    async with httpx.AsyncClient(headers=headers, trust_env=False, timeout=30) as client:
        body = msgspec.json.encode(wishes[0])
        await asyncio.gather(client.post(address + ORDERS, content=body), return_exceptions=True)


def test_the_end_of_its_grace_ends_a_process():
    script = (
        "import signal, time, oneshelf.base.waiting.grace as grace\n"
        "grace.GRACE_S = 0.2\n"
        "grace.ask_on_signal(lambda: None)\n"
        "print('up', flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
    ) as process:
        process.stdout.readline()
        process.send_signal(signal.SIGTERM)

        assert process.wait(10) == 1
