"""What waits for one browser: the newest of each part, so that a slow one never holds us up."""

import asyncio
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

ARCS_WAITING_MAX = 120


@dataclass(frozen=True, slots=True)
class Message:
    """One event of the stream. fact_id: how far the sender had looked."""

    event: str
    text: str
    fact_id: int

    def encode(self) -> bytes:
        """Return it as the wire wants it."""
        lines = "".join(f"data: {line}\n" for line in self.text.splitlines())
        return f"id: {self.fact_id}\nevent: {self.event}\n{lines}\n".encode()


class Mailbox:
    """Filled from the watching thread, emptied on the event loop it was made on.

    A part that came again replaces the one that waits; arcs queue up, the oldest fall out.
    """

    def __init__(self, sku: str, after: int) -> None:
        """Start empty.

        sku: what its reader chose to see; empty follows what sells most.
        after: the last fact the reader knows; 0 wants nothing of before.
        """
        self.sku = sku
        self.after = after
        self._loop = asyncio.get_running_loop()
        self._filled = asyncio.Event()
        self._latest: dict[str, Message] = {}
        self._arcs: deque[Message] = deque(maxlen=ARCS_WAITING_MAX)
        self._is_closed = False

    def put(self, messages: Iterable[Message]) -> None:
        """Leave messages; from any thread."""
        with suppress(RuntimeError):  # its loop has ended, and its reader with it
            self._loop.call_soon_threadsafe(self._take_in, list(messages))

    def close(self) -> None:
        """Tell the reader that nothing more will come; from any thread."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._shut)

    async def empty(self, timeout_s: float) -> list[Message] | None:
        """Return what waits, nothing after the time; None once closed."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._filled.wait(), timeout_s)
        if self._is_closed:
            return None
        messages = [*self._arcs, *self._latest.values()]
        self._arcs.clear()
        self._latest.clear()
        self._filled.clear()
        return messages

    def _take_in(self, messages: list[Message]) -> None:
        for message in messages:
            if message.event == "arcs":
                self._arcs.append(message)
            else:
                self._latest[message.event] = message
        self._filled.set()

    def _shut(self) -> None:
        self._is_closed = True
        self._filled.set()
