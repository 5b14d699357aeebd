"""One torture run from start to end: a shop, a crowd, a quiet end, and the judgement."""

import asyncio
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Protocol

import msgspec
import uvloop

from oneshelf.base.clock import read_now, set_clock
from oneshelf.base.database import Database, Transaction
from oneshelf.base.errors import OneshelfError
from oneshelf.base.identifiers import PointId
from oneshelf.base.migrating import migrate
from oneshelf.base.reading import newest_fact
from oneshelf.inventory.auditing.actions import audit
from oneshelf.matching.capacity.actions import find_drift
from oneshelf.orders.answers import Placed
from oneshelf.simulation.torture.answers import Standing
from oneshelf.simulation.torture.focus import FOCUSES, FocusName
from oneshelf.simulation.torture.judging import Judged, judge
from oneshelf.simulation.torture.script import Script
from oneshelf.simulation.torture.world import draw_world
from oneshelf.web.demo.reads import find_oversold
from oneshelf.web.torture import reads
from oneshelf.web.torture.book import Book
from oneshelf.web.torture.buying import ORDERS
from oneshelf.web.torture.crowd import Bounds, Crowd
from oneshelf.web.torture.knocking import Caller, UnansweredError
from oneshelf.web.torture.opening import BY, MONDAY, open_world
from oneshelf.web.torture.processes import Machine, no_start
from oneshelf.web.torture.wire import Knock, LostError, Wire

READY_WITHIN_S = 90
REST_WITHIN_S = 300
FAILURES_MAX = 20
PATIENCE_S_MAX = 240.0
AFTER_ALL_HOLDS = timedelta(hours=30)
ASKED_AGAIN = 300
POLL_S = 0.05


class Reactions(Protocol):
    """A worker, made by whoever knows the flow."""

    def react_once(self) -> int:
        """Give each reaction a batch of its facts."""

    def do_due_work(self) -> int:
        """Do a batch of what time causes."""

    def is_settled(self) -> bool:
        """Say whether every reaction has read every fact."""


