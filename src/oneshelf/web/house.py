"""What the doors of one process share, its threads among it."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from threading import Event
from typing import TypeVar

from oneshelf.base.database import Database, Patience, Transaction
from oneshelf.base.errors import OneshelfError
from oneshelf.orders.answers import Decided
from oneshelf.orders.capture.asked import Asked
from oneshelf.web.batches.carts import CartWish, Told
from oneshelf.web.batches.writer import Writer
from oneshelf.web.following import SafeTail
from oneshelf.web.keys import KeyRing
from oneshelf.web.limits import RateLimit
from oneshelf.web.metrics import Metrics
from oneshelf.web.snapshot import Snapshot

Result = TypeVar("Result")


WAITING_S_MAX = 3.0


class Crew:
    """So many threads, and so many tasks that may wait for one. Used from one event loop."""

    def __init__(self, threads: int, waiting_max: int, name: str) -> None:
        """Hire."""
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._busy_max = threads + waiting_max
        self._busy = 0

    async def begin(self, task: Callable[[], Result]) -> Result:
        """Run new work; raises `overloaded`, with nothing done, if no thread is free soon."""
        if self._busy >= self._busy_max:
            raise _overloaded(f"{self._busy} requests are at work or wait already.")
        give_up_at_s = time.monotonic() + WAITING_S_MAX

        def in_time() -> Result:
            if time.monotonic() > give_up_at_s:
                raise _overloaded(f"The request waited for more than {WAITING_S_MAX:g} s.")
            return task()

        return await self.go_on(in_time)

    async def go_on(self, task: Callable[[], Result]) -> Result:
        """Run a part of work that has begun: it waits as long as it must."""
        self._busy += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, task)
        finally:
            self._busy -= 1

    def stop(self) -> None:
        """Finish what is there, and take nothing more."""
        self._threads.shutdown(wait=True)


def _overloaded(found: str) -> OneshelfError:
    return OneshelfError("overloaded", found, "Repeat the request with the same key in a moment.")


@dataclass(frozen=True, slots=True)
class House:
    """The things behind the doors.

    lookout: one thread that health never shares. stopping: set once the server winds down.
    """

    database: Database
    snapshot: Snapshot
    placing: Writer[Asked, Decided]
    carts: Writer[CartWish, Told]
    keys: KeyRing
    knocks: RateLimit
    metrics: Metrics
    safe_tail: SafeTail
    crew: Crew
    lookout: Crew
    stopping: Event

    def finish(self) -> None:
        """Take nothing new, and decide what waits."""
        self.placing.stop()
        self.carts.stop()

    async def work(self, task: Callable[[], Result]) -> Result:
        """Run blocking work on one of the house's threads, or raise `overloaded`."""
        return await self.crew.begin(task)

    def reading(
        self, because: str, patience: Patience | None = None
    ) -> AbstractContextManager[Transaction]:
        """Open a transaction that only looks."""
        return self.database.transaction("web", because, patience)
