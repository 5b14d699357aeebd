"""The same week once for each column at the same time, each with a database and servers of its own.

The columns differ in their policy row and in nothing else. The one shelf's runs here, is shown, and
stays open; the others run on threads beside it and close when they are done.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import datetime
from threading import Event
from typing import Protocol

from oneshelf.base.database import Database, database_beside
from oneshelf.base.embedded_server import database_url
from oneshelf.base.migrating import clear_demo
from oneshelf.base.settings import Settings
from oneshelf.simulation.retailer.script import Week
from oneshelf.web.demo.columns import MANY_SHELVES, ONE_SHELF, Column
from oneshelf.web.demo.running import Demo, Reactions, Telling, opened
from oneshelf.web.demo.servers import Stage
from oneshelf.web.demo.table import DemoFigures, WeekFigures, side_by_side
from oneshelf.web.serving import take_port

BESIDE = (MANY_SHELVES,)
MakeWorker = Callable[[Database], Reactions]


class Screens(Protocol):
    """Tells of every column; a screen, or nobody."""

    def column(self, name: str) -> Telling:
        """Return what tells of one."""


class Stoppable:
    """Tells, and ends the column that it tells of when told to stop."""

    def __init__(self, telling: Telling, stop: Event) -> None:
        """stop: looked at each time something is told."""
        self._telling = telling
        self._stop = stop

    def loading(self, what: str, done: int, whole: int) -> None:
        """Tell how much is loaded."""
        self._heed()
        self._telling.loading(what, done, whole)

    def playing(self, at: datetime, played: int, whole: int) -> None:
        """Tell how far the week has come."""
        self._heed()
        self._telling.playing(at, played, whole)

    def _heed(self) -> None:
        if self._stop.is_set():
            raise CancelledError


@contextmanager
def compared(
    settings: Settings, world: Week, servers: int, make_worker: MakeWorker, screens: Screens
) -> Iterator[tuple[Demo, DemoFigures]]:
    """Play every column; yield the one shelf's demo, still open, and the figures of all."""
    take_port(settings.host, settings.port).close()
    url = database_url(settings)
    with closing(Database(url)) as database:
        clear_demo(database)  # refuses a shop that is not the demo's before anything is made

    def stage(column: Column, address: str, port: int) -> Stage:
        log = settings.home / f"demo-{column.name}.log"
        return Stage(address, settings.host, port, servers, log)

    def play(column: Column, at: Stage, telling: Telling) -> WeekFigures:
        with opened(at, world, column.sourcing, make_worker, telling) as demo:
            return demo.run_week(telling)

    stop = Event()
    stages = [stage(column, database_beside(url, column.name), 0) for column in BESIDE]
    with ThreadPoolExecutor(len(BESIDE)) as threads:
        try:
            telling = screens.column(ONE_SHELF.name)
            running = {
                column.name: threads.submit(
                    play, column, at, Stoppable(screens.column(column.name), stop)
                )
                for column, at in zip(BESIDE, stages, strict=True)
            }
            here = stage(ONE_SHELF, url, settings.port)
            with opened(here, world, ONE_SHELF.sourcing, make_worker, telling) as demo:
                columns = {ONE_SHELF.name: demo.run_week(telling)}
                columns |= {name: one.result() for name, one in running.items()}
                yield demo, side_by_side(world, columns)
        finally:
            stop.set()
