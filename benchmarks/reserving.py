"""T1 and T2: 256 clients hold units of one SKU at one node, in-process, every commit durable.

Ours: they queue at one `Writer`, which decides whatever has queued in one transaction. T1's
baseline is what an ORM writes: each client has a connection and a transaction of its own, locks the
point, checks it, writes the same rows. T2's has one row a unit, passed over where it is locked, so
that clients seldom wait for each other. `T1/p99`: milliseconds until the answer.

Violations: more promised than there is, answers that the tables do not bear out, audit findings.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from statistics import quantiles
from typing import Any, LiteralString
from uuid import UUID

import msgspec
import psycopg
import uvloop

from oneshelf.base.database import Database
from oneshelf.base.identifiers import ChannelId, PointId, PublicId, new_id
from oneshelf.base.outbox import shard_of
from oneshelf.inventory.facts import StockChanged
from oneshelf.inventory.ledger import StockPoint
from oneshelf.inventory.reservations.actions import reserve
from oneshelf.inventory.reservations.holding import Gone, Hold, HoldLine, Reserved, Short
from oneshelf.simulation.network import draw_network
from oneshelf.web.batches.writer import BatchKind, Writer
from oneshelf.web.serving import SWITCH_S, spare_what_is_loaded
from rounds import Figures, compare, finish
from worlds import MONDAY, count_differences, fresh_database, open_network, postgres

CLIENTS = 256
SECONDS = 5  # a turn
TURNS, UNIT_ROW_TURNS = 3, 2
PLENTY = 5_000_000
UNIT_ROWS = 60_000
SCARCE = 100
WANTED_OF_SCARCE = 300
NETWORK = draw_network(1, 1, 2)
NODE = NETWORK.nodes[0].node_id
HOT, RARE = (StockPoint(product.sku, NODE) for product in NETWORK.products)
WEB = ChannelId("web")
LAPSES_AT = MONDAY + timedelta(minutes=15)

Connection = psycopg.AsyncConnection[Any]
Arm = Callable[[int], Figures]
Ask = Callable[[int, StockPoint], Awaitable[bool]]
"""Ask as a client to hold a unit of a point; say whether it was held."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What one arm did in one round. held: units promised by answers."""

    per_second: float
    p99_ms: float
    held: int
    held_of_scarce: int


async def crowd(ask: Ask) -> Seen:
    """Let every client ask again as soon as it was answered; then sell a rare SKU out."""
    latencies: list[float] = []
    held = 0
    began = time.perf_counter()

    async def buy(client: int) -> None:
        nonlocal held
        while time.perf_counter() - began < SECONDS:
            asked = time.perf_counter()
            was_held = await ask(client, HOT)
            held += was_held
            latencies.append(time.perf_counter() - asked)

    await asyncio.gather(*(buy(client) for client in range(CLIENTS)))
    took = time.perf_counter() - began
    left = iter(range(WANTED_OF_SCARCE))

    async def buy_rare(client: int) -> int:
        return sum([await ask(client, RARE) for _ in left])

    rare = await asyncio.gather(*(buy_rare(client) for client in range(CLIENTS)))
    p99_ms = quantiles(latencies, n=100)[98] * 1000
    return Seen(len(latencies) / took, p99_ms, held, sum(rare))


async def by_writer(url: str) -> Seen:
    """Queue at the writer."""
    database = Database(url)

    def decide(holds: Sequence[Hold], _: BatchKind) -> list[Reserved | Short | Gone]:
        with database.transaction("benchmark", "batch") as tx:
            answers = reserve(tx, holds, MONDAY)
        return [answers[one.public_id] for one in holds]

    writer = Writer[Hold, Reserved | Short | Gone](
        "carts", decide, lambda _: False, key=lambda hold: hold.public_id
    )

    async def ask(_: int, point: StockPoint) -> bool:
        cart = Hold(PublicId(new_id()), WEB, (HoldLine(1, point, 1),), LAPSES_AT)
        return isinstance(await writer.ask(cart), tuple)

    writer.start()
    try:
        return await crowd(ask)
    finally:
        writer.stop()
        database.close()


ADD_RESERVATION: LiteralString = """
INSERT INTO inventory.reservation (public_id, channel, lapses_at, reserved_at)
VALUES (%s, %s, %s, %s)
"""
ADD_UNIT: LiteralString = """
INSERT INTO inventory.reserved_unit (reservation, line_no, point_id, units)
VALUES (%s, 1, %s, 1)
"""
ADD_MOVEMENT: LiteralString = """
INSERT INTO inventory.movement
       (point_id, source, target, units, reason, subject, transfer, by, because, moved_at)
VALUES (%s, 'available', 'reserved', 1, 'reserved', %s, '', 'benchmark', 'request', %s)
"""
ADD_FACT: LiteralString = """
INSERT INTO base.fact (name, subject, shard, body, by, because, happened_at)
VALUES ('StockChanged', 'stock', %s, %s, 'benchmark', 'request', %s)
"""
LOCK_POINT: LiteralString = """
SELECT point_id, available, version FROM inventory.point
 WHERE sku = %s AND node = %s AND lot IS NULL AND receipt_line_id IS NULL FOR UPDATE
"""
TAKE_FROM_POINT: LiteralString = """
UPDATE inventory.point
   SET available = available - 1, reserved = reserved + 1, version = version + 1
 WHERE point_id = %s
"""
MAKE_UNITS: LiteralString = """
CREATE TABLE unit (point_id bigint, number integer, reservation uuid,
                   PRIMARY KEY (point_id, number));
CREATE INDEX unit_that_is_free ON unit (point_id) WHERE reservation IS NULL;
INSERT INTO unit
SELECT point_id, number, NULL
  FROM inventory.point CROSS JOIN generate_series(1, least(available, %(most)s)) AS number;
ANALYZE unit
"""
FIND_POINT: LiteralString = """
SELECT point_id, available, version FROM inventory.point
 WHERE sku = %s AND node = %s AND lot IS NULL AND receipt_line_id IS NULL
"""
LOCK_UNIT: LiteralString = """
SELECT number FROM unit WHERE point_id = %s AND reservation IS NULL
 LIMIT 1 FOR UPDATE SKIP LOCKED
"""
TAKE_UNIT: LiteralString = "UPDATE unit SET reservation = %s WHERE point_id = %s AND number = %s"


