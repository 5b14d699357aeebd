"""T20: promises a second over HTTP at 200 nodes and 2 lines, with dates, prices and reasons.

Baseline: the same server and plan function, but the promise door reads the stock of both SKUs at
every node, and the capacity, from PostgreSQL for each call. Both run a process a core, among which
calls are dealt out. Destinations are British outcodes.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from random import Random

import msgspec

from load import Request, send
from oneshelf.simulation.network import Network, draw_network
from oneshelf.simulation.retailer.packaged import outcodes
from rounds import Figures, Line, compare, finish
from worlds import admin_key, fresh_database, open_network, postgres, servers

NODES, SKUS, LINES = 200, 200, 2
SERVERS = 2
CALLS = 1_000  # a turn
BASELINE_CALLS = 200
TURNS = 6
CLIENTS = 32
PER_SECOND_MIN = 400.0
P99_MS_MAX = 250.0
BASELINE = (sys.executable, str(Path(__file__).with_name("promising_from_tables.py")))


def main() -> None:
    """Run both servers side by side and ask them in turn."""
    network = draw_network(8, NODES, SKUS)
    shelves = [(p.sku, n.node_id, 9) for p in network.products for n in network.nodes]
    with postgres() as server, fresh_database(server) as url:
        open_network(url, network, shelves)
        key = admin_key(url)
        with servers(url, SERVERS) as ours, servers(url, SERVERS, BASELINE) as baseline:
            lines = [
                compare(
                    "T20/promise",
                    lambda number: ask(baseline, key, network, number, BASELINE_CALLS),
                    lambda number: ask(ours, key, network, number, CALLS),
                    turns=TURNS,
                )
            ]
            crowd = send(ours, key, draw_calls(network, 99, CALLS), CLIENTS)
    fast, p99_ms = crowd.per_second(), crowd.percentile_ms(99)
    lines += [
        Line("T20/per second", PER_SECOND_MIN, fast, fast / PER_SECOND_MIN, 0),
        Line("T20/p99 ms", P99_MS_MAX, p99_ms, P99_MS_MAX / p99_ms, 0),
    ]
    finish(lines)


def ask(addresses: Sequence[str], key: str, network: Network, seed: int, calls: int) -> Figures:
    """Ask for promises; an answer that is none is a violation."""
    crowd = send(addresses, key, draw_calls(network, seed, calls), CLIENTS)
    wrong = len(crowd.latencies_s) - crowd.statuses[200]
    return Figures(crowd.per_second(), wrong, f"p99 {crowd.percentile_ms(99):.0f} ms")


def draw_calls(network: Network, seed: int, calls: int) -> list[Request]:
    """Draw carts of two products and where they go."""
    chance = Random(seed)
    places = outcodes()
    drawn: list[Request] = []
    for _ in range(calls):
        place = chance.choice(places)
        body = {
            "channel": "web",
            "method": "ship",
            "lines": [
                {"sku": product.sku, "units": 1}
                for product in chance.sample(network.products, LINES)
            ],
            "place": {
                "country": "GB",
                "postcode": place.code,
                "latitude": place.latitude,
                "longitude": place.longitude,
            },
        }
        drawn.append(Request("POST", "/api/v1/promise", msgspec.json.encode(body)))
    return drawn


if __name__ == "__main__":
    main()
