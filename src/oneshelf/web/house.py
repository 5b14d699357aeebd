"""What the doors of one process share."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from threading import Event
from typing import TypeVar

from oneshelf.base.database import Database, Patience, Transaction
from oneshelf.orders.answers import Decided
from oneshelf.orders.capture.actions import Asked
from oneshelf.web.crew import Crew
from oneshelf.web.following import SafeTail
from oneshelf.web.keys import KeyRing
from oneshelf.web.limits import RateLimit
from oneshelf.web.metrics import Metrics
from oneshelf.web.snapshot import Snapshot
from oneshelf.web.writer import Writer

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class House:
    """The things behind the doors.

    lookout: one thread that health never shares. stopping: set once the server winds down.
    """

    database: Database
    snapshot: Snapshot
    placing: Writer[Asked, Decided]
    keys: KeyRing
    knocks: RateLimit
    metrics: Metrics
    safe_tail: SafeTail
    crew: Crew
    lookout: Crew
    stopping: Event

    async def work(self, task: Callable[[], Result]) -> Result:
        """Run blocking work on one of the house's threads, or raise `overloaded`."""
        return await self.crew.begin(task)

    def reading(
        self, because: str, patience: Patience | None = None
    ) -> AbstractContextManager[Transaction]:
        """Open a transaction that only looks."""
        return self.database.transaction("web", because, patience)
