"""The demo from start to end: a fresh shop, a server, a week, a table, and orders that go on."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import cycle
from threading import Event, Thread
from typing import Protocol

from oneshelf.base.clock import read_now, set_clock
from oneshelf.base.database import Database
from oneshelf.base.identifiers import new_id
from oneshelf.base.migrating import clear_demo, migrate
from oneshelf.base.reading import newest_fact
from oneshelf.catalog.access.actions import issue_key
from oneshelf.catalog.access.scopes import SCOPES
from oneshelf.inventory.auditing.actions import audit
from oneshelf.matching.capacity.actions import find_drift
from oneshelf.matching.policy import SourcingPolicy
from oneshelf.simulation.retailer.script import Week
from oneshelf.web.demo.client import Client
from oneshelf.web.demo.floor import Floor
from oneshelf.web.demo.opening import open_shop
from oneshelf.web.demo.playing import Play, Tally
from oneshelf.web.demo.reads import find_oversold, read_channels, read_outcome, read_parcels
from oneshelf.web.demo.servers import Stage, serving, wait_until_read
from oneshelf.web.demo.table import Found, WeekFigures, figures
from oneshelf.web.serving import take_port

TRICKLE_EVERY_S = 1.5
FLOOR_EVERY_S = 5
TRICKLE_SPEED = 60  # a minute a second, as the live page says


class Reactions(Protocol):
    """A worker, made by whoever knows the flow."""

    def settle(self) -> int:
        """Work until nothing is left to do now."""

    def run(self, stop: Event) -> None:
        """Work until told to stop."""


class Telling(Protocol):
    """How the demo tells what it does; a screen, or nobody."""

    def loading(self, what: str, done: int, whole: int) -> None:
        """Tell how much is loaded."""

    def playing(self, at: datetime, played: int, whole: int) -> None:
        """Tell how far the week has come."""


@dataclass(slots=True)
class Demo:
    """A demo that is open: its shop, its server, its people."""

    database: Database
    week: Week
    play: Play
    worker: Reactions
    address: str

    def run_week(self, telling: Telling) -> WeekFigures:
        """Play the week and return its figures."""
        whole = len(self.week.minutes)
        self.play.run(lambda at, played: telling.playing(at, played, whole))
        with self.database.transaction("demo", "table") as tx:
            found = Found(
                read_channels(tx),
                read_outcome(tx),
                read_parcels(tx),
                sum(find_oversold(tx).values()),
                len(audit(tx)) + len(find_drift(tx)),
            )
        return figures(self.week, self.play.tally, found)

    def trickle(self, stop: Event) -> None:
        """Let orders come in until told to stop, a simulated minute a second."""
        work = Thread(target=self.worker.run, args=(stop,), name="worker", daemon=True)
        work.start()
        with self.database.transaction("demo", "trickle") as tx:
            set_clock(tx, _next_morning(read_now(tx)), TRICKLE_SPEED)
        baskets = cycle([b for m in self.week.minutes for b in m.requests if b.handover != "till"])
        rounds = FLOOR_EVERY_S / TRICKLE_EVERY_S
        for number, basket in enumerate(baskets):
            if stop.wait(TRICKLE_EVERY_S):
                break
            self.play.place_again(basket, new_id())
            if number % rounds < 1:
                with self.database.transaction("demo", "trickle") as tx:
                    now = read_now(tx)
                self.play.floor.work(self.play.client, now)
        work.join()


@contextmanager
def opened(
    stage: Stage,
    world: Week,
    sourcing: SourcingPolicy,
    make_worker: Callable[[Database], Reactions],
    telling: Telling,
) -> Iterator[Demo]:
    """Open a fresh demo and close it again: its servers stop, its database stays."""
    take_port(stage.host, stage.port).close()
    database = Database(stage.url)
    try:
        clear_demo(database)
        migrate(database)
        lines = open_shop(database, world, sourcing, telling.loading)
        key = _issue_key(database)
        with serving(stage) as addresses, ExitStack() as connections:
            clients = [
                connections.enter_context(closing(Client(address, key))) for address in addresses
            ]
            worker = make_worker(database)
            floor = Floor(
                clients[0],
                world.seed,
                world.nodes,
                {service.service_id: service for service in world.services},
                {product.sku: product for product in world.products},
                {},
                world.minutes[0].at - timedelta(minutes=1),
            )

            def move_clock(at: datetime) -> None:
                with database.transaction("demo", "clock") as tx:
                    set_clock(tx, at, 0)

            def settle() -> None:
                worker.settle()
                with database.transaction("demo", "settle") as tx:
                    newest = newest_fact(tx)
                wait_until_read(clients, newest)

            tally = Tally([0] * len(clients))
            play = Play(world, clients, floor, lines, move_clock, settle, tally)
            yield Demo(database, world, play, worker, addresses[0])
    finally:
        database.close()


def _issue_key(database: Database) -> str:
    with database.transaction("demo", "key") as tx:
        return issue_key(tx, "demo", SCOPES, None, read_now(tx)).presented


def _next_morning(now: datetime) -> datetime:
    return (now + timedelta(days=1)).replace(hour=9, minute=0, second=0, microsecond=0)
