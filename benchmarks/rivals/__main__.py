"""Oneshelf, Vendure and Medusa in turn through the same shopping: see README.md beside this file.

    rivals/NAME hot        orders a second at one hot SKU, so many buyers in closed loop
    rivals/NAME last unit  units sold beyond the one there was, 100 buyers at once

The shops take turns, each time on a fresh database: the machine slows down for minutes at a time.

Run as `cd benchmarks && ../.venv/bin/python -m rivals FOLDER`. FOLDER: where node modules go.
"""

import argparse
import asyncio
import itertools
import json
import os
import platform
import signal
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, quantiles

import uvloop

from oneshelf.base import embedded_server
from rivals.journeys import Connection, Outcome, Wanted, buy
from rivals.shops import LOOPBACK, MEDUSA, ONESHELF, PROMISING, VENDURE, Open, Shop, count_sold
from worlds import postgres

SHOPS = {shop.name: shop for shop in (VENDURE, MEDUSA, ONESHELF, PROMISING)}
OURS = (ONESHELF.name, PROMISING.name)
BUYERS, SECONDS, WARM_S, TURNS = (8, 256), 20, 5, 3
LAST_UNIT_BUYERS = 100
ANSWER_WITHIN_S = 600
REPORT = Path(__file__).parent.parent / "rivals.md"


@dataclass(frozen=True, slots=True)
class Hot:
    """So many buyers at one hot SKU. counted: orders more in the shop's own tables."""

    shop: str
    turn: int
    buyers: int
    per_second: float
    p50_s: float
    p99_s: float
    sold: int
    counted: int
    refused: int
    errors: int


@dataclass(frozen=True, slots=True)
class LastUnit:
    """A hundred buyers for one unit. counted: orders the shop's own tables call sold."""

    shop: str
    turn: int
    sold: int
    refused: int
    errors: int
    counted: int
    said: tuple[str, ...]


@dataclass(slots=True)
class _Seen:
    latencies_s: list[float]
    outcomes: Counter[Outcome]
    said: Counter[str]
    seconds: float = 0.0


class Crowd:
    """Buyers of one open shop. Every journey has a number of its own."""

    def __init__(self, shop: Shop, turn: int, place: Open) -> None:
        """Take what is known of the shop."""
        self._shop, self._turn, self._place = shop, turn, place
        self._numbers = itertools.count()

    def hot(self, buyers: int, seconds: float) -> Hot:
        """Let buyers buy one after another; those under way when time is up still finish."""
        before = count_sold(self._shop, self._place.database)
        seen = self._walk("hot", buyers, seconds)
        counted = count_sold(self._shop, self._place.database) - before
        latencies = seen.latencies_s if len(seen.latencies_s) > 1 else [0.0, 0.0]
        cuts = quantiles(latencies, n=100)
        return Hot(
            shop=self._shop.name,
            turn=self._turn,
            buyers=buyers,
            per_second=seen.outcomes["sold"] / seen.seconds,
            p50_s=cuts[49],
            p99_s=min(cuts[98], max(latencies)),
            sold=seen.outcomes["sold"],
            counted=counted,
            refused=seen.outcomes["refused"],
            errors=seen.outcomes["error"],
        )

    def last_unit(self) -> LastUnit:
        """Let a hundred buyers start at once, each for the same one unit."""
        before = count_sold(self._shop, self._place.database)
        seen = self._walk("scarce", LAST_UNIT_BUYERS, 0)
        counted = count_sold(self._shop, self._place.database) - before
        told = tuple(f"{many} x {said}" for said, many in seen.said.most_common(5))
        out = seen.outcomes
        return LastUnit(
            shop=self._shop.name,
            turn=self._turn,
            sold=out["sold"],
            refused=out["refused"],
            errors=out["error"],
            counted=counted,
            said=told,
        )

    def _walk(self, item: str, buyers: int, seconds: float) -> _Seen:
        return uvloop.run(self._walk_all(item, buyers, seconds))

    async def _walk_all(self, item: str, buyers: int, seconds: float) -> _Seen:
        seen = _Seen([], Counter(), Counter())
        began = time.perf_counter()

        async def one(buyer: int) -> None:
            address = self._place.addresses[buyer % len(self._place.addresses)]
            connection = await Connection.open(address)
            while True:
                at = time.perf_counter()
                number = f"{item}-{next(self._numbers)}"
                wanted = Wanted(self._place.known, self._place.known[item], number)
                outcome, said = await buy(self._shop.journey, connection, wanted)
                seen.latencies_s.append(time.perf_counter() - at)
                seen.outcomes[outcome] += 1
                if said:
                    seen.said[f"{outcome}: {said[:110]}"] += 1
                if time.perf_counter() - began >= seconds:
                    break
                if outcome == "error":
                    connection.writer.close()
                    connection = await Connection.open(address)
            connection.writer.close()

        async with asyncio.timeout(ANSWER_WITHIN_S):
            await asyncio.gather(*(one(buyer) for buyer in range(buyers)))
        seen.seconds = time.perf_counter() - began
        return seen


