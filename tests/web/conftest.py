"""A real application on a real loopback port, over a real PostgreSQL."""

import asyncio
import threading
import time
from contextlib import contextmanager

import httpx
import pytest

from oneshelf.base.errors import OneshelfError
from oneshelf.base.identifiers import new_id
from oneshelf.catalog.access.actions import issue_key
from oneshelf.catalog.access.scopes import SCOPES
from oneshelf.orders.answers import Placed, PromisedLine, Refused, Repeated
from oneshelf.web.application import furnish
from oneshelf.web.serving import make_server, take_port


class Fresh:
    """A snapshot that is never behind."""

    def lag_s(self):
        return 0.0


class Shop:
    """Decides orders by what their first SKU says, and remembers what it was asked."""

    def __init__(self):
        self.placed = {}

    def place(self, asked, _kind):
        before = dict(self.placed)
        try:
            return [self.decide(one) for one in asked]
        except OneshelfError:
            self.placed = before  # as a transaction would
            raise

    def decide(self, one):
        key = (one.order.channel, one.order.key)
        sku = one.order.lines[0].sku
        if key in self.placed:
            before, answer = self.placed[key]
            same = before == one.body_hash
            return Repeated(answer) if same else OneshelfError("key_reused", "another body")
        if sku == "GONE":
            short = PromisedLine(1, sku, one.order.lines[0].units)
            return Refused("out_of_stock", "nobody has it", (short,))
        if sku == "POISON":
            raise OneshelfError("bad_value", "poison")
        answer = Placed(10_001 + len(self.placed), new_id(), None, (), (), "none", 100, "EUR")
        self.placed[key] = (one.body_hash, answer)
        return answer


@contextmanager
def opened(house):
    """Serve a house on a free port; yield its address."""
    with take_port("127.0.0.1", 0) as port:
        server = make_server(house)
        thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[port])))
        thread.start()
        while not server.started:
            time.sleep(0.005)
            assert thread.is_alive()
        yield f"http://127.0.0.1:{port.getsockname()[1]}"
        server.should_exit = True
        thread.join(20)
        assert not thread.is_alive()


@pytest.fixture
def shop():
    return Shop()


@pytest.fixture
def house(database, shop):
    return furnish(database, Fresh(), shop.place)


@pytest.fixture
def address(house):
    with opened(house) as address:
        yield address


@pytest.fixture
def keys(database, now):
    """One key for each scope, and one for none of ours by name."""
    with database.transaction("test", "keys") as tx:
        return {scope: issue_key(tx, scope, [scope], None, now).presented for scope in SCOPES}


@pytest.fixture
def stranger(address):
    with httpx.Client(base_url=address) as client:
        yield client


@pytest.fixture
def admin(address, keys):
    with httpx.Client(
        base_url=address, headers={"Authorization": f"Bearer {keys['admin']}"}
    ) as client:
        yield client
