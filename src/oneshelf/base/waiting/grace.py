"""How a process ends: a signal asks it to; a second one, or the end of its grace, makes it."""

import os
import signal
from collections.abc import Callable
from threading import Timer
from types import FrameType

GRACE_S = 25.0  # below the 30 s after which schedulers kill
OVERRAN = 1


class Grace:
    """Counts the signals of one process. What was answered is committed: no end loses it."""

    def __init__(self) -> None:
        """Nobody has asked."""
        self._is_asked = False

    def signaled(self, number: int) -> None:
        """Give the process its grace, or end it at once if it has had one."""
        if self._is_asked:
            os._exit(128 + number)
        self._is_asked = True
        overrun = Timer(GRACE_S, os._exit, (OVERRAN,))
        overrun.daemon = True
        overrun.start()


def ask_on_signal(stop: Callable[[], None]) -> None:
    """Let SIGTERM and Ctrl-C ask the process to stop."""
    grace = Grace()

    def ask(number: int, _frame: FrameType | None) -> None:
        grace.signaled(number)
        stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ask)
