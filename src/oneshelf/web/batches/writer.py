"""The hot path: one thread takes what has queued while the last batch ran and decides it together.

Many doors wait on the event loop; one commit answers them all. No timer: what one turn of the loop
brings is a batch, and a lone request is a batch of one.
"""

import asyncio
import time
from bisect import insort
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from contextlib import suppress
from random import SystemRandom
from threading import Condition, Lock, Thread
from typing import Generic, Literal, TypeVar

from msgspec import Struct

from oneshelf.base.batching import decide_batch
from oneshelf.base.errors import OneshelfError
from oneshelf.web.defects import logged_defects
from oneshelf.web.problems import RETRIED

Request = TypeVar("Request")
Answer = TypeVar("Answer")

BatchKind = Literal[
    "hopeful",  # plan first, lock what was chosen
    "contested",  # all of it lost its units twice: lock or read first what it could need
]
Decide = Callable[[Sequence[Request], BatchKind], Sequence[Answer]]

BATCH_MAX = 500
LINES_MAX = 2_000  # about a second's work: who holds locks for two makes another writer give up
CONTESTED_LINES_MAX = 200  # each may lock its product at 32 nodes
WAITING_MAX = 10_000
WAITING_S_MAX = 8.0  # whoever asked has given up, or will before an answer is there
WAITING_AGAIN_S_MAX = 16.0  # whoever was planned already would begin anew, and be late anew
SENT_AWAY_MAX = 10_000  # remembered; who stays away is forgotten when others come after
HOPEFUL_ATTEMPTS_MAX = 2
ATTEMPTS_MAX = 4


class _Waiting(Struct, Generic[Request, Answer], eq=False):
    """One request in the queue and who waits for its answer. attempts: how often undecided.

    since_s: when it was first asked, though it was sent away to come again.
    """

    request: Request
    future: "asyncio.Future[Answer | OneshelfError]"
    asked_at_s: float
    since_s: float
    attempts: int = 0

    def place(self) -> tuple[int, float]:
        """Return its place in the queue: the undecided lead, then goes who waits for longest."""
        return (-self.attempts, self.since_s)

    def kind(self) -> BatchKind:
        """Return how it is to be decided."""
        return "hopeful" if self.attempts < HOPEFUL_ATTEMPTS_MAX else "contested"

    def is_late(self, now_s: float) -> bool:
        """Say whether no work is to be done for it any more."""
        return now_s - self.asked_at_s > (WAITING_AGAIN_S_MAX if self.attempts else WAITING_S_MAX)


