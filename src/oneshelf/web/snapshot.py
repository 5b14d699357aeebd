"""One process's view of catalog, stock and capacity.

It follows each batch of its own at once, and what others commit within a fraction of a second.
"""

import time
from threading import Event, Lock, Thread

import structlog

from oneshelf.base.clock import read_now
from oneshelf.base.database import AT_LENGTH, Database, Patience
from oneshelf.base.reading import describe
from oneshelf.matching.outlook import Outlook
from oneshelf.matching.watching.actions import Watch
from oneshelf.web.following import SafeTail

LOG = structlog.get_logger()
PAUSE_S = 0.02  # while things happen
PAUSE_S_MAX = 0.2  # while nothing does


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
        complete_to = tail.look(database)  # before loading: what follows is read as facts
        with database.transaction("web", "load the snapshot", AT_LENGTH) as tx:
            self._watch = Watch(tx, read_now(tx))
        self._watch.complete_to = complete_to

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
        return max(0.0, time.monotonic() - self._fresh_at_s - PAUSE_S_MAX)

    def read_to(self) -> int:
        """Return the fact id up to which nothing is missing in the outlook."""
        return self._watch.complete_to

    def refresh(self) -> None:
        """Take over what became visible; what fails is tried again later.

        Never raises: after a batch it runs when the orders are written already.
        """
        started_s = time.monotonic()
        try:
            complete_to = self._tail.look(self._database)
            with (
                self._lock,
                self._database.transaction("web", "refresh the snapshot", self._patience) as tx,
            ):
                self._watch.refresh(tx, complete_to, read_now(tx))
        except Exception as error:  # noqa: BLE001 - health tells the lag, whatever caused it
            LOG.warning("the snapshot was not refreshed", why=describe(error))
            self._patience = AT_LENGTH
        else:
            self._fresh_at_s = started_s
            self._patience = None

    def _work(self) -> None:
        pause_s = PAUSE_S
        while not self._stopping.wait(pause_s):
            before = self._watch.complete_to
            self.refresh()
            quiet = self._watch.complete_to == before
            pause_s = min(PAUSE_S_MAX, 1.5 * pause_s) if quiet else PAUSE_S
