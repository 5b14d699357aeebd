"""How far facts are complete, for everybody in this process who follows them."""

import time
from collections.abc import Callable
from threading import Lock

from oneshelf.base.database import Database, Transaction
from oneshelf.base.reading import SafeIds

FRESH_S = 0.02


class SafeTail:
    """One safe id for many followers: looked up at most fifty times a second."""

    def __init__(self) -> None:
        """Start knowing nothing."""
        self._ids = SafeIds()
        self._lock = Lock()
        self._looked_at_s = 0.0

    def look(self, database: Database) -> int:
        """Return the highest fact id up to which no fact can appear any more."""
        return self._look(lambda: self._ids.look(database))

    def look_within(self, tx: Transaction) -> int:
        """Do the same in a transaction that is open."""
        return self._look(lambda: self._ids.look_within(tx))

    def _look(self, look: Callable[[], int]) -> int:
        with self._lock:
            if time.monotonic() - self._looked_at_s >= FRESH_S:
                look()
                self._looked_at_s = time.monotonic()
            return self._ids.complete_to
