"""Ask over HTTP as a stubborn program does: the same question under the same key until answered.

Some requests go wrong on purpose: the socket is closed before the answer is read, the question
comes twice, or its key comes with another body.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from random import Random
from typing import Literal, TypeVar

import msgspec

from oneshelf.simulation.torture.wishes import Mishap
from oneshelf.web.problems import RETRIED, Problem
from oneshelf.web.torture.book import Book
from oneshelf.web.torture.wire import Heard, Knock, LostError, Wire

Answer = TypeVar("Answer")
Who = Literal["self", "twin"]  # a connection carries one question at a time

PAUSE_S = 0.05
PAUSE_S_MAX = 1.0


class UnansweredError(Exception):
    """Nobody answered for so long that somebody must look. said: what was heard instead."""

    def __init__(self, subject: str, said: str) -> None:
        """Say which question, and what was heard last."""
        super().__init__(subject)
        self.said = said


class Caller:
    """One person at the doors: asks at all servers in turn, and again until answered."""

    def __init__(self, ports: Sequence[int], key: str, book: Book, name: str) -> None:
        """Remember the doors."""
        self._wires = [Wire(port, key) for port in ports]
        self._twins = [Wire(port, key) for port in reversed(ports)]
        self._unheard: set[str] = set()
        self._chance = Random(name)  # noqa: S311 - which door; of no consequence
        self.book = book

    async def ask(
        self, knock: Knock, kind: type[Answer], mishap: Mishap = "none", other: object = None
    ) -> Answer | Problem:
        """Ask until answered, and let it go wrong as told. other: a body for the same key."""
        if mishap == "hang_up":
            await self.hang_up_on(knock)
        if mishap == "twins":
            heard, twin = await asyncio.gather(
                self._insist(knock, self._wires), self._insist(knock, self._twins)
            )
            self._compare(knock, heard, twin)
            heard = heard if heard.is_good() else twin
        else:
            heard = await self._insist(knock, self._wires)
        if mishap == "again" and heard.is_good():
            self._compare(knock, heard, await self._insist(knock, self._wires))
        if mishap == "other_body" and heard.is_good() and other is not None:
            await self.reuse(replace(knock, body=msgspec.json.encode(other), attempts=1))
        return self._read(knock, heard, kind)

    async def do(
        self,
        knock: Knock,
        kind: type[Answer],
        note: Callable[[Answer], None],
        mishap: Mishap = "none",
        other: object = None,
    ) -> Answer | Problem:
        """Ask for something that is done whole or not at all, and note what was done.

        Whoever is refused while an earlier try may still be under way asks again in the end: the
        try may have been decided later, when there was stock.
        """
        try:
            told = await self.ask(knock, kind, mishap, other)
        except UnansweredError:
            self.book.open_questions.append(partial(self.do, knock, kind, note))
            raise
        if not isinstance(told, Problem):
            note(told)
        elif knock.key in self._unheard:
            self.book.open_questions.append(partial(self.do, knock, kind, note))
        return told

    async def once(self, knock: Knock, who: Who) -> Heard:
        """Ask once at some door; raises LostError if no answer, or not all of it, comes."""
        self.book.sent += knock.attempts
        wires = self._wires if who == "self" else self._twins
        return await self._chance.choice(wires).ask(knock)

    async def hang_up_on(self, knock: Knock) -> None:
        """Ask, and be gone before the answer comes."""
        self.book.sent += knock.attempts
        self._miss(knock)
        await self._chance.choice(self._twins).ask_and_hang_up(knock)

    async def reuse(self, knock: Knock) -> None:
        """Bring a key with another body than the one that was answered: it must be refused."""
        problem = self._read(knock, await self._insist(knock, self._wires), object)
        if not isinstance(problem, Problem) or problem.code != "key_reused":
            self.book.broke("one_key", knock.key, f"another body under the key: {problem}")

    def read_problem(self, knock: Knock, problem: Problem) -> None:
        """Note an answer that this question should never get."""
        self.book.heard[f"{problem.status} {problem.code}"] += 1
        if problem.code not in knock.expected and problem.code != "key_reused":
            detail = f"{problem.status} {problem.code}: {problem.detail}"
            self.book.broke("expected", f"{knock.path} {knock.key}", detail)

    def hang_up(self) -> None:
        """Leave."""
        for wire in (*self._wires, *self._twins):
            wire.hang_up()

    async def _insist(self, knock: Knock, wires: Sequence[Wire]) -> Heard:
        patience = Patience(knock, self.book.patience_s)
        at = self._chance.randrange(len(wires))
        while True:
            self.book.sent += knock.attempts
            try:
                heard = await wires[at % len(wires)].ask(knock)
            except LostError as lost:
                said = str(lost)
                self.book.heard["no answer"] += 1
                self._miss(knock)
            else:
                if not wants_repeat(heard):
                    return heard
                said = f"{heard.status} {heard.body[:300]!r}"
                self.book.heard[f"{heard.status} again"] += 1
            at += 1
            await patience.pause(said)

    def _miss(self, knock: Knock) -> None:
        self._unheard.add(knock.key)
        knock.missed()

    def _read(self, knock: Knock, heard: Heard, kind: type[Answer]) -> Answer | Problem:
        if heard.is_good():
            self.book.heard[str(heard.status)] += 1
            return msgspec.json.decode(heard.body, type=kind)
        problem = msgspec.json.decode(heard.body, type=Problem)
        self.read_problem(knock, problem)
        return problem

    def _compare(self, knock: Knock, heard: Heard, again: Heard) -> None:
        """Note two answers to one question under one key, once it was done."""
        if heard.is_good() and again.is_good() and knock.repeats and not _same(heard, again):
            detail = f"{heard.body[:300]!r}, then {again.body[:300]!r}"
            self.book.broke("one_key", f"{knock.path} {knock.key}", detail)


class Patience:
    """Pauses that grow, and an end to it."""

    def __init__(self, knock: Knock, patience_s: float) -> None:
        """Begin to wait."""
        self._knock = knock
        self._until = time.monotonic() + patience_s
        self._pause_s = PAUSE_S
        self._tries = 0

    async def pause(self, said: str) -> None:
        """Wait before the next try; raise UnansweredError when it has been too long.

        said: what was heard this time.
        """
        self._tries += 1
        if time.monotonic() > self._until:
            subject = f"{self._knock.path} {self._knock.key}"
            raise UnansweredError(subject, f"try {self._tries}: {said}")
        await asyncio.sleep(self._pause_s)
        self._pause_s = min(PAUSE_S_MAX, 1.5 * self._pause_s)


def _same(heard: Heard, again: Heard) -> bool:
    return bool(msgspec.json.decode(heard.body) == msgspec.json.decode(again.body))


def wants_repeat(heard: Heard) -> bool:
    """Say whether the answer is that it should be asked again."""
    return not heard.is_good() and msgspec.json.decode(heard.body, type=Problem).code in RETRIED
