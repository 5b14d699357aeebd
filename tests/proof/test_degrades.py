"""A database that is slow, silent or dead is told in bounded time, and work goes on by itself."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import msgspec
import psycopg
import pytest
from crowds import ORDERS, admin_headers, servers
from lines import line_to, within

from oneshelf.base import embedded_server
from oneshelf.base.clock import set_clock
from oneshelf.base.database import Database
from oneshelf.base.migrating import migrate
from oneshelf.inventory.auditing.actions import audit
from shop import MONDAY, Shop, order

TOLD_S = 6  # the promise is 5
BACK_S = 10
STOCK = [("LAMP", "leeds", 1_000), ("VASE", "leeds", 1_000)]


@pytest.fixture
def home():
    """A folder for a durable PostgreSQL of this test's own."""
    folder = Path(tempfile.mkdtemp(prefix=f"oneshelf-tests-{os.getpid()}-"))
    folder.chmod(0o711)
    yield folder / "server"
    embedded_server.stop(folder / "server")
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def worker(url, said):
    """A worker that has begun: one that finds no database at its start ends and says so."""
    with said.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "oneshelf", "work"],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "ONESHELF_DATABASE": url},
            stdout=out,
            stderr=out,
        )
    try:
        wait_for(lambda: b"has begun" in said.read_bytes(), seconds=30)
        yield process
    finally:
        process.kill()
        process.wait()


@contextmanager
def client_of(serving, headers):
    with httpx.Client(
        base_url=serving.address, headers=headers, timeout=30, trust_env=False
    ) as client:
        yield client


def buy(client, key, sku="LAMP"):
    return client.post(ORDERS, content=msgspec.json.encode(order((sku, 1), key=key)))


def ask_until(answers, ask, seconds=BACK_S):
    """Ask again until it is answered so; return how often it was refused."""
    give_up_at = time.monotonic() + seconds
    refused = 0
    while (answer := ask()).status_code not in answers:
        refused += 1
        assert time.monotonic() < give_up_at, answer.text
        time.sleep(0.1)
    return refused


def reacted_to_cancellations(database):
    with database.transaction("test", "look") as tx:
        [read_to] = tx.scalars(
            "SELECT coalesce(max(fact_id), 0) FROM base.cursor"
            " WHERE reaction LIKE '%%/OrderCancelled'"
        )
    return read_to


def wait_for(condition, seconds=BACK_S):
    give_up_at = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up_at
        time.sleep(0.05)


def cancel(client, number, key):
    return client.post(
        f"{ORDERS}/{number}/cancel", json={"reason": "regret"}, headers={"Idempotency-Key": key}
    )


def test_a_silent_database_is_told_soon_and_used_again_when_it_speaks(
    still, url, headers, tmp_path
):
    Shop.opened(still, STOCK)
    with line_to(url) as line, worker(line.url, tmp_path / "said") as working:
        with servers(line.url, 1) as [serving], client_of(serving, headers) as client:
            placed = buy(client, "before")
            line.silence()
            with within(TOLD_S):
                first = buy(client, "silent")
            with within(TOLD_S):
                read = client.get(f"{ORDERS}/{placed.json()['number']}")
            with within(3):
                ready = client.get("/health/ready")
            with within(1):
                known = buy(client, "silent again")
            line.mend()
            ask_until({200, 201}, lambda: buy(client, "silent"))
            ask_until({200}, lambda: client.get("/health/ready"))
            before = reacted_to_cancellations(still)
            cancelled = cancel(client, placed.json()["number"], "c")
            wait_for(lambda: reacted_to_cancellations(still) > before)
        working.send_signal(signal.SIGTERM)
        ended = working.wait(5)

    for answer in (first, read, known):
        assert answer.status_code == 503, answer.text
        assert answer.json()["code"] == "database_unavailable"
        assert answer.headers["Retry-After"] == "1"
    assert ready.status_code == 503
    assert cancelled.status_code == 200
    assert ended == 0


def test_a_killed_database_is_told_soon_and_used_again_when_it_is_back(home):
    url = embedded_server.start(home, "durable")
    with closing(Database(url)) as database:
        migrate(database)
        with database.transaction("test", "clock") as tx:
            set_clock(tx, MONDAY, 0)
        Shop.opened(database, STOCK)
        headers = admin_headers(database)
    with line_to(url) as line, worker(line.url, home.parent / "worker") as working:
        with servers(line.url, 1) as [serving], client_of(serving, headers) as client:
            acknowledged = [buy(client, str(n)).json()["number"] for n in range(5)]
            os.kill(embedded_server.status(home).process_id, signal.SIGKILL)
            with within(TOLD_S):
                dead = buy(client, "dead")
            time.sleep(3)
            with within(1):
                later = buy(client, "later")
            url = embedded_server.start(home, "durable")
            line.aim(url)
            ask_until({200, 201}, lambda: buy(client, "dead"))
            cancelled = cancel(client, acknowledged[0], "c")
            with closing(Database(url)) as database:
                wait_for(lambda: reacted_to_cancellations(database) > 0)
                with database.transaction("test", "look") as tx:
                    kept = tx.scalars("SELECT order_id FROM orders.sales_order")
                    differences = audit(tx)
        assert working.poll() is None

    assert {dead.status_code, later.status_code} == {503}
    assert cancelled.status_code == 200
    assert len(kept) == 6
    assert differences == []


def test_a_lock_that_somebody_keeps_delays_only_who_needs_it(still, url, headers):
    Shop.opened(still, STOCK)
    with servers(url, 1) as [serving], client_of(serving, headers) as client:
        with psycopg.connect(url) as holder:
            holder.execute("SELECT FROM inventory.point WHERE sku = 'LAMP' FOR UPDATE")
            with within(9):
                locked = buy(client, "lamp")
            free = buy(client, "vase", "VASE")
            ready = client.get("/health/ready")
        again = buy(client, "lamp")

    assert (locked.status_code, locked.json()["code"]) == (409, "busy")
    assert locked.headers["Retry-After"] == "1"
    assert (free.status_code, ready.status_code, again.status_code) == (201, 200, 201)
