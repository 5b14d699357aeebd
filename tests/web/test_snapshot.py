"""A process's view of the stock follows what others commit, and says how far it has come."""

import asyncio
import time
from datetime import timedelta
from types import SimpleNamespace

import pytest
from structlog.testing import capture_logs

from oneshelf.base.clock import set_clock
from oneshelf.base.errors import DatabaseUnavailableError
from oneshelf.base.identifiers import NodeId, Sku
from oneshelf.base.reading import newest_fact
from oneshelf.inventory.ledger import StockPoint
from oneshelf.matching.watching.actions import Watch
from oneshelf.orders.answers import Placed, Refused
from oneshelf.orders.capture.asked import Asked
from oneshelf.web import snapshot
from oneshelf.web.batches.orders import placing
from oneshelf.web.following import SafeTail
from oneshelf.web.snapshot import Snapshot
from shop import MONDAY, Shop, order, stock

LAMPS = StockPoint(Sku("LAMP"), NodeId("leeds"))


@pytest.fixture
def view(database, monkeypatch):
    monkeypatch.setattr(snapshot, "WAIT", timedelta(seconds=6))  # whoever waits so long is late
    Shop.opened(database)
    view = Snapshot(database, SafeTail())
    yield view
    view.stop()


def test_what_is_there_before_the_thread_looks_is_soon_known_to_be_whole(database, view):
    stock(database, ("LAMP", "leeds", 1))
    view.start()

    assert_reads_all(database, view)


def test_while_facts_come_a_process_soon_says_how_far_it_has_read(database, view):
    view.start()
    stock(database, ("LAMP", "leeds", 1))
    stock(database, ("LAMP", "leeds", 2))

    assert_reads_all(database, view)


def test_a_cause_of_failure_is_told_once_and_so_is_its_end(view, monkeypatch):
    causes = ["the host is down", "the host is down", "the disk is full", None, None]

    def fail_so(*_):
        if cause := causes.pop(0):
            raise DatabaseUnavailableError(cause)

    monkeypatch.setattr(Watch, "refresh", fail_so)
    with capture_logs() as told:
        for _ in range(5):
            view.refresh()

    assert [one["log_level"] for one in told] == ["warning", "warning", "info"]
    assert "the disk is full" in told[1]["why"]
    assert told[2]["after"] == told[1]["why"]


def test_facts_taken_over_a_moment_ago_do_not_make_an_old_time_a_new_one(
    database, view, monkeypatch
):
    later = SimpleNamespace(monotonic=lambda: time.monotonic() + 2 * snapshot.CLOCK_TRUSTED_S)
    monkeypatch.setattr(snapshot, "time", later)  # no thread has read the clock since
    view.refresh()
    with database.transaction("test", "clock") as tx:
        set_clock(tx, MONDAY + timedelta(days=1), 0)

    assert view.now() == MONDAY + timedelta(days=1)


def test_the_units_of_a_batch_are_gone_for_the_next_and_the_database_is_not_asked(
    database, view, looks
):
    stock(database, ("LAMP", "leeds", 3))
    view.refresh()
    looks.clear()
    place(database, view, ("LAMP", 2))

    assert view.outlook.stock.available(LAMPS) == 1
    assert looks == []


def test_a_batch_that_lost_to_another_looks_what_is_left(database, view, looks):
    stock(database, ("LAMP", "leeds", 3))
    view.refresh()
    take_all(database, ("LAMP", 3))
    looks.clear()
    answer = place(database, view, ("LAMP", 2))

    assert isinstance(answer, Refused)
    assert looks == ["refresh"]


@pytest.fixture
def looks(monkeypatch):
    """Return what the view asked the database for."""
    made, refresh = [], Watch.refresh

    def look(*asked):
        made.append("refresh")
        return refresh(*asked)

    monkeypatch.setattr(Watch, "refresh", look)
    return made


def place(database, view, line):
    writer = placing(database, view)
    writer.start()
    try:
        return asyncio.run(writer.ask(Asked(order(line), b"body", "test")))
    finally:
        writer.stop()


def take_all(database, line):
    """Let another process sell units, so that the view has not heard of it."""
    other = Snapshot(database, SafeTail())
    assert isinstance(place(database, other, line), Placed)


def assert_reads_all(database, view):
    with database.transaction("test", "newest") as tx:
        newest = newest_fact(tx)
    until = time.monotonic() + 3
    while view.read_to() < newest and time.monotonic() < until:
        time.sleep(0.01)  # its thread tells nobody that it has read; we look, as the demo does

    assert view.read_to() >= newest
