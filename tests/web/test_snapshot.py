"""A process's view of the stock follows what others commit, and says how far it has come."""

import time
from datetime import timedelta
from types import SimpleNamespace

import pytest
from structlog.testing import capture_logs

from oneshelf.base.clock import set_clock
from oneshelf.base.errors import DatabaseUnavailableError
from oneshelf.base.reading import newest_fact
from oneshelf.matching.watching.actions import Watch
from oneshelf.web import snapshot
from oneshelf.web.following import SafeTail
from oneshelf.web.snapshot import Snapshot
from shop import MONDAY, Shop, stock


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


def assert_reads_all(database, view):
    with database.transaction("test", "newest") as tx:
        newest = newest_fact(tx)
    until = time.monotonic() + 3
    while view.read_to() < newest and time.monotonic() < until:
        time.sleep(0.01)  # its thread tells nobody that it has read; we look, as the demo does

    assert view.read_to() >= newest
