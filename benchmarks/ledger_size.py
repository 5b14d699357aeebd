"""Orders a second on a ledger of ten million movements, against the same on a small one.

Both are databases of one server, batches go to them in turn, and orders are taken from placing to
shipped (chain.py). Facts and the log of statuses have grown with the ledger. The curve between is
written to docs/pictures/ledger_size.svg. Baseline: 10 thousand movements; ours: 10 million.

Violations: a ratio below 0.75, audit findings. MOVEMENTS=1000000 ends the curve earlier.
"""

import os
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from random import Random
from statistics import median

import psycopg

from chain import BATCH, Chain, draw_orders
from history import GREW, multiply, open_with_past
from oneshelf.simulation.network import draw_network
from rounds import Line, finish
from worlds import count_differences, fresh_database, postgres

MOVEMENTS = int(os.environ.get("MOVEMENTS", "10000000"))
SIZES = tuple(size for size in (10_000, 100_000, 1_000_000, 10_000_000) if size <= MOVEMENTS)
SAMPLE = 500
ROUNDS = 3
BATCHES = 6  # a round, in each database
RATIO_MIN = 0.75
NETWORK = draw_network(1, 20, 200)
UNITS = 4_000
PICTURE = Path(__file__).parent.parent / "docs/pictures/ledger_size.svg"


def main() -> None:
    """Fill a database of each size, then let them ship in turn."""
    with postgres() as server, ExitStack() as stack:
        urls = [stack.enter_context(fresh_database(server)) for _ in SIZES]
        sizes = [fill(url, size) for url, size in zip(urls, SIZES, strict=True)]
        chains = [Chain(url) for url in urls]
        for chain in chains:
            chain.worker.settle()
            chain.run(draw_orders(NETWORK, Random(1), BATCH))  # fills its caches
        rounds = [ship_in_turn(chains, number) for number in range(ROUNDS)]
        for chain in chains:
            chain.close()
        found = sum(count_differences(url) for url in urls)
    line = worst(rounds, found)
    PICTURE.write_text(draw([(n, median(r[at] for r in rounds)) for at, n in enumerate(sizes)]))
    print(f"   written: {PICTURE.name}")
    finish([line])


def fill(url: str, movements: int) -> int:
    """Give a database a past of about so many movements; return how many it has."""
    shelves = [(one.sku, node.node_id, UNITS) for one in NETWORK.products for node in NETWORK.nodes]
    open_with_past(url, NETWORK, shelves, SAMPLE)
    with psycopg.connect(url, autocommit=True) as connection:
        began = time.perf_counter()
        first, sample = _count(connection)
        copies = round((movements - first) / sample)
        multiply(url, max(0, copies), GREW)
        found, _ = _count(connection)
    print(f"   {found:,} movements, filled in {time.perf_counter() - began:.0f} s", flush=True)
    return found


def _count(connection: "psycopg.Connection[tuple[int, int]]") -> tuple[int, int]:
    """Return how many movements there are, and how many a copy of the sample adds."""
    [counts] = connection.execute(
        "SELECT count(*), count(*) FILTER (WHERE subject <> '')"
        "       + count(DISTINCT point_id) FILTER (WHERE reason = 'shipped')"
        "  FROM inventory.movement"
    ).fetchall()
    return counts


def ship_in_turn(chains: list[Chain], number: int) -> list[float]:
    """Let each database ship the same orders, batch by batch in turn; return orders a second."""
    seconds = [0.0] * len(chains)
    for batch in range(BATCHES):
        orders = draw_orders(NETWORK, Random(number * BATCHES + batch), BATCH)
        for at, chain in enumerate(chains):
            mine = [replace(order, key=f"{order.key}-{at}") for order in orders]
            began = time.perf_counter()
            chain.run(mine)
            seconds[at] += time.perf_counter() - began
    rates = [BATCHES * BATCH / took for took in seconds]
    print(f"   round {number + 1}: {', '.join(f'{rate:.0f}/s' for rate in rates)}", flush=True)
    return rates


def worst(rounds: list[list[float]], differences: int) -> Line:
    """Compare the largest ledger with the smallest; keep the worst round."""
    small, *_, large = min(rounds, key=lambda rates: rates[-1] / rates[0])
    slower = sum(rates[-1] / rates[0] < RATIO_MIN for rates in rounds)
    told = f"{SIZES[0]:,} and {SIZES[-1]:,} movements"
    return Line("ledger_size", small, large, large / small, differences + slower, told)


def draw(points: list[tuple[int, float]]) -> str:
    """Draw orders a second over the size of the ledger, as parts of the smallest one's."""
    top, bottom, left, step = 40, 240, 70, 150
    share = [rate / points[0][1] for _, rate in points]
    spots = [
        (left + 30 + at * step, bottom - round(part * (bottom - top) / 1.2))
        for at, part in enumerate(share)
    ]
    limit = bottom - round(RATIO_MIN * (bottom - top) / 1.2)
    width = left + 60 + (len(points) - 1) * step + 40
    marks = "".join(
        f'<circle cx="{x}" cy="{y}" r="4" fill="#0a6"/>'
        f'<text x="{x}" y="{y - 10}" text-anchor="middle">{part:.2f}</text>'
        f'<text x="{x}" y="{bottom + 18}" text-anchor="middle">{size:,}</text>'
        for (x, y), part, (size, _) in zip(spots, share, points, strict=True)
    )
    path = " ".join(f"{x},{y}" for x, y in spots)
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} 280" role="img"
     font-family="system-ui, sans-serif" font-size="12" fill="#333">
  <title>Orders a second over the size of the ledger, the smallest is 1</title>
  <rect width="{width}" height="280" fill="#fff"/>
  <text x="10" y="20" font-weight="600">Orders/s from placing to shipped
    by movements in the ledger; the smallest is 1</text>
  <line x1="{left}" y1="{bottom}" x2="{width - 20}" y2="{bottom}" stroke="#999"/>
  <line x1="{left}" y1="{limit}" x2="{width - 20}" y2="{limit}" stroke="#c60" stroke-dasharray="4"/>
  <text x="10" y="{limit + 4}">{RATIO_MIN:.2f}</text>
  <polyline points="{path}" fill="none" stroke="#0a6" stroke-width="2"/>
  {marks}
</svg>
"""


if __name__ == "__main__":
    main()
