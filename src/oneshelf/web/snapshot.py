"""One process's view of catalog, stock and capacity.

It follows each batch of its own at once, and what others commit within a fraction of a second.
"""

import time
from datetime import datetime
from threading import Event, Lock, Thread

import structlog

from oneshelf.base.clock import read_now
from oneshelf.base.database import AT_LENGTH, Database, Patience
from oneshelf.base.reading import describe, last_drawn
from oneshelf.matching.outlook import Outlook
from oneshelf.matching.watching.actions import Watch
from oneshelf.web.following import SafeTail

LOG = structlog.get_logger()
PAUSE_S = 0.02  # then one look at the sequence of facts; all else only when it moved
CLOCK_TRUSTED_S = 1.0


class Snapshot:
    """Loads an outlook and keeps it fresh on a thread of its own."""

    def __init__(self, database: Database, tail: SafeTail) -> None:
        """Load everything; `start` keeps it fresh."""
        self._database = database
        self._tail = tail
        self._lock = Lock()
        self._stopping = Event()
        self._fresh_at_s = time.monotonic()
        self._patience: Patience | None = None  # a door's; more after a failure: all is loaded anew
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
        return max(0.0, time.monotonic() - self._fresh_at_s - PAUSE_S)

    def is_fresh(self) -> bool:
        """Say whether the last look was a moment ago."""
        return time.monotonic() - self._fresh_at_s < CLOCK_TRUSTED_S

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
        try:
            with (
                self._lock,
                self._database.transaction("web", "refresh the snapshot", self._patience) as tx,
            ):
                self._now = read_now(tx)
                self._watch.refresh(tx, self._complete_to, self._now)
        except Exception as error:  # noqa: BLE001 - health tells the lag, whatever caused it
            LOG.warning("the snapshot was not refreshed", why=describe(error))
            self._patience = AT_LENGTH
        else:
            self._fresh_at_s = started_s
            self._patience = None

    def _work(self) -> None:
        while not self._stopping.wait(PAUSE_S):
            if self._is_quiet():
                self._fresh_at_s = time.monotonic()
                continue
            self.refresh()
            self._look_how_far()

    def _look_how_far(self) -> None:
        """Look up to where facts are complete: for the next refresh, which reads later."""
        try:
            self._complete_to = self._tail.look(self._database)
        except Exception as error:  # noqa: BLE001 - facts are read again until it succeeds
            LOG.warning("the safe id was not looked up", why=describe(error))

    def _is_quiet(self) -> bool:
        """Say whether no fact was drawn since all were known; a failing look is left to refresh."""
        try:
            with self._database.transaction("web", "look for facts") as tx:
                self._now = read_now(tx)
                drawn = last_drawn(tx)
        except Exception:  # noqa: BLE001 - refresh fails likewise, and tells
            return False
        return drawn <= self._watch.complete_to
