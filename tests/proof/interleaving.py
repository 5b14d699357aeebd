"""Transactions side by side, one statement at a time; who goes next is drawn from a seed.

Everybody stops before each statement and before the commit. One is let go until he stops again or
waits for a lock; then the next is drawn. The database is real and so is every wait in it. The same
seed draws the same acts and turns; where one commit wakes two at once, the database decides.
"""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random

import psycopg

from oneshelf.base.database import Database, Patience, Transaction

LONG_S = 60  # locks are waited for as long as the draw takes
PATIENCE = Patience(LONG_S, LONG_S, LONG_S, LONG_S, 2 * LONG_S)
LOOK_EVERY_S = 0.002


class Turns:
    """Who may go on. drawn: the names of those who went, in order."""

    def __init__(self, seed, url):
        self.drawn = []
        self._chance = Random(seed)
        self._look = psycopg.connect(url, autocommit=True)
        self._changed = threading.Condition()
        self._gates = {}
        self._alive = set()
        self._stopped = set()
        self._pids = {}

    def stop(self, name, pid):
        """Wait until it is the turn of this one; while nothing is played, it always is."""
        if name not in self._alive:
            return
        with self._changed:
            self._pids[name] = pid
            self._stopped.add(name)
            self._changed.notify()
        self._gates[name].acquire()

    def play(self, acts):
        """Let everybody act to the end; return what each returned, or raise what one raised."""
        self._alive = set(acts)
        self._gates = {name: threading.Semaphore(0) for name in acts}
        with ThreadPoolExecutor(len(acts)) as pool:
            ends = {name: pool.submit(self._live, name, act) for name, act in acts.items()}
            while self._wait_until_still():
                self._let_go(self._chance.choice(sorted(self._stopped)))
        self._look.close()
        return {name: end.result() for name, end in ends.items()}

    def _live(self, name, act):
        try:
            return act()
        finally:
            with self._changed:
                self._alive.discard(name)
                self._changed.notify()

    def _let_go(self, name):
        self.drawn.append(name)
        with self._changed:
            self._stopped.discard(name)
        self._gates[name].release()

    def _wait_until_still(self):
        """Return whether anybody can go on, once all others wait for a lock or have ended."""
        with self._changed:
            while self._alive:
                moving = self._alive - self._stopped
                if self._stopped and (not moving or moving <= self._blocked(moving)):
                    return True
                self._changed.wait(LOOK_EVERY_S)
        return False

    def _blocked(self, names):
        """Return who waits for a lock. Who has the lock by now is about to stop again."""
        pids = {self._pids[name]: name for name in names if name in self._pids}
        rows = self._look.execute(
            "SELECT pid FROM unnest(%s::int[]) AS pid WHERE cardinality(pg_blocking_pids(pid)) > 0",
            (list(pids),),
        )
        return {pids[pid] for (pid,) in rows}


@dataclass(frozen=True)
class Stepping(Transaction):
    """A transaction that stops before each statement. alter: what becomes of the statement."""

    stop: Callable
    alter: Callable

    def rows(self, kind, query, **values):
        self.stop()
        return super().rows(kind, self.alter(query), **values)

    def tuples(self, query, **values):
        self.stop()
        return super().tuples(self.alter(query), **values)

    def scalars(self, query, **values):
        self.stop()
        return super().scalars(self.alter(query), **values)

    def run(self, query, **values):
        self.stop()
        return super().run(self.alter(query), **values)


class Interleaved(Database):
    """The database as one of the players uses it."""

    def __init__(self, url, turns, name, alter=str):
        super().__init__(url, connections_max=2, patience=PATIENCE)
        self._turns, self._name, self._alter = turns, name, alter

    @contextmanager
    def transaction(self, by, because, patience=None):
        with super().transaction(by, because, patience and PATIENCE) as tx:
            pid = tx.connection.info.backend_pid

            def stop():
                self._turns.stop(self._name, pid)

            yield Stepping(tx.connection, by, because, stop, self._alter)
            stop()
