"""The four figures. What costs a walk over many rows is remembered for a while."""

import time
from dataclasses import dataclass
from datetime import date, datetime
from threading import Lock

from oneshelf.base.database import Transaction
from oneshelf.base.identifiers import FactId
from oneshelf.web.live import reads
from oneshelf.web.live.scene import Stage, promises_since

REMEMBERED_S = 2.0
REST_FACTOR = 20  # a walk may take one twentieth of the time
LATE_FACTS = 2_000  # ids are drawn before they commit: so far back we look again


@dataclass(frozen=True, slots=True)
class Figures:
    """What the page says at its head. on_course: in tenths of a percent; None without promises."""

    orders: int
    on_course_per_mille: int | None
    resourced: int
    oversold_units: int


class Counter:
    """Counts for one process; threads may ask at once."""

    def __init__(self) -> None:
        """Start knowing nothing."""
        self._lock = Lock()
        self._day: date | None = None
        self._resourced: set[str] = set()
        self._counted_to = FactId(0)
        self._promises = reads.Promises(0, 0, 0)
        self._promises_until_s = 0.0

    def count(self, tx: Transaction, stage: Stage, now: datetime) -> Figures:
        """Count what changed."""
        midnight = stage.midnight(now)
        with self._lock:
            if stage.today(now) != self._day:
                self._day = stage.today(now)
                self._resourced = set()
                self._counted_to = reads.find_first_fact(tx, midnight)
                self._promises_until_s = 0.0
            newest = reads.read_newest_fact(tx)
            above = FactId(max(0, self._counted_to - LATE_FACTS))
            self._resourced |= reads.read_resourced(tx, above, midnight)
            self._counted_to = newest
            self._count_promises(tx, stage, now)
            kept = self._promises
            return Figures(
                orders=reads.count_orders(tx, midnight),
                on_course_per_mille=1000 * kept.on_course // kept.promises
                if kept.promises
                else None,
                resourced=len(self._resourced),
                oversold_units=kept.oversold_units,
            )

    def _count_promises(self, tx: Transaction, stage: Stage, now: datetime) -> None:
        started_s = time.monotonic()
        if started_s < self._promises_until_s:
            return
        self._promises = reads.read_promises(tx, promises_since(stage, now), stage.today(now))
        ended_s = time.monotonic()
        rest_s = max(REMEMBERED_S, REST_FACTOR * (ended_s - started_s))
        self._promises_until_s = ended_s + rest_s
