"""Know that the database is away, so that nobody waits for it, and find out when it is back."""

import time
from collections.abc import Callable
from threading import Event, Lock, Thread

from oneshelf.base.errors import OneshelfError

ASK_EVERY_S = 0.25


class Outage:
    """Suspected by whoever waits too long or is cut off, then looked into on a thread.

    The thread lives while there is something to find out, and no longer.
    """

    def __init__(
        self,
        probe: Callable[[], None],
        on_loss: Callable[[], None],
        on_return: Callable[[], None],
    ) -> None:
        """Trust the database until somebody suspects it.

        probe: asks it something on a new connection, in bounded time; raises OneshelfError.
        """
        self._probe = probe
        self._on_loss = on_loss
        self._on_return = on_return
        self._lock = Lock()
        self._is_asking = False
        self._answered_at_s = 0.0
        self._stopping = Event()
        self.is_known = False

    def suspect(self) -> None:
        """Look into it, unless somebody does already."""
        with self._lock:
            if self._is_asking or self._stopping.is_set():
                return
            self._is_asking = True
        Thread(target=self._ask, name="outage", daemon=True).start()

    def answered(self) -> None:
        """Note that the database has just done what it was asked."""
        self._answered_at_s = time.monotonic()

    def stop(self) -> None:
        """Ask no longer."""
        self._stopping.set()

    def _ask(self) -> None:
        try:
            while not self._stopping.is_set() and self._is_away():
                if not self.is_known:
                    self.is_known = True
                    self._on_loss()
                self._stopping.wait(ASK_EVERY_S)
            if self.is_known and not self._stopping.is_set():
                self._on_return()
                self.is_known = False
        finally:
            with self._lock:
                self._is_asking = False

    def _is_away(self) -> bool:
        asked_at_s = time.monotonic()
        try:
            self._probe()
        except OneshelfError:
            # A server with no room for one more connection is busy, not away.
            return self.is_known or self._answered_at_s < asked_at_s
        return False
