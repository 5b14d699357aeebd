"""The demo from start to end: a fresh shop, a server, a week, a table, and orders that go on."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import cycle
from pathlib import Path
from threading import Event, Thread
from typing import Protocol

from oneshelf.base.clock import read_now, set_clock
from oneshelf.base.database import Database
from oneshelf.base.errors import OneshelfError
from oneshelf.base.identifiers import new_id
from oneshelf.base.migrating import clear_demo, migrate
from oneshelf.base.reading import newest_fact
from oneshelf.base.settings import Settings
from oneshelf.catalog.access.actions import issue_key
from oneshelf.catalog.access.scopes import SCOPES
from oneshelf.inventory.auditing.actions import audit
from oneshelf.matching.capacity.actions import find_drift
from oneshelf.simulation.retailer.script import Week
from oneshelf.web.demo.client import Client
from oneshelf.web.demo.floor import Floor
from oneshelf.web.demo.opening import open_shop
from oneshelf.web.demo.playing import Play
from oneshelf.web.demo.reads import find_oversold, read_channels, read_outcome, read_parcels
from oneshelf.web.demo.table import Found, WeekFigures, figures
from oneshelf.web.serving import take_port

START_WITHIN_S = 60
STOP_WITHIN_S = 15
POLL_S = 0.01
TRICKLE_EVERY_S = 1.5
FLOOR_EVERY_S = 5
TRICKLE_SPEED = 60  # a minute a second, as the live page says


class Reactions(Protocol):
    """A worker, made by whoever knows the flow."""

    def settle(self) -> int:
        """Work until nothing is left to do now."""

    def run(self, stop: Event) -> None:
        """Work until told to stop."""


@dataclass(frozen=True, slots=True)
class Ready:
    """What the demo wants to know of a server's health."""

    ready: bool
    facts_read_to: int = 0


@dataclass(frozen=True, slots=True)
class Address:
    """Where the server listens."""

    host: str
    port: int

    def url(self) -> str:
        """Return it as a browser wants it."""
        return f"http://{self.host}:{self.port}/"


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
    address: Address

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
                self.play.floor.work(now)
        work.join()


@contextmanager
def opened(
    settings: Settings,
    url: str,
    world: Week,
    make_worker: Callable[[Database], Reactions],
    telling: Telling,
) -> Iterator[Demo]:
    """Open a fresh demo and close it again: its server stops, its database stays."""
    address = Address(settings.host, settings.port)
    take_port(address.host, address.port).close()
    database = Database(url)
    try:
        clear_demo(database)
        migrate(database)
        lines = open_shop(database, world, telling.loading)
        key = _issue_key(database)
        with (
            _server(settings, url, address),
            closing(Client(address.host, address.port, key)) as client,
        ):
            worker = make_worker(database)
            floor = Floor(
                client,
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
                _wait_until_read(client, newest)

            play = Play(world, client, floor, lines, move_clock, settle)
            yield Demo(database, world, play, worker, address)
    finally:
        database.close()


def _issue_key(database: Database) -> str:
    with database.transaction("demo", "key") as tx:
        return issue_key(tx, "demo", SCOPES, None, read_now(tx)).presented


@contextmanager
def _server(settings: Settings, url: str, address: Address) -> Iterator[None]:
    """Run a server of its own process, as an operator would."""
    settings.home.mkdir(parents=True, exist_ok=True)
    log = settings.home / "demo-server.log"
    command = [sys.executable, "-m", "oneshelf", "serve"]
    command += ["--host", address.host, "--port", str(address.port)]
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own program, no shell
            command,
            env={**os.environ, "ONESHELF_DATABASE": url},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is ours to handle: the server stops after the orders
        )
        try:
            _wait_until_ready(process, address, log)
            yield
        finally:
            process.terminate()
            try:
                process.wait(STOP_WITHIN_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until_ready(process: "subprocess.Popen[bytes]", address: Address, log: Path) -> None:
    client = Client(address.host, address.port, "")
    until = time.monotonic() + START_WITHIN_S
    while time.monotonic() < until and process.poll() is None:
        try:
            if client.get("/health/ready", Ready).ready:
                return
        except OneshelfError:
            pass
        finally:
            client.close()
        time.sleep(0.1)
    raise OneshelfError(
        "server_failed",
        f"The demo's server did not start within {START_WITHIN_S} s.",
        f"Its output is in {log}.",
    )


def _wait_until_read(client: Client, fact: int) -> None:
    until = time.monotonic() + START_WITHIN_S
    while client.get("/health/ready", Ready).facts_read_to < fact:
        if time.monotonic() > until:
            raise OneshelfError(
                "server_failed",
                f"The server's snapshot did not reach fact {fact} within {START_WITHIN_S} s.",
                "Look for a long transaction: `oneshelf database status`.",
            )
        time.sleep(POLL_S)


def _next_morning(now: datetime) -> datetime:
    return (now + timedelta(days=1)).replace(hour=9, minute=0, second=0, microsecond=0)
