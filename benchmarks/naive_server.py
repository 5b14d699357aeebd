"""The baseline of T4: the same server, but orders are placed as an ORM would place them.

Same doors, decoding, plan function, rows, facts, records and stored answers. But each order has a
thread, a connection and a transaction of its own, which locks every point of its SKUs (`FOR
UPDATE`), takes what it reads there for the truth, and plans on that. Each thread has the catalog in
memory, so that orders wait for each other in the database alone.

    python naive_server.py --port 8600    with the database's address in ONESHELF_DATABASE
"""

import asyncio
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from random import Random
from threading import local

from oneshelf.base.batching import decide_batch
from oneshelf.base.clock import read_now
from oneshelf.base.database import Database, Transaction
from oneshelf.base.errors import OneshelfError
from oneshelf.base.identifiers import Sku, new_id
from oneshelf.base.settings import read_settings
from oneshelf.inventory.facts import StockChanged
from oneshelf.matching.outlook import Outlook
from oneshelf.matching.watching.actions import Watch
from oneshelf.orders.answers import Decided, Undecided
from oneshelf.orders.capture.actions import place
from oneshelf.orders.capture.asked import Asked
from oneshelf.web.application import CONNECTIONS_MAX, furnish
from oneshelf.web.batches.writer import Writer
from oneshelf.web.following import SafeTail
from oneshelf.web.serving import make_server, take_port
from oneshelf.web.snapshot import Snapshot

THREADS = 8  # more and fewer placed fewer orders a second


class OneByOne(Writer[Asked, Decided]):
    """Takes the writer's place: a thread and a transaction for each order."""

    def __init__(self, database: Database) -> None:
        """Start no thread before it is needed."""
        super().__init__("one by one", lambda _asked, _kind: [], lambda _: False, key=Asked.key)
        self._database = database
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="order")
        self._own = local()

    def start(self) -> None:
        """Start nothing."""

    def stop(self) -> None:
        """Answer what is under way."""
        self._threads.shutdown()

    async def ask(self, request: Asked) -> Decided:
        """Decide one on a thread."""
        [decided] = await self.ask_all([request])
        if isinstance(decided, OneshelfError):
            raise decided
        return decided

    async def ask_all(self, requests: Sequence[Asked]) -> list[Decided | OneshelfError]:
        """Decide each on a thread."""
        loop = asyncio.get_running_loop()
        tasks = [loop.run_in_executor(self._threads, self._one, one) for one in requests]
        return [await task for task in tasks]

    def _one(self, asked: Asked) -> Decided | OneshelfError:
        [decided] = decide_batch([asked], self._place, Random(0))
        return decided

    def _place(self, asked: Sequence[Asked]) -> list[Decided]:
        with self._database.transaction("web", f"request:{new_id()}") as tx:
            now, outlook = read_now(tx), self._outlook(tx)
            parts = outlook.parts([line for one in asked for line in one.order.lines])
            skus = sorted({part.sku for kit in parts.values() for part in kit})
            outlook.learn_stock(lock_shelves(tx, skus))
            answers = place(tx, asked, outlook, now)
        if any(isinstance(one, Undecided) for one in answers):
            raise AssertionError("what was locked before it was planned on was lost")
        return answers

    def _outlook(self, tx: Transaction) -> Outlook:
        if not hasattr(self._own, "outlook"):
            self._own.outlook = Watch(tx, read_now(tx)).outlook
        found: Outlook = self._own.outlook
        return found


def lock_shelves(tx: Transaction, skus: Sequence[Sku]) -> StockChanged:
    """Lock every shelf of the SKUs and return what stands there."""
    rows = tx.tuples(
        """
        SELECT point_id, sku, node, lot, available, version
          FROM inventory.point
         WHERE sku = ANY(%(skus)s::text[]) AND receipt_line_id IS NULL
         ORDER BY point_id
           FOR UPDATE
        """,
        skus=list(skus),
    )
    points, names, nodes, lots, available, versions = zip(*rows, strict=True)
    nothing = (None,) * len(rows)
    return StockChanged(
        points, names, nodes, lots, nothing, nothing, available, (0,) * len(rows), versions
    )


class StillSnapshot(Snapshot):
    """Follows nothing: each thread reads what it plans on under lock."""

    def start(self) -> None:
        """Start nothing."""

    def lag_s(self) -> float:
        """Say that nothing is behind."""
        return 0.0


def main(port: int) -> None:
    """Serve until told to stop."""
    url = read_settings().database or ""
    database = Database(url, connections_max=CONNECTIONS_MAX + THREADS)
    house = replace(
        furnish(database),
        placing=OneByOne(database),
        snapshot=StillSnapshot(database, SafeTail()),
    )
    with take_port("127.0.0.1", port) as taken:
        make_server(house).run(sockets=[taken])


if __name__ == "__main__":
    main(int(sys.argv[-1]))
