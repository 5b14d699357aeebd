"""A real application on a real loopback port, over a real PostgreSQL."""

import asyncio
import threading
import time
from contextlib import contextmanager
from dataclasses import replace

import httpx
import pytest

from oneshelf.catalog.access.actions import issue_key
from oneshelf.catalog.access.scopes import SCOPES
from oneshelf.web.application import furnish
from oneshelf.web.limits import RateLimit
from oneshelf.web.serving import make_server, take_port


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
def house(database):
    patient = RateLimit(10_000, 1_000)  # a test knocks more often than anybody should
    return replace(furnish(database), knocks=patient)


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