class Writer(Generic[Request, Answer]):
    """A bounded queue, and a thread that decides it batch by batch, in order.

    decide: opens, uses and commits one transaction; an answer or an error for each request.
    key: of a request, the same when it comes again.
    lines: of a request; it is taken whole, and leads the next batch if this one has its 2,000.
    undecided: whether an answer means "ask me again": such a request leads the next batch; what
    has been so twice is decided together, apart from the rest.
    """

    def __init__(
        self,
        name: str,
        decide: Decide[Request, Answer],
        undecided: Callable[[Answer], bool],
        *,
        key: Callable[[Request], Hashable],
        lines: Callable[[Request], int] = lambda _: 1,
        waiting_max: int = WAITING_MAX,
    ) -> None:
        """Say what to do; `start` does it."""
        self._name = name
        self._decide = decide
        self._undecided = undecided
        self._key = key
        self._lines = lines
        self._waiting_max = waiting_max
        self._waiting: deque[_Waiting[Request, Answer]] = deque()
        self._sent_away: dict[Hashable, float] = {}  # since when they wait
        self._lock = Lock()  # entered for each request: a condition is slower to enter
        self._changed = Condition(self._lock)
        self._stopping = False
        self._chance = SystemRandom()  # pauses that differ between processes
        self._thread = Thread(target=self._work, name=f"writer-{name}", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Take nothing new, decide what waits, and return when all of it is answered."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join()

    def length(self) -> int:
        """Return how many requests wait."""
        return len(self._waiting)

    async def ask(self, request: Request) -> Answer:
        """Queue one request; return its answer or raise its error."""
        [waiting] = self._queue([request])
        answer = await waiting.future
        if isinstance(answer, OneshelfError):
            raise answer
        return answer

    async def ask_all(self, requests: Sequence[Request]) -> list[Answer | OneshelfError]:
        """Queue requests side by side; return their answers in their order.

        Raises `overloaded` and queues none of them when the queue has no room.
        """
        return [await waiting.future for waiting in self._queue(requests)]

    def _queue(self, requests: Sequence[Request]) -> list[_Waiting[Request, Answer]]:
        loop, now_s = asyncio.get_running_loop(), time.monotonic()
        with self._lock:
            if self._stopping:
                raise OneshelfError(
                    "overloaded", "This server is stopping.", "Repeat the request in a moment."
                )
            if len(self._waiting) + len(requests) > self._waiting_max:
                raise OneshelfError(
                    "overloaded",
                    f"{len(self._waiting)} requests wait already; the queue holds at most"
                    f" {self._waiting_max}.",
                    "Repeat the request with the same key in a moment.",
                )
            is_first = not self._waiting
            asked: list[_Waiting[Request, Answer]] = [
                _Waiting(request, loop.create_future(), now_s, now_s) for request in requests
            ]
            if self._sent_away:
                self._find_places(asked)
            else:
                self._waiting.extend(asked)  # nobody waits for less long
        if is_first and asked:  # not before all that came with it queued
            loop.call_soon(self._wake)
        return asked

    def _find_places(self, asked: Sequence[_Waiting[Request, Answer]]) -> None:
        """Line them up: who was sent away to come again keeps his place."""
        for one in asked:
            one.since_s = self._sent_away.pop(self._key(one.request), one.since_s)
        self._line_up(asked)

    def _line_up(self, several: Sequence[_Waiting[Request, Answer]]) -> None:
        for one in several:
            if self._waiting and one.place() < self._waiting[-1].place():
                insort(self._waiting, one, key=_Waiting.place)
            else:
                self._waiting.append(one)

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify()

    def _work(self) -> None:
        again: list[_Waiting[Request, Answer]] = []
        while batch := self._take(again):
            fresh = self._send_late_away(batch)
            again = self._run(fresh) if fresh else []

    def _take(self, again: list[_Waiting[Request, Answer]]) -> list[_Waiting[Request, Answer]]:
        """Return the next batch: what was undecided leads; empty when there is nothing left."""
        with self._changed:
            self._line_up(again)
            while not self._waiting and not self._stopping:
                self._changed.wait()
            batch: list[_Waiting[Request, Answer]] = []
            lines = 0
            while self._waiting and len(batch) < BATCH_MAX:
                following = self._waiting[0]
                kind = following.kind()
                lines_max = LINES_MAX if kind == "hopeful" else CONTESTED_LINES_MAX
                lines += self._lines(following.request)
                if batch and (kind != batch[0].kind() or lines > lines_max):
                    break
                batch.append(self._waiting.popleft())
            return batch

    def _send_late_away(
        self, batch: list[_Waiting[Request, Answer]]
    ) -> list[_Waiting[Request, Answer]]:
        """Answer whoever waited too long before work is done for them; return the rest."""
        now_s = time.monotonic()
        late = [waiting for waiting in batch if waiting.is_late(now_s)]
        if not late:
            return batch
        error = OneshelfError(
            "overloaded",
            f"The request waited for more than {WAITING_S_MAX:g} s; nothing was done.",
            "Repeat the request with the same key in a moment.",
        )
        self._settle([(waiting, error) for waiting in late])
        return [waiting for waiting in batch if not waiting.is_late(now_s)]

    def _run(self, batch: list[_Waiting[Request, Answer]]) -> list[_Waiting[Request, Answer]]:
        """Decide and answer a batch; return those that must be asked again."""
        kind = batch[0].kind()

        def decide(requests: Sequence[Request]) -> Sequence[Answer]:
            with logged_defects(f"a batch of {self._name}"):
                answers = self._decide(requests, kind)
            if len(answers) != len(requests):
                raise AssertionError(f"{len(answers)} answers to {len(requests)} requests")
            return answers

        answers = decide_batch([waiting.request for waiting in batch], decide, self._chance)
        again: list[_Waiting[Request, Answer]] = []
        settled: list[tuple[_Waiting[Request, Answer], Answer | OneshelfError]] = []
        for waiting, answer in zip(batch, answers, strict=True):
            waiting.attempts += 1
            if isinstance(answer, OneshelfError) or not self._undecided(answer):
                settled.append((waiting, answer))
            elif waiting.attempts < ATTEMPTS_MAX:
                again.append(waiting)
            else:
                settled.append((waiting, _contended()))
        self._settle(settled)
        return again

    def _settle(
        self, settled: Sequence[tuple[_Waiting[Request, Answer], Answer | OneshelfError]]
    ) -> None:
        """Answer these; keep the places of those who are told to come again."""
        with self._changed:
            for waiting, answer in settled:
                if isinstance(answer, OneshelfError) and answer.code in RETRIED:
                    self._sent_away[self._key(waiting.request)] = waiting.since_s
            while len(self._sent_away) > SENT_AWAY_MAX:
                del self._sent_away[next(iter(self._sent_away))]
        _tell(settled)


def _tell(
    settled: Sequence[tuple[_Waiting[Request, Answer], Answer | OneshelfError]],
) -> None:
    """Answer a whole batch with one wake-up of each event loop that waits for it."""
    by_loop: dict[
        asyncio.AbstractEventLoop, list[tuple[_Waiting[Request, Answer], Answer | OneshelfError]]
    ] = {}
    for pair in settled:
        by_loop.setdefault(pair[0].future.get_loop(), []).append(pair)
    for loop, pairs in by_loop.items():
        with suppress(RuntimeError):  # the loop has closed: nobody waits any more
            loop.call_soon_threadsafe(_answer, pairs)


def _answer(pairs: Sequence[tuple[_Waiting[Request, Answer], Answer | OneshelfError]]) -> None:
    for waiting, answer in pairs:
        if not waiting.future.done():  # whoever asked may have gone
            waiting.future.set_result(answer)


def _contended() -> OneshelfError:
    return OneshelfError(
        "busy",
        f"Other writers took these units {ATTEMPTS_MAX} times in a row.",
        "Repeat the request with the same key.",
    )
