"""The clock of a database."""

from datetime import UTC, datetime, timedelta

import pytest

from oneshelf.base.clock import read_now, set_clock
from oneshelf.base.errors import OneshelfError, ValueRefusedError


def test_without_a_clock_of_its_own_it_is_the_databases_time(database):
    with database.transaction("test", "clock") as tx:
        before = tx.scalars("SELECT clock_timestamp()")[0]
        now = read_now(tx)
        after = tx.scalars("SELECT clock_timestamp()")[0]

    assert before <= now <= after
    assert now.tzinfo is UTC


def test_a_clock_that_stands_still_always_says_the_same(database, now):
    with database.transaction("test", "clock") as tx:
        set_clock(tx, now, speed=0)
        tx.run("SELECT pg_sleep(0.01)")

        assert [read_now(tx), read_now(tx)] == [now, now]


def test_a_fast_clock_runs_that_many_seconds_a_second(database, now):
    with database.transaction("test", "clock") as tx:
        set_clock(tx, now, speed=3600)
        tx.run("SELECT pg_sleep(0.05)")
        shown = read_now(tx)

    assert now + timedelta(minutes=3) <= shown < now + timedelta(hours=10)


def test_a_clock_set_again_starts_from_there(database, now):
    with database.transaction("test", "clock") as tx:
        set_clock(tx, now, speed=3600)
        set_clock(tx, now + timedelta(days=1), speed=0)

        assert read_now(tx) == now + timedelta(days=1)


def test_a_clock_never_runs_backwards(database, now):
    with pytest.raises(ValueRefusedError), database.transaction("test", "clock") as tx:
        set_clock(tx, now, speed=-1)


def test_an_instant_without_a_zone_is_refused(database):
    naive = datetime(2026, 1, 5, 12)  # noqa: DTZ001 (what is refused)
    with (
        pytest.raises(OneshelfError, match="no time zone"),
        database.transaction("test", "clock") as tx,
    ):
        set_clock(tx, naive, speed=0)
