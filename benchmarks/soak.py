"""Ten minutes of steady load: the memory of server and worker at the end and after the second.

Orders are placed, looked up and cancelled at an even pace while a live page and a stream of events
are open. Baseline: resident memory when a fifth of the time has passed, the second minute of ten;
ours: at the end; MiB. Violations: growth above a tenth, answers that were not given, differences of
the audit. `--minutes 3` runs shorter: it shows that all works, but tells little about growth.
"""

import argparse
import http.client
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random
from statistics import median

import msgspec

from oneshelf.base.identifiers import ChannelId, new_id
from oneshelf.orders.canonical import Contact, NewOrder, OrderLine
from oneshelf.simulation.network import Network, draw_network, draw_place
from rounds import Line, finish
from worlds import admin_key, count_differences, free_port, fresh_database, open_network, postgres

MINUTES = 10.0
BASELINE_SHARE = 0.2
GROWTH_MAX = 1.1
NODES, SKUS, UNITS = 16, 200, 1_000_000
CLIENTS, PAUSE_S = 4, 0.1
CANCELLED_EVERY = 5
REGRET = b'{"reason":"regret"}'
LOOK_EVERY_S = 1.0
LOOKS = 15  # the median of so many is a figure
READY_WITHIN_S = 60
STREAMS = ("/api/v1/events", "/live/stream")
FINE = {200, 201}

Answer = tuple[int, bytes]


class Load:
    """Shoppers at an even pace, and who watches them."""

    def __init__(self, port: int, key: str, network: Network) -> None:
        """Know where to knock."""
        self._port = port
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self._network = network
        self._stop = threading.Event()
        self.statuses: Counter[int] = Counter()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Shop until the block ends."""
        threads = [threading.Thread(target=self._shop, args=(n,)) for n in range(CLIENTS)]
        watchers = [
            threading.Thread(target=self._watch, args=(path,), daemon=True) for path in STREAMS
        ]
        for thread in (*threads, *watchers):
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()

    def _shop(self, number: int) -> None:
        chance = Random(number)
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        placed = 0
        while not self._stop.wait(PAUSE_S):
            status, body = self._ask(connection, "POST", "/api/v1/orders", self._order(chance))
            if status not in FINE:
                continue
            placed += 1
            path = f"/api/v1/orders/{msgspec.json.decode(body)['number']}"
            self._ask(connection, "GET", path, b"")
            if placed % CANCELLED_EVERY == 0:
                self._ask(connection, "POST", f"{path}/cancel", REGRET, str(new_id()))
        connection.close()

    def _ask(
        self, to: http.client.HTTPConnection, method: str, path: str, body: bytes, key: str = ""
    ) -> Answer:
        named = {"Idempotency-Key": key} if key else {}
        to.request(method, path, body, self._headers | named)
        answer = to.getresponse()
        content = answer.read()
        self.statuses[answer.status] += 1
        return answer.status, content

    def _watch(self, path: str) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        with suppress(OSError, http.client.HTTPException):  # the server ends before us
            connection.request("GET", path, headers=self._headers)
            answer = connection.getresponse()
            while answer.read1(65_536) and not self._stop.is_set():
                pass
        connection.close()

    def _order(self, chance: Random) -> bytes:
        lines = tuple(
            OrderLine(sku=one.sku, units=1, price_minor=one.price_minor)
            for one in chance.sample(self._network.products, 2)
        )
        return msgspec.json.encode(
            NewOrder(
                channel=ChannelId("web"),
                key=str(new_id()),
                method="ship",
                lines=lines,
                currency="GBP",
                place=draw_place(chance),
                contact=Contact(name="Jane Doe", country="GB"),
            )
        )


def main() -> None:
    """Soak, and compare."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--minutes", type=float, default=MINUTES)
    seconds = asked.parse_args().minutes * 60
    network = draw_network(1, NODES, SKUS)
    with postgres() as server, fresh_database(server) as url:
        open_network(
            url, network, [(p.sku, network.nodes[0].node_id, UNITS) for p in network.products]
        )
        key, port = admin_key(url), free_port()
        with process(url, "serve", "--port", str(port)) as web, process(url, "work") as worker:
            wait_until_ready(port)
            load = Load(port, key, network)
            with load.running():
                seen = watch({"server": web.pid, "worker": worker.pid}, seconds)
        differences = count_differences(url)
    failed = sum(many for status, many in load.statuses.items() if status not in FINE)
    told = ", ".join(f"{many} answers {status}" for status, many in load.statuses.items())
    finish([line_of(name, found, failed + differences, told) for name, found in seen.items()])


def watch(processes: dict[str, int], seconds: float) -> dict[str, list[float]]:
    """Look at the memory of processes for so long."""
    seen: dict[str, list[float]] = {name: [] for name in processes}
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        time.sleep(LOOK_EVERY_S)
        for name, process_id in processes.items():
            seen[name].append(resident_mib(process_id))
        if len(seen["server"]) % 30 == 0:
            told = ", ".join(f"{name} {found[-1]:.1f} MiB" for name, found in seen.items())
            print(f"   {time.monotonic() - began:.0f} s: {told}", flush=True)
    return seen


def line_of(name: str, seen: list[float], violations: int, told: str) -> Line:
    """Compare the figure at the end with that of the baseline's time."""
    early_at = max(LOOKS, round(len(seen) * BASELINE_SHARE))
    early, late = median(seen[early_at - LOOKS : early_at]), median(seen[-LOOKS:])
    grown = late > GROWTH_MAX * early
    return Line(f"soak/{name}", early, late, early / late, violations + grown, told)


def resident_mib(process_id: int) -> float:
    """Return the memory that a process keeps resident."""
    for line in Path(f"/proc/{process_id}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"process {process_id} has ended")


@contextmanager
def process(url: str, *arguments: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a command of Oneshelf until the block ends."""
    command = [sys.executable, "-m", "oneshelf", *arguments]
    environment = {**os.environ, "ONESHELF_DATABASE": url}
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as running:
        try:
            yield running
        finally:
            running.terminate()


def wait_until_ready(port: int) -> None:
    """Return once the server is ready."""
    until = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < until:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        with suppress(OSError):
            connection.request("GET", "/health/ready")
            if connection.getresponse().status in FINE:
                connection.close()
                return
        connection.close()
        time.sleep(0.2)
    raise RuntimeError("the server did not become ready")


if __name__ == "__main__":
    main()
