"""Facts reach every reaction once, in their subject's order, and never before they are complete."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

import pytest

from oneshelf.base.database import Database
from oneshelf.base.errors import ContendedError
from oneshelf.base.facts import Fact
from oneshelf.base.outbox import SHARDS, announce, shard_of
from oneshelf.base.reading import (
    CONTENDED_MAX,
    Reader,
    SafeIds,
    add_cursors,
    await_facts,
    find_behind,
    find_parked,
    newest_fact,
    react,
    retry_parked,
)
from oneshelf.worker import Worker


@dataclass(frozen=True, slots=True)
class LampLit(Fact):
    lamp: str
    number: int

    def subject(self):
        return f"lamp:{self.lamp}"


class Notebook:
    """A reaction that writes what it was told, and fails on request."""

    def __init__(self):
        self.told = []
        self.refuses = set()
        self.error = ValueError("refused")

    def write(self, tx, facts, _now):
        if any((fact.lamp, fact.number) in self.refuses for fact in facts):
            raise self.error
        tx.run("SELECT 1")
        self.told += [(fact.lamp, fact.number) for fact in facts]

    def reader(self):
        return Reader("test.write/LampLit", {"LampLit": LampLit}, self.write)


@pytest.fixture
def notebook(database):
    book = Notebook()
    with database.transaction("test", "test") as tx:
        add_cursors(tx, [book.reader()], SHARDS)
    return book


def light(database, now, *lamps):
    with database.transaction("test", "test") as tx:
        tx.run("INSERT INTO base.clock (stands_at, speed) VALUES (now(), 0) ON CONFLICT DO NOTHING")
        announce(tx, [LampLit(lamp, number) for lamp, number in lamps], now)


def read_all(database, book, now, safe_ids=None):
    safe_ids = safe_ids or SafeIds()
    safe_ids.look(database)
    safe = safe_ids.look(database)
    with database.transaction("test", "test") as tx:
        behind = find_behind(tx, [book.reader()], safe)
    return sum(react(database, book.reader(), shard, safe, now) for _, shard in behind)


def test_every_fact_is_told_once_in_its_subjects_order(database, notebook, now):
    facts = [(lamp, number) for number in range(20) for lamp in "abc"]
    light(database, now, *facts)

    assert read_all(database, notebook, now) == 60
    assert read_all(database, notebook, now) == 0
    for lamp in "abc":
        assert [number for told, number in notebook.told if told == lamp] == list(range(20))


def test_a_fact_drawn_but_not_committed_holds_later_ones_back(database, url, notebook, now):
    other = Database(url)
    drawn, finish = threading.Event(), threading.Event()

    def slow_writer():
        with other.transaction("test", "slow") as tx:
            tx.run("INSERT INTO base.clock (stands_at, speed) VALUES (now(), 0)")
            announce(tx, [LampLit("a", 0)], now)
            drawn.set()
            finish.wait(10)

    writer = threading.Thread(target=slow_writer)
    writer.start()
    drawn.wait(10)
    with database.transaction("test", "fast") as tx:
        tx.scalars("SELECT pg_current_xact_id()::text")
        announce(tx, [LampLit("a", 1)], now)
    safe_ids = SafeIds()
    early = read_all(database, notebook, now, safe_ids)
    finish.set()
    writer.join()
    late = read_all(database, notebook, now, safe_ids)
    other.close()

    assert early == 0
    assert late == 2
    assert notebook.told == [("a", 0), ("a", 1)]


def begin_writing(*transactions):
    """Give each an id of its own, in this order."""
    for tx in transactions:
        tx.run("SELECT pg_current_xact_id()")


def draw_fact(tx, now, name):
    announce(tx, [LampLit(name, 0)], now)
    return newest_fact(tx)


def test_a_fact_of_the_newest_transaction_is_not_safe_before_it_is_visible(database, now):
    safe_ids = SafeIds()
    light(database, now, ("a", 0))
    with database.transaction("test", "newest") as newest:
        begin_writing(newest)
        fact = draw_fact(newest, now, "b")
        looks = [safe_ids.look(database) for _ in range(3)]

    assert max(looks) < fact
    assert safe_ids.look(database) >= fact


def test_a_fact_is_not_safe_while_its_writer_is_newer_than_all_that_have_ended(database, now):
    safe_ids = SafeIds()
    with database.transaction("test", "newest") as newest:
        with database.transaction("test", "older") as older:
            begin_writing(older, newest)
            first = draw_fact(newest, now, "a")
            draw_fact(older, now, "b")
        looks = [safe_ids.look(database) for _ in range(3)]

    assert max(looks) < first


def test_only_who_writes_facts_of_this_database_holds_the_safe_id_back(database, fresh_url, now):
    other_database = Database(fresh_url())
    with (
        database.transaction("test", "idle") as idle,
        other_database.transaction("test", "elsewhere") as elsewhere,
    ):
        begin_writing(idle)
        draw_fact(elsewhere, now, "a")
        light(database, now, ("b", 0))
        safe_ids = SafeIds()
        safe_ids.look(database)
        with database.transaction("test", "newest") as tx:
            newest = newest_fact(tx)

        assert safe_ids.look(database) == newest
    other_database.close()


def test_a_fact_that_fails_is_parked_with_its_subject_and_the_rest_go_on(database, notebook, now):
    mate = next(name for name in "bcdefghijk" if shard_of(f"lamp:{name}") == shard_of("lamp:a"))
    notebook.refuses = {("a", 1)}
    light(database, now, ("a", 0), ("a", 1), ("a", 2), (mate, 0), (mate, 1))

    while read_all(database, notebook, now):
        pass

    assert [told for told in notebook.told if told[0] == "a"] == [("a", 0)]
    assert [told for told in notebook.told if told[0] == mate] == [(mate, 0), (mate, 1)]


def test_who_meets_others_every_time_is_parked_and_the_rest_goes_on(
    database, notebook, now, monkeypatch
):
    others = [name for name in "bcdefghijk" if shard_of(f"lamp:{name}") != shard_of("lamp:a")][:2]
    notebook.refuses, notebook.error = {("a", 0)}, ContendedError("40001")
    light(database, now, ("a", 0), *((name, 0) for name in others))
    monkeypatch.setattr("oneshelf.worker.readers", lambda _: (notebook.reader(),))
    worker = Worker(database)
    worker.react_once()  # what is drawn last is complete at the second look
    with suppress(ContendedError):
        worker.react_once()
    told_meanwhile = sorted(notebook.told)
    for _ in range(CONTENDED_MAX):
        with suppress(ContendedError):
            worker.react_once()
    read_to_the_end = worker.is_settled()
    notebook.refuses = set()
    retry_parked(database, notebook.reader(), now + timedelta(days=3_650))

    assert told_meanwhile == sorted((name, 0) for name in others)
    assert read_to_the_end
    assert ("a", 0) in notebook.told


def test_a_parked_subject_goes_on_in_order_once_its_head_succeeds(database, notebook, now):
    notebook.refuses = {("a", 0)}
    light(database, now, ("a", 0), ("a", 1), ("a", 2))
    while read_all(database, notebook, now):
        pass
    notebook.refuses = set()
    light(database, now, ("a", 3))
    while read_all(database, notebook, now):
        pass

    early = retry_parked(database, notebook.reader(), now)
    later = now + timedelta(minutes=1)
    with database.transaction("test", "test") as tx:
        parked = find_parked(tx, later)
    late = retry_parked(database, notebook.reader(), later)

    assert early == 0
    assert parked == ["test.write/LampLit"]
    assert late == 4
    assert notebook.told == [("a", number) for number in range(4)]


def test_the_cursor_moves_only_with_the_effects(database, notebook, now):
    light(database, now, ("a", 0))
    notebook.refuses = {("a", 0)}
    read_all(database, notebook, now)

    with database.transaction("test", "test") as tx:
        attempts = tx.scalars("SELECT attempts FROM base.parked")

    assert notebook.told == []
    assert attempts == [1]


def test_two_workers_never_tell_a_fact_twice(database, url, notebook, now):
    light(database, now, *[("a", number) for number in range(50)])
    safe_ids = SafeIds()
    safe_ids.look(database)
    safe = safe_ids.look(database)
    others = [Database(url) for _ in range(4)]

    threads = [
        threading.Thread(
            target=lambda db=db: [react(db, notebook.reader(), s, safe, now) for s in range(SHARDS)]
        )
        for db in others
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for other in others:
        other.close()

    assert notebook.told == [("a", number) for number in range(50)]


def waiting(database, *, known=(), patience=timedelta(seconds=20)):
    with database.transaction("test", "test") as tx:
        return await_facts(tx, ["LampLit"], 0, known, patience)


def test_who_waits_for_facts_hears_of_one_that_another_commits_meanwhile(database, now):
    with ThreadPoolExecutor(1) as pool:
        waiter = pool.submit(waiting, database)
        time.sleep(0.1)  # dozens of looks: who does not wait would be done by now
        assert not waiter.done()
        light(database, now, ("a", 1))

        assert [row.subject for row in waiter.result(timeout=10)] == ["lamp:a"]


def test_a_fact_that_is_not_committed_is_not_heard_of(database, now):
    with database.transaction("test", "test") as tx:
        announce(tx, [LampLit("a", 1)], now)

        assert waiting(database, patience=timedelta(milliseconds=50)) == []


def test_what_is_known_already_does_not_end_the_waiting(database, now):
    light(database, now, ("a", 1), ("b", 2))
    [first, second] = waiting(database)

    assert waiting(database, known={first.fact_id}) == [second]
    both = {first.fact_id, second.fact_id}
    assert waiting(database, known=both, patience=timedelta(0)) == []


def test_who_waits_reads_no_fact_before_those_waited_for_however_few_the_planner_expects(
    database, now
):
    light(database, now, *(("a", number) for number in range(50)))
    with database.transaction("test", "test") as tx:
        tx.run("ANALYZE base.fact")
        [newest] = tx.scalars("SELECT max(fact_id) FROM base.fact")
        await_facts(tx, ["LampLit"], newest, [], timedelta(milliseconds=50))
        [read] = tx.scalars(
            "SELECT coalesce(sum(seq_tup_read), 0) + coalesce(sum(idx_tup_fetch), 0)"
            "  FROM pg_stat_xact_user_tables WHERE relid = 'base.fact'::regclass"
        )

        assert read < 20  # some looks of the planner at the newest; it was 50 a look
