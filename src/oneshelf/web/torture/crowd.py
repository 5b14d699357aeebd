"""Everybody at once: each takes step after step until enough was asked, while things break."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import assert_never

from oneshelf.base.clock import read_now, set_clock
from oneshelf.base.database import Database
from oneshelf.base.errors import OneshelfError
from oneshelf.inventory.shelf.actions import lock_point_ids
from oneshelf.orders.progress.actions import lock_orders
from oneshelf.simulation.torture.chaos import Planned, draw_chaos
from oneshelf.simulation.torture.focus import Crew
from oneshelf.simulation.torture.script import Script
from oneshelf.simulation.torture.wishes import (
    Buying,
    Cancelling,
    Carting,
    Holding,
    Moving,
    Picking,
    Receiving,
    Returning,
    Shelving,
    Step,
)
from oneshelf.web.torture.book import Book
from oneshelf.web.torture.buying import buy, cart
from oneshelf.web.torture.knocking import Caller, UnansweredError
from oneshelf.web.torture.opening import BY
from oneshelf.web.torture.processes import Machine
from oneshelf.web.torture.reads import find_points
from oneshelf.web.torture.stocking import move, receive, shelve
from oneshelf.web.torture.working import cancel, keep_back, take_back, work

LOOK_EVERY_S = 0.02
LOCKED_ORDERS = 50

Tell = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Bounds:
    """When it is enough: so many attempts, or so long."""

    attempts: int
    until_s: float

    def is_over(self, sent: int) -> bool:
        """Say whether nothing more should be begun."""
        return sent >= self.attempts or time.monotonic() >= self.until_s


@dataclass(slots=True)
class Crowd:
    """The people, the doors, and what is done to the machine. blows: how many of each fell."""

    script: Script
    machine: Machine
    database: Database
    key: str
    book: Book
    bounds: Bounds

    async def run(self, tell: Tell) -> None:
        """Let everybody try, break things meanwhile; return when all are answered."""
        supervising = asyncio.create_task(self.machine.supervise())
        breaking = asyncio.create_task(self._break_things())
        telling = asyncio.create_task(self._tell(tell))
        try:
            async with asyncio.TaskGroup() as people:
                for crew, many in self.script.focus.crews.items():
                    for number in range(many):
                        people.create_task(self._live(crew, f"{crew}{number}"))
            await breaking
        finally:
            for task in (supervising, breaking, telling):
                task.cancel()
            await asyncio.gather(supervising, breaking, telling, return_exceptions=True)
        tell(self.book.sent)

    async def _live(self, crew: Crew, name: str) -> None:
        caller = Caller(self.machine.ports, self.key, self.book, name)
        number = 0
        while not self.bounds.is_over(self.book.sent):
            step = self.script.step(crew, name, number)
            try:
                await take_step(caller, step, f"{name}-{number}")
            except UnansweredError as error:
                self.book.broke("answered", str(error), f"nobody answered; {error.said}")
            number += 1
            await asyncio.sleep(0)
        caller.hang_up()

    async def _tell(self, tell: Tell) -> None:
        while True:
            tell(self.book.sent)
            await asyncio.sleep(10 * LOOK_EVERY_S)

    async def _break_things(self) -> None:
        for planned in draw_chaos(self.script.seed, self.script.focus):
            while self.book.sent < planned.after:
                if self.bounds.is_over(self.book.sent):
                    return
                await asyncio.sleep(LOOK_EVERY_S)
            try:
                await self._strike(planned)
            except OneshelfError as error:  # there is no database to strike at just now
                self.book.heard[f"no {planned.blow}: {error.code}"] += 1
            else:
                self.book.heard[planned.blow] += 1

    async def _strike(self, planned: Planned) -> None:
        match planned.blow:
            case "kill_web" | "kill_worker":
                kind = "serve" if planned.blow == "kill_web" else "work"
                there = [one for one in self.machine.mortals if one.kind == kind]
                one = there[int(planned.place * len(there))]
                self.machine.kill(one)
                await asyncio.sleep(planned.for_s)
                self.machine.start(one)
            case "kill_database":
                self.machine.kill_database()
                await asyncio.sleep(planned.for_s)
                await asyncio.to_thread(self.machine.start_database)
            case "turn_clock":
                await asyncio.to_thread(self._turn_clock, planned)
            case "hold_locks":
                await asyncio.to_thread(self._hold_locks, planned)
            case _:
                assert_never(planned.blow)

    def _turn_clock(self, planned: Planned) -> None:
        with self.database.transaction(BY, "clock") as tx:
            set_clock(tx, read_now(tx) + planned.turn, self.script.focus.speed)

    def _hold_locks(self, planned: Planned) -> None:
        """Sit on the hottest points and some orders, then let go of them unchanged."""
        skus = [*self.script.world.hot]
        orders = sorted({placed.number for _, placed in self.book.placed[-LOCKED_ORDERS:]})
        try:
            with self.database.transaction(BY, "locks") as tx:
                if planned.place < 1 / 2:
                    lock_orders(tx, orders)
                lock_point_ids(tx, find_points(tx, skus), read_now(tx))
                time.sleep(planned.for_s)
                _let_go()
        except _LetGoError:
            self.book.heard["rows let go"] += 1


class _LetGoError(Exception):
    """Rolls the hostile transaction back."""


def _let_go() -> None:
    raise _LetGoError


async def take_step(caller: Caller, step: Step, key: str) -> None:
    """Do what the step says."""
    match step:
        case Buying():
            await buy(caller, step)
        case Carting():
            await cart(caller, step)
        case Cancelling():
            await cancel(caller, step, key)
        case Holding():
            await keep_back(caller, step, key)
        case Shelving():
            await shelve(caller, step, key)
        case Moving():
            await move(caller, step, key)
        case Receiving():
            await receive(caller, step)
        case Picking():
            await work(caller, step, key)
        case Returning():
            await take_back(caller, step, key)
        case _:
            assert_never(step)
