"""End a transaction that has overrun its time by cutting its connection.

The database's own time-outs do not help when the network swallows what it says, or the host has
stopped: only the side that waits can end such a wait.
"""

import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Event, Lock, Thread

LOOK_EVERY_S = 0.2
TELL_EVERY_S = 1.0


@dataclass(slots=True, eq=False)
class _Wait:
    """A connection somebody waits on. descriptor: of its socket."""

    descriptor: int
    began_s: float
    until_s: float


class Deadlines:
    """Watches every wait of one pool on a thread of its own."""

    def __init__(self, slow_s: float, on_slow: Callable[[], None]) -> None:
        """Watch nothing yet. on_slow: told while a wait is longer than slow_s."""
        self._slow_s = slow_s
        self._on_slow = on_slow
        self._waits: set[_Wait] = set()
        self._lock = Lock()
        self._stopping = Event()
        self._thread = Thread(target=self._work, name="deadlines", daemon=True)
        self._is_started = False

    @contextmanager
    def within(self, descriptor: int, seconds: float) -> Iterator[None]:
        """Cut the socket if the block takes longer."""
        now_s = time.monotonic()
        wait = _Wait(descriptor, now_s, now_s + seconds)
        with self._lock:
            self._waits.add(wait)
            if not self._is_started:
                self._is_started = True
                self._thread.start()
        try:
            yield
        finally:
            with self._lock:
                self._waits.discard(wait)

    def cut_all(self) -> None:
        """End every wait: nobody will answer."""
        with self._lock:
            self._cut(list(self._waits))

    def stop(self) -> None:
        """Watch no longer."""
        self._stopping.set()

    def _work(self) -> None:
        told_at_s = 0.0
        while not self._stopping.wait(LOOK_EVERY_S):
            now_s = time.monotonic()
            with self._lock:
                self._cut([wait for wait in self._waits if wait.until_s <= now_s])
                is_slow = any(now_s - wait.began_s > self._slow_s for wait in self._waits)
            if is_slow and now_s - told_at_s > TELL_EVERY_S:
                told_at_s = now_s
                self._on_slow()

    def _cut(self, waits: list[_Wait]) -> None:
        """Shut the sockets; whoever waits reads their end. Under the lock: none is reused yet."""
        for wait in waits:
            self._waits.discard(wait)
            with (
                suppress(OSError),  # closed already
                socket.socket(fileno=os.dup(wait.descriptor)) as line,
            ):
                line.shutdown(socket.SHUT_RDWR)
