"""Run the flow: every reaction in every shard, and the work that time causes."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

import structlog

from oneshelf.base.clock import read_now
from oneshelf.base.database import AT_LENGTH, Database, Transaction
from oneshelf.base.errors import ContendedError, OneshelfError
from oneshelf.base.outbox import SHARDS
from oneshelf.base.reading import (
    SafeIds,
    add_cursors,
    describe,
    find_behind,
    find_parked,
    newest_fact,
    react,
    retry_parked,
)
from oneshelf.flow import due_work, readers
from oneshelf.matching.watching.actions import Watch

POLL_S = 0.02
DUE_EVERY_ROUNDS = 10
WAIT_AFTER_FAILURE_S = 1.0

Name = tuple[str, str | int]
Task = tuple[Name, Callable[[], int]]
Act = Callable[[Transaction, datetime], int]

log = structlog.get_logger("oneshelf.worker")


class Worker:
    """One worker; any number share the work by row locks."""

    def __init__(self, database: Database) -> None:
        """Load an outlook of its own and take the flow page."""
        self._database = database
        self._safe = SafeIds()
        self._stop = threading.Event()
        self._contended = Counter[Name]()  # in a row
        with database.transaction("worker", "start", AT_LENGTH) as tx:
            self._watch = Watch(tx, read_now(tx))
            self._readers = {reader.name: reader for reader in readers(self._watch.outlook)}
            add_cursors(tx, list(self._readers.values()), SHARDS)

    def run(self, stop: threading.Event) -> None:
        """Work until told to stop; a failing database is waited for."""
        self._stop = stop
        rounds = 0
        while not stop.is_set():
            try:
                done = self.react_once()
                if rounds % DUE_EVERY_ROUNDS == 0:
                    done += self.do_due_work()
            except OneshelfError as error:
                log.warning("waiting", code=error.code, reason=describe(error))
                stop.wait(WAIT_AFTER_FAILURE_S)
                continue
            rounds += 1
            if not done:
                stop.wait(POLL_S)

    def settle(self) -> int:
        """Work until nothing is left to do now; return how much was done."""
        done = 0
        while True:
            reacted = self.react_once()
            done += reacted
            if reacted or not self.is_settled():
                continue
            due = self.do_due_work()
            if not due:
                return done
            done += due

    def is_settled(self) -> bool:
        """Say whether every fact is complete and no reaction has one before it."""
        with self._database.transaction("worker", "look") as tx:
            newest = newest_fact(tx)
            behind = find_behind(tx, list(self._readers.values()), newest)
        return self._safe.complete_to >= newest and not behind

    def react_once(self) -> int:
        """Give each reaction with facts before it one batch in each shard."""
        safe = self._safe.look(self._database)
        with self._database.transaction("worker", "look", AT_LENGTH) as tx:
            now = read_now(tx)
            self._watch.refresh(tx, safe, now)
            behind = find_behind(tx, list(self._readers.values()), safe)
            parked = [self._readers[name] for name in find_parked(tx, now) if name in self._readers]
        tasks: list[Task] = [
            ((name, shard), partial(self._react, name, shard, safe, now)) for name, shard in behind
        ]
        tasks += [
            ((reader.name, "parked"), partial(retry_parked, self._database, reader, now))
            for reader in parked
        ]
        return self._do(tasks)

    def do_due_work(self) -> int:
        """Do a batch of each work that has come due."""
        return self._do(
            [
                (("due", name), partial(self._act, name, act))
                for name, act in due_work(self._watch.outlook)
            ]
        )

    def _do(self, tasks: Sequence[Task]) -> int:
        """Do tasks; one that meets others is asked again next time, and the rest goes on.

        Raises what was met when nothing else was left to do.
        """
        done = 0
        met: ContendedError | None = None
        for name, task in tasks:
            if self._stop.is_set():
                return done
            try:
                done += task()
            except ContendedError as error:
                self._contended[name] += 1
                log.warning("contended", work=name, often=self._contended[name])
                met = error
            else:
                self._contended.pop(name, None)
        if met is not None and not done:
            raise met
        return done

    def _react(self, name: str, shard: int, safe: int, now: datetime) -> int:
        often = self._contended[name, shard]
        return react(self._database, self._readers[name], shard, safe, now, often)

    def _act(self, name: str, act: Act) -> int:
        with self._database.transaction("worker", f"due {name}") as tx:
            return act(tx, read_now(tx))
