"""Server and database are killed while orders come: what was acknowledged is there, once."""

import asyncio
import os
import shutil
import signal
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import httpx
import msgspec
import pytest
from crowds import ORDERS, admin_headers, free_port, start, wait_until_ready

from oneshelf.base import embedded_server
from oneshelf.base.clock import set_clock
from oneshelf.base.database import Database
from oneshelf.base.migrating import migrate
from oneshelf.inventory.auditing.actions import audit
from shop import MONDAY, Shop, order

BUYERS, EACH = 6, 60
GIVE_UP_S = 90


@pytest.fixture
def home():
    """A folder for a durable PostgreSQL of this test's own."""
    folder = Path(tempfile.mkdtemp(prefix=f"oneshelf-tests-{os.getpid()}-"))
    folder.chmod(0o711)
    yield folder / "server"
    embedded_server.stop(folder / "server")
    shutil.rmtree(folder, ignore_errors=True)


def kill_database(home):
    running = embedded_server.status(home)
    os.kill(running.process_id, signal.SIGKILL)


class Buyers:
    """Each sends one order after the other, each again under its key until it is acknowledged."""

    def __init__(self, addresses, headers):
        self.addresses = addresses
        self.headers = headers
        self.acknowledged = {}
        self.failures = set()
        self.give_up_at = time.monotonic() + GIVE_UP_S

    def run(self):
        asyncio.run(self._run())

    async def _run(self):
        async with httpx.AsyncClient(headers=self.headers, timeout=20, trust_env=False) as client:
            await asyncio.gather(*[self._buy(client, number) for number in range(BUYERS)])

    async def _buy(self, client, number):
        for place in range(EACH):
            await self._send(client, order(("LAMP", 1), key=f"{number}-{place}"), number)

    async def _send(self, client, wish, turn):
        while wish.key not in self.acknowledged:
            assert time.monotonic() < self.give_up_at, self.failures
            address = self.addresses[turn % len(self.addresses)]
            turn += 1
            try:
                answer = await client.post(address + ORDERS, content=msgspec.json.encode(wish))
            except httpx.TransportError:
                self.failures.add("no answer")
            else:
                if answer.status_code in {200, 201}:
                    self.acknowledged[wish.key] = answer.json()["number"]
                    return
                self.failures.add(answer.status_code)
            await asyncio.sleep(0.1)

    def wait_for(self, acknowledged):
        while len(self.acknowledged) < acknowledged:
            assert time.monotonic() < self.give_up_at, self.failures
            time.sleep(0.005)


def test_what_was_acknowledged_before_a_kill_is_there_once_after_it(home):
    url = embedded_server.start(home, "durable")
    with closing(Database(url)) as database:
        migrate(database)
        with database.transaction("test", "clock") as tx:
            set_clock(tx, MONDAY, 0)
        Shop.opened(database, [("LAMP", "leeds", 10_000)])
        headers = admin_headers(database)
    ports = [free_port(), free_port()]
    running = [start(url, port, home.parent / f"said-{port}") for port in ports]
    try:
        for one in running:
            wait_until_ready(one)
        buyers = Buyers([one.address for one in running], headers)
        with ThreadPoolExecutor(1) as pool:
            buying = pool.submit(buyers.run)
            buyers.wait_for(60)
            running[0].kill()
            running[0] = start(url, ports[0], running[0].said)
            buyers.wait_for(140)
            before = dict(buyers.acknowledged)
            kill_database(home)
            time.sleep(0.3)  # meanwhile the servers say that there is none
            for one in running:
                one.kill()
            url = embedded_server.start(home, "durable")
            running = [start(url, one, home.parent / f"said-{one}") for one in ports]
            buying.result()
    finally:
        for one in running:
            one.kill()
    with closing(Database(url)) as database, database.transaction("test", "look") as tx:
        written = dict(tx.tuples("SELECT key, order_id FROM orders.sales_order"))
        [(orders, units)] = tx.tuples(
            "SELECT (SELECT count(*) FROM orders.sales_order),"
            "       (SELECT sum(committed) FROM inventory.point)"
        )
        differences = audit(tx)

    assert before.items() <= buyers.acknowledged.items() == written.items()
    assert orders == units == BUYERS * EACH
    assert buyers.failures <= {"no answer", 503}
    assert differences == []