def main() -> None:
    """Measure the shops in turn on one PostgreSQL; print the lines and write the page."""
    asked = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # leaves every server stopped behind
    embedded_server.SETTINGS["listen_addresses"] = LOOPBACK
    hot: list[Hot] = []
    last: list[LastUnit] = []
    with postgres() as server:
        for turn, name in itertools.product(range(1, asked.turns + 1), asked.shops):
            shop = SHOPS[name]
            print(f"-- {name}, turn {turn} of {asked.turns}", flush=True)
            with shop.opened(server, asked.folder) as place:
                crowd = Crowd(shop, turn, place)
                crowd.hot(min(asked.buyers), min(WARM_S, asked.seconds))
                for buyers in (one for one in asked.buyers if one <= shop.buyers_max):
                    hot.append(crowd.hot(buyers, asked.seconds))
                    print(f"   {hot[-1]}", flush=True)
                last.append(crowd.last_unit())
                print(f"   {last[-1]}", flush=True)
    lines = compared(hot, last)
    for line in lines:
        print(json.dumps(line), flush=True)
    REPORT.write_text(report(hot, last), encoding="utf-8")


def compared(hot: Sequence[Hot], last: Sequence[LastUnit]) -> list[dict[str, object]]:
    """Hold each rival against ours under the same load: the means of their turns.

    A violation is a unit of ours oversold, or an order told that is not in the tables.
    """
    oversold = sum(max(one.counted - 1, 0) for one in last if one.shop in OURS)
    ours = {(one.buyers, one.turn): one for one in hot if one.shop == ONESHELF.name}
    loads = dict.fromkeys((one.shop, one.buyers) for one in hot if one.shop not in OURS)
    lines: list[dict[str, object]] = []
    for shop, buyers in loads:
        pairs = [
            (one, ours[buyers, one.turn])
            for one in hot
            if (one.shop, one.buyers) == (shop, buyers) and (buyers, one.turn) in ours
        ]
        if not pairs:
            continue
        theirs_per_second = mean(theirs.per_second for theirs, _ in pairs)
        ours_per_second = mean(our.per_second for _, our in pairs)
        lines.append(
            {
                "name": f"rivals/{shop} hot, {buyers} buyers",
                "baseline": round(theirs_per_second, 2),
                "ours": round(ours_per_second, 1),
                "ratio": round(ours_per_second / theirs_per_second, 1),
                "turns": [round(our.per_second / theirs.per_second, 1) for theirs, our in pairs],
                "violations": oversold + sum(abs(our.sold - our.counted) for _, our in pairs),
            }
        )
    return lines


def report(hot: Sequence[Hot], last: Sequence[LastUnit]) -> str:
    """Return the page."""
    lines = [
        "# Beside Vendure and Medusa",
        "",
        (
            f"Written by `python -m rivals` on {time.strftime('%Y-%m-%d')}: {os.cpu_count()} cores"
            f" ({platform.machine()}). What is"
        ),
        "compared, and how to run it, stands in [rivals/README.md](rivals/README.md).",
        "",
        "## One hot SKU, buyers in closed loop",
        "",
        (
            "| shop | turn | buyers | orders/s | p50 s | p99 s | sold | counted in its tables"
            " | refused | errors |"
        ),
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
        *(
            f"| {one.shop} | {one.turn} | {one.buyers} | {one.per_second:.2f} | {one.p50_s:.3f} |"
            f" {one.p99_s:.3f} | {one.sold} | {one.counted} | {one.refused} | {one.errors} |"
            for one in hot
        ),
        "",
        "| ours against | theirs, orders/s | ours | ratio of the means | ratio in each turn |",
        "|---|---:|---:|---:|---|",
        *(
            f"| {one['name']} | {one['baseline']} | {one['ours']} | {one['ratio']} |"
            f" {one['turns']} |"
            for one in compared(hot, last)
        ),
        "",
        f"## One unit, {LAST_UNIT_BUYERS} buyers at once",
        "",
        "| shop | turn | told that it is theirs | refused | errors | orders in its tables |",
        "|---|---:|---:|---:|---:|---:|",
        *(
            f"| {one.shop} | {one.turn} | {one.sold} | {one.refused} | {one.errors} |"
            f" {one.counted} |"
            for one in last
        ),
        "",
    ]
    return "\n".join(lines)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="rivals", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the rivals' modules are installed")
    parser.add_argument("--shops", nargs="+", choices=SHOPS, default=list(SHOPS))
    parser.add_argument("--buyers", nargs="+", type=int, default=list(BUYERS))
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--turns", type=int, default=TURNS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
