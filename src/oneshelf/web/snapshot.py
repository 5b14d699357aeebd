"""One process's view of catalog, stock and capacity.

It follows each batch of its own at once, and what others commit within a few milliseconds.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from threading import Event, Lock, Thread
from typing import Literal

import structlog

from oneshelf.base.clock import read_now
from oneshelf.base.database import AT_LENGTH, Database, Patience, Transaction
from oneshelf.base.facts import Fact
from oneshelf.base.reading import describe
from oneshelf.matching.outlook import Outlook
from oneshelf.matching.watching.actions import Watch
from oneshelf.web.following import SafeTail

LOG = structlog.get_logger()
WAIT = timedelta(milliseconds=250)  # in the database for the next fact; then the clock is read
CLOSE_WAIT = timedelta(milliseconds=20)  # while facts come: others wait to be told they are read
CLOSE_FOR_S = 0.5
FOLLOWED_S = 1.5  # in one transaction; who changes the table waits for its end, at most 2 s
PAUSE_S = 0.1  # after a failure
CLOCK_TRUSTED_S = 1.0


class Snapshot:
    """Loads an outlook and keeps it fresh on a thread of its own."""

    def __init__(self, database: Database, tail: SafeTail) -> None:
        """Load everything; `start` keeps it fresh."""
        self._database = database
        self._tail = tail
        self._lock = Lock()
        self._stopping = Event()
        self._fresh_at_s = self._now_read_at_s = time.monotonic()
        self._moved_at_s = 0.0
        self._patience: Patience | None = None  # a door's; more after a failure: all is loaded anew
        self._failing = ""  # why, while it does
        self._thread = Thread(target=self._work, name="snapshot", daemon=True)
        tail.look(database)
        self._complete_to = tail.look(database)  # before loading: what follows is read as facts
        with database.transaction("web", "load the snapshot", AT_LENGTH) as tx:
            self._now = read_now(tx)
            self._watch = Watch(tx, self._now)
        self._watch.complete_to = self._complete_to

    @property
    def outlook(self) -> Outlook:
        """Return what plans see."""
        return self._watch.outlook

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Stop the thread."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def lag_s(self) -> float:
        """Return how far it may be behind what has been committed."""
        return max(0.0, time.monotonic() - self._fresh_at_s - WAIT.total_seconds())

    def is_fresh(self) -> bool:
        """Say whether the last look, at facts and clock, was a moment ago."""
        looked_at_s = min(self._fresh_at_s, self._now_read_at_s)
        return time.monotonic() - looked_at_s < CLOCK_TRUSTED_S

    def now(self) -> datetime:
        """Return the database's time as of the last look, a moment ago; ask if that is long past.

        For answers that bind nobody. What is written takes the time from its own transaction.
        """
        if self.is_fresh():
            return self._now
        with self._database.transaction("web", "what time it is") as tx:
            return read_now(tx)

    def read_to(self) -> int:
        """Return the fact id up to which nothing is missing in the outlook."""
        return self._watch.complete_to

    def refresh(self) -> None:
        """Take over what became visible; what fails is tried again later.

        Never raises: after a batch it runs when the orders are written already.
        """
        started_s = time.monotonic()
        with self._told(), self._lock, self._transaction("refresh the snapshot") as tx:
            if self._watch.refresh(tx, self._complete_to, self._now):
                self._moved_at_s = started_s
            self._fresh_at_s = started_s

    def follow_own(self, facts: Sequence[Fact], others: Literal["may_wait", "now"]) -> None:
        """Take over what a batch of this process has committed: the next must see its units gone.

        Without asking the database, and so without what others committed a moment ago: the thread
        brings that, unless the next batch needs it `now`.
        """
        with self._lock:
            self._watch.learn(facts)
        if others == "now":
            self.refresh()

    def _work(self) -> None:
        while not self._stopping.is_set():
            self._follow()

    def _follow(self) -> None:
        """Wait in the database for what is not known yet, and take it over, for a while."""
        if not self._watch.watches_all():
            self.refresh()
        until_s = time.monotonic() + FOLLOWED_S
        with self._told(), self._transaction("wait for facts") as tx:
            while time.monotonic() < until_s and not self._stopping.is_set():
                news = self._watch.await_news(tx, self._wait())
                told_at_s = time.monotonic()
                with self._lock:
                    self._watch.take_over_news(tx, news, self._complete_to, self._now)
                    self._fresh_at_s = told_at_s
                if told_at_s - self._now_read_at_s > WAIT.total_seconds():
                    self._now, self._now_read_at_s = read_now(tx), told_at_s
                complete_to = self._tail.look_within(tx)
                if news.rows or complete_to > self._complete_to:
                    self._moved_at_s = told_at_s
                self._complete_to = complete_to  # for the next, which reads later

    def _wait(self) -> timedelta:
        """Return how long to wait for the next fact before looking how far they are complete."""
        is_close = time.monotonic() - self._moved_at_s < CLOSE_FOR_S
        return CLOSE_WAIT if is_close else WAIT

    def _transaction(self, because: str) -> AbstractContextManager[Transaction]:
        return self._database.transaction("web", because, self._patience)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Tell of a failure and go on: the next attempt has more time, for all is loaded anew.

        One cause is told once, and so is its end, however long it lasts.
        """
        try:
            yield
        except Exception as error:  # noqa: BLE001 - health tells the lag, whatever caused it
            why = describe(error)
            if why != self._failing:
                LOG.warning("the snapshot was not refreshed", why=why)
            self._failing, self._patience = why, AT_LENGTH
            self._stopping.wait(PAUSE_S)
        else:
            if self._failing:
                LOG.info("the snapshot is refreshed again", after=self._failing)
            self._failing, self._patience = "", None
