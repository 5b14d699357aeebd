"""How far facts are complete, for everybody in this process who follows them."""

import time
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
        with self._lock:
            if not self._is_fresh():
                self._ids.look(database)
                self._looked_at_s = time.monotonic()
            return self._ids.complete_to

    def look_within(self, tx: Transaction) -> int:
        """Do the same in a transaction that is open."""
        with self._lock:
            if not self._is_fresh():
                self._ids.look_within(tx)
                self._looked_at_s = time.monotonic()
            return self._ids.complete_to

    def _is_fresh(self) -> bool:
        return time.monotonic() - self._looked_at_s < FRESH_S