async def take_from_point(connection: Connection, point: StockPoint) -> bool:
    """Lock the point and, if a unit is free, write what a hold is."""
    row = await connection.execute(LOCK_POINT, (point.sku, point.node))
    [(point_id, available, version)] = await row.fetchall()
    if not available:
        return False
    await _write_hold(connection, point_id)
    await connection.execute(TAKE_FROM_POINT, (point_id,))
    await _announce(connection, point, point_id, available - 1, version + 1)
    return True


async def take_unit_row(connection: Connection, point: StockPoint) -> bool:
    """Lock any free unit that nobody has locked and, if there is one, write what a hold is."""
    row = await connection.execute(FIND_POINT, (point.sku, point.node))
    [(point_id, available, version)] = await row.fetchall()
    row = await connection.execute(LOCK_UNIT, (point_id,))
    if not (units := await row.fetchall()):
        return False
    reservation = await _write_hold(connection, point_id)
    await connection.execute(TAKE_UNIT, (reservation, point_id, units[0][0]))
    await _announce(connection, point, point_id, available, version)
    return True


async def _write_hold(connection: Connection, point_id: int) -> UUID:
    public_id = new_id()
    await connection.execute(ADD_RESERVATION, (public_id, WEB, LAPSES_AT, MONDAY))
    await connection.execute(ADD_UNIT, (public_id, point_id))
    await connection.execute(ADD_MOVEMENT, (point_id, f"reservation:{public_id}", MONDAY))
    return public_id


async def _announce(
    connection: Connection, point: StockPoint, point_id: int, available: int, version: int
) -> None:
    fact = StockChanged(
        point_id=(PointId(point_id),),
        sku=(point.sku,),
        node=(point.node,),
        lot=(None,),
        receipt_line=(None,),
        due_at=(None,),
        available=(available,),
        expected=(0,),
        version=(version,),
    )
    body = msgspec.json.encode(fact).decode()
    await connection.execute(ADD_FACT, (shard_of("stock"), body, MONDAY))


async def by_client(url: str, take: Callable[[Connection, StockPoint], Awaitable[bool]]) -> Seen:
    """Give each client a connection; each hold is a transaction of its own."""
    connections = [await Connection.connect(url) for _ in range(CLIENTS)]

    async def ask(client: int, point: StockPoint) -> bool:
        async with connections[client].transaction():
            return await take(connections[client], point)

    try:
        return await crowd(ask)
    finally:
        for connection in connections:
            await connection.close()


def make_units(url: str) -> None:
    """Give every unit a row of its own, as many as a round can sell."""
    with psycopg.connect(url) as connection:
        psycopg.ClientCursor(connection).execute(MAKE_UNITS, {"most": UNIT_ROWS})


def count_violations(url: str, seen: Seen) -> int:
    """Hold what was answered against what stands in the tables."""
    with psycopg.connect(url) as connection:
        [(kept,)] = connection.execute("SELECT sum(units) FROM inventory.reserved_unit").fetchall()
        [(units,)] = connection.execute("SELECT to_regclass('unit')::text").fetchall()
        [(given,)] = connection.execute(
            "SELECT count(*) FROM unit WHERE reservation IS NOT NULL"
            if units
            else "SELECT sum(reserved) FROM inventory.point"
        ).fetchall()
    oversold = max(0, seen.held_of_scarce - SCARCE)
    differing = sum(int(units) != seen.held + seen.held_of_scarce for units in (kept, given))
    return oversold + differing + (0 if units else count_differences(url))


def main() -> None:
    """Run both comparisons, each arm on a fresh database."""
    seen: dict[tuple[str, int], Seen] = {}
    spare_what_is_loaded()
    sys.setswitchinterval(SWITCH_S)  # both as a server does; for every arm

    with postgres() as server:

        def arm(name: str, play: Callable[[str], Coroutine[None, None, Seen]]) -> Arm:
            def run(number: int) -> Figures:
                with fresh_database(server) as url:
                    open_network(url, NETWORK, [(HOT.sku, NODE, PLENTY), (RARE.sku, NODE, SCARCE)])
                    if name == "unit rows":
                        make_units(url)
                    seen[name, number] = found = uvloop.run(play(url))
                    told = f"{name}: p99 {found.p99_ms:.1f} ms"
                    return Figures(found.per_second, count_violations(url, found), told)

            return run

        naive = arm("row lock", partial(by_client, take=take_from_point))
        unit_rows = arm("unit rows", partial(by_client, take=take_unit_row))
        throughput = compare("T1", naive, arm("writer", by_writer), turns=TURNS)
        p99 = compare(
            "T1/p99",
            lambda number: Figures(seen["row lock", number].p99_ms),
            lambda number: Figures(seen["writer", number].p99_ms),
            "less",
            turns=TURNS,
        )
        units = compare("T2", unit_rows, arm("writer", by_writer), turns=UNIT_ROW_TURNS)
        finish([throughput, p99, units])


if __name__ == "__main__":
    main()
