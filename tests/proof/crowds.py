"""Real servers in processes of their own, and crowds that knock at them over real HTTP."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import httpx
import msgspec

from oneshelf.catalog.access.actions import issue_key
from oneshelf.web.serving import take_port
from shop import MONDAY

ORDERS = "/api/v1/orders"
LONG_ENOUGH_S = 60


@dataclass(frozen=True, slots=True)
class Serving:
    """One `oneshelf serve`. said: the file with all it wrote to stdout and stderr."""

    address: str
    process: subprocess.Popen
    said: Path

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(LONG_ENOUGH_S)


def free_port():
    with take_port("127.0.0.1", 0) as probe:
        return probe.getsockname()[1]


def start(url, port, said):
    with said.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "oneshelf", "serve", "--port", str(port)],
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join(sys.path),
                "ONESHELF_DATABASE": url,
                "ONESHELF_HOST": "127.0.0.1",
            },
            stdout=out,
            stderr=out,
        )
    return Serving(f"http://127.0.0.1:{port}", process, said)


def wait_until_ready(one):
    give_up_at = time.monotonic() + LONG_ENOUGH_S
    while True:
        try:
            if httpx.get(f"{one.address}/health/ready").status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            assert one.process.poll() is None, one.said.read_text()
        assert time.monotonic() < give_up_at, one.said.read_text()
        time.sleep(0.05)


@contextmanager
def servers(url, many=2):
    """Open so many servers on free ports; whatever happens, none is left behind."""
    with tempfile.TemporaryDirectory() as folder:
        running = [start(url, free_port(), Path(folder, f"said-{n}")) for n in range(many)]
        try:
            for one in running:
                wait_until_ready(one)
            yield running
        finally:
            for one in running:
                one.process.terminate()
            for one in running:
                try:
                    one.process.wait(15)
                except subprocess.TimeoutExpired:
                    one.kill()


def admin_headers(database):
    with database.transaction("test", "key") as tx:
        key = issue_key(tx, "crowd", ["admin"], None, MONDAY).presented
    return {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}


def crowd(addresses, headers, orders):
    """Send each order on a connection of its own, all at once, spread over the servers."""
    return asyncio.run(_crowd(addresses, headers, orders))


async def _crowd(addresses, headers, orders):
    everybody = httpx.Limits(max_connections=len(orders), max_keepalive_connections=0)
    async with httpx.AsyncClient(
        headers=headers, limits=everybody, timeout=LONG_ENOUGH_S, trust_env=False
    ) as client:
        return await asyncio.gather(
            *[
                client.post(address + ORDERS, content=msgspec.json.encode(one))
                for address, one in zip(cycle(addresses), orders, strict=False)
            ]
        )


def told(answers):
    """Count the answers by what they say."""
    found = {}
    for answer in answers:
        body = answer.json()
        said = (answer.status_code, body.get("outcome") or body.get("reason") or body.get("code"))
        found[said] = found.get(said, 0) + 1
    return found