@dataclass(frozen=True, slots=True)
class Asked:
    """How much torture. minutes: at most; None: as long as the attempts take."""

    attempts: int
    seed: int
    minutes: float | None
    focus: FocusName


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended. heard: how often what was answered or struck. logs: kept if laws broke."""

    asked: Asked
    attempts: int
    seconds: float
    orders: int
    heard: Counter[str]
    judged: Sequence[Judged]
    logs: Path | None

    def violations(self) -> int:
        """Return how many there are."""
        return sum(len(one.violations) for one in self.judged)


@dataclass(frozen=True, slots=True)
class Progress:
    """Whom to tell: phases by their names, and how much was asked."""

    phase: Callable[[str], None]
    sent: Callable[[int], None]


def torture(
    asked: Asked, make_worker: Callable[[Database], Reactions], progress: Progress
) -> Ended:
    """Torture a Oneshelf of its own and judge what is left of it."""
    focus = FOCUSES[asked.focus]
    with _folder() as folder:
        machine = Machine(folder, focus.webs, focus.workers)
        try:
            ended = _run(asked, machine, make_worker, progress)
        finally:
            machine.kill_all()
            machine.stop_database()
        return _with_logs(ended, folder) if ended.violations() else ended


def _run(
    asked: Asked,
    machine: Machine,
    make_worker: Callable[[Database], Reactions],
    progress: Progress,
) -> Ended:
    focus = FOCUSES[asked.focus]
    script = Script(asked.seed, focus, draw_world(asked.seed, focus))
    progress.phase("Opening the shop")
    database = Database(machine.start_database(), connections_max=4)
    try:
        migrate(database)
        key = open_world(database, script.world, focus.speed)
        for one in machine.mortals:
            machine.start(one)
        began_s = time.monotonic()
        within_s = 60 * asked.minutes if asked.minutes else float("inf")
        bounds = Bounds(asked.attempts, began_s + within_s)
        patience_s = min(PATIENCE_S_MAX, 2 * within_s)
        book = Book(script.world, key.key.key_id, MONDAY, focus.speed, patience_s)
        crowd = Crowd(script, machine, database, key.presented, book, bounds)
        progress.phase("Asking")
        uvloop.run(_ask(crowd, progress))
        seconds = time.monotonic() - began_s
        progress.phase("Letting it come to rest")
        unread = _come_to_rest(crowd, make_worker)
        progress.phase("Judging")
        with database.transaction(BY, "judging") as tx:
            standing = _look(tx, unread)
        for defect in machine.defects():
            book.broke("processes", defect, "should not happen")
        judged = judge(book.told(), standing)
        return Ended(asked, book.sent, seconds, len(book.orders), book.heard, judged, None)
    finally:
        database.close()


async def _ask(crowd: Crowd, progress: Progress) -> None:
    """Wait for the doors, let the crowd in, and ask some of it again in the end."""
    for port in crowd.machine.ports:
        await _wait_until(crowd, port, _is_ready)
    await crowd.run(progress.sent)
    for one in crowd.machine.mortals:
        if one.is_down:
            crowd.machine.start(one)
    for port in crowd.machine.ports:
        await _wait_until(crowd, port, _is_ready)
    caller = Caller(crowd.machine.ports, crowd.key, crowd.book, "again")
    for order, placed in crowd.book.placed[:: max(1, len(crowd.book.placed) // ASKED_AGAIN)]:
        knock = Knock(ORDERS, msgspec.json.encode(order), order.key)
        answer = await caller.ask(knock, Placed)
        if answer != placed:
            crowd.book.broke("one_key", order.key, f"told {placed}, in the end {answer}")
    await _ask_what_is_open(crowd.book)
    caller.hang_up()


async def _ask_what_is_open(book: Book) -> None:
    """Hear the last word on what was refused while an earlier try was unheard."""
    open_questions, book.open_questions = book.open_questions, []
    for ask_again in open_questions:
        try:
            await ask_again()
        except UnansweredError as error:
            book.broke("answered", str(error), f"nor in the end; {error.said}")


class _Ready(msgspec.Struct):
    ready: bool
    facts_read_to: int = 0


def _is_ready(found: _Ready) -> bool:
    return found.ready


async def _wait_until(crowd: Crowd, port: int, holds: Callable[[_Ready], bool]) -> None:
    wire = Wire(port, crowd.key)
    until = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < until:
        try:
            heard = await wire.ask(Knock("/health/ready", method="GET"))
            if holds(msgspec.json.decode(heard.body, type=_Ready)):
                wire.hang_up()
                return
        except LostError:
            pass
        await asyncio.sleep(POLL_S)
    raise no_start(f"The server on port {port}", crowd.machine.mortals[0].log.parent)


def _come_to_rest(crowd: Crowd, make_worker: Callable[[Database], Reactions]) -> list[str]:
    """Stop everybody in good order, let all holds lapse, do what is left; return what is not."""
    database = crowd.database
    with database.transaction(BY, "clock") as tx:
        set_clock(tx, read_now(tx) + AFTER_ALL_HOLDS, 0)
        newest = newest_fact(tx)
    unread = uvloop.run(_servers_behind(crowd, newest))
    crowd.machine.stop()
    return unread + _settle(make_worker(database))


def _settle(worker: Reactions) -> list[str]:
    """Do what is left; return why it does not end."""
    until = time.monotonic() + REST_WITHIN_S
    failed = ""
    failures = 0
    while time.monotonic() < until and failures < FAILURES_MAX:
        try:
            if not worker.react_once() and worker.is_settled() and not worker.do_due_work():
                return []
        except OneshelfError as error:
            failed = f": {error.message}"
            failures += 1
            time.sleep(POLL_S)
    return [f"work that does not end{failed}"]


async def _servers_behind(crowd: Crowd, newest: int) -> list[str]:
    behind = []
    for port in crowd.machine.ports:
        try:
            await _wait_until(crowd, port, lambda found: found.facts_read_to >= newest)
        except OneshelfError:
            behind.append(f"the server on port {port} has not read fact {newest}")
    return behind


def _look(tx: Transaction, unread: Sequence[str]) -> Standing:
    """Read all that stands."""
    newest = newest_fact(tx)
    return Standing(
        orders=reads.find_orders(tx),
        units=reads.sum_deeds(tx),
        holds=reads.find_holds(tx),
        sold=reads.sum_sold(tx),
        found=reads.sum_found(tx),
        oversold=find_oversold(tx),
        points=reads.count_points(tx),
        facts=newest,
        deadlocks=reads.count_deadlocks(tx),
        ledger=[str(difference) for difference in audit(tx)],
        capacity=find_drift(tx),
        unread=[*unread, *reads.find_unread(tx)],
        unwritten=[*reads.find_unwritten(tx), *_unannounced(tx, newest)],
    )


def _unannounced(tx: Transaction, newest: int) -> Iterator[str]:
    """Return points some of whose changes were not announced, or twice."""
    due = reads.find_versions(tx)
    told: dict[PointId, list[int]] = {point: [] for point in due}
    for point, version in reads.announced_versions(tx, newest):
        told.setdefault(point, []).append(version)
    for point, versions in told.items():
        if sorted(versions) != list(range(1, due.get(point, 0) + 1)):
            yield f"StockChanged of point {point}: {due.get(point)} due, {len(versions)} told"


@contextmanager
def _folder() -> Iterator[Path]:
    """Make a folder that the database's own user may enter."""
    folder = Path(tempfile.mkdtemp(prefix="oneshelf-torture-"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _with_logs(ended: Ended, folder: Path) -> Ended:
    """Keep what the processes said, since laws were broken."""
    kept = Path(tempfile.mkdtemp(prefix="oneshelf-torture-logs-"))
    for log in folder.glob("*.log"):
        shutil.copy(log, kept)
    return replace(ended, logs=kept)
