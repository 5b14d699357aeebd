"""The writer's laws: every request is answered once, in order, and poison harms nobody else."""

import asyncio
import sys
import threading
from collections import Counter
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oneshelf.base import batching
from oneshelf.base.errors import ContendedError, DatabaseUnavailableError, OneshelfError
from oneshelf.web.batches import writer as writers
from oneshelf.web.batches.writer import Writer


class Shop:
    """Decides numbers: remembers what it committed, refuses poison, may postpone some."""

    def __init__(self, poison=(), postponed=None):
        self.committed = []
        self.batches = []
        self.poison = set(poison)
        self.postponed = dict(postponed or {})

    def decide(self, requests, kind):
        self.batches.append((kind, list(requests)))
        if self.poison & set(requests):
            raise OneshelfError("bad_value", "poison")
        answers = []
        for request in requests:
            if self.postponed.get(request, 0) > 0:
                self.postponed[request] -= 1
                answers.append("undecided")
            else:
                self.committed.append(request)
                answers.append(f"done {request}")
        return answers


def writer_of(decide, **limits):
    return Writer("test", decide, lambda answer: answer == "undecided", key=str, **limits)


def run(shop, work, **limits):
    writer = writer_of(shop.decide, **limits)
    writer.start()
    try:
        return asyncio.run(work(writer))
    finally:
        writer.stop()


async def ask_everything(writer, numbers):
    return await asyncio.gather(*(writer.ask(n) for n in numbers), return_exceptions=True)


@settings(max_examples=25)
@given(st.integers(1, 1200), st.sets(st.integers(0, 1199), max_size=4))
def test_every_request_is_answered_once_and_poison_alone_fails(count, poison):
    shop = Shop(poison)

    answers = run(shop, lambda writer: ask_everything(writer, range(count)))

    for number, answer in enumerate(answers):
        if number in poison:
            assert isinstance(answer, OneshelfError)
        else:
            assert answer == f"done {number}"
    assert shop.committed == [n for n in range(count) if n not in poison]


def test_what_one_turn_of_the_loop_brings_is_one_batch():
    shop = Shop()
    switch_s = sys.getswitchinterval()

    async def crowd(writer):
        await asyncio.sleep(0.1)  # until its thread waits
        return await ask_everything(writer, range(300))

    sys.setswitchinterval(1e-6)  # a thread that is called runs at once
    try:
        run(shop, crowd)
    finally:
        sys.setswitchinterval(switch_s)

    assert shop.batches == [("hopeful", list(range(300)))]


def test_long_requests_share_fewer_batches_and_none_is_left_behind():
    shop = Shop()
    writer = writer_of(shop.decide, lines=lambda number: number)
    lengths = [1_500, 400, 200, 9_000, 1]

    async def crowd():
        asked = [asyncio.ensure_future(writer.ask(one)) for one in lengths]
        await asyncio.sleep(0)  # all have queued
        writer.start()
        return await asyncio.gather(*asked)

    try:
        answers = asyncio.run(crowd())
    finally:
        writer.stop()

    assert answers == [f"done {one}" for one in lengths]
    assert [batch for _, batch in shop.batches] == [[1_500, 400], [200], [9_000], [1]]


def test_threads_with_loops_of_their_own_lose_nothing():
    shop = Shop()
    writer = writer_of(shop.decide)
    writer.start()
    heard = []

    async def customer(start):
        heard.extend([(n, await writer.ask(n)) for n in range(start, start + 300)])

    threads = [
        threading.Thread(target=lambda s=s: asyncio.run(customer(s))) for s in range(0, 1800, 300)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    writer.stop()

    assert Counter(shop.committed) == Counter(range(1800))
    assert sorted(heard) == [(n, f"done {n}") for n in range(1800)]


def test_what_was_undecided_leads_the_next_batch_and_is_contested_the_third_time():
    shop = Shop(postponed={3: 2, 4: 1, 5: 2})

    answers = run(shop, lambda writer: writer.ask_all(list(range(7))))

    assert answers == [f"done {n}" for n in range(7)]
    assert shop.batches == [
        ("hopeful", list(range(7))),
        ("hopeful", [3, 4, 5]),
        ("contested", [3, 5]),
    ]


def test_what_is_contested_does_not_hold_up_the_rest_one_by_one():
    shop = Shop(postponed=dict.fromkeys(range(420), 2))

    answers = run(shop, lambda writer: writer.ask_all(list(range(430))))

    assert answers == [f"done {n}" for n in range(430)]
    kinds = [(kind, len(batch)) for kind, batch in shop.batches]
    assert kinds == [
        ("hopeful", 430),
        ("hopeful", 420),
        *[("contested", 200)] * 2,
        ("contested", 20),
    ]


def test_what_stays_undecided_is_told_to_come_again():
    shop = Shop(postponed={1: 9})

    answers = run(shop, lambda writer: writer.ask_all([0, 1, 2]))

    assert answers[0] == "done 0"
    assert answers[1].code == "busy"
    assert answers[2] == "done 2"


def test_a_full_queue_says_so_and_takes_nothing():
    shop = Shop()

    async def work(writer):
        with pytest.raises(OneshelfError) as refused:
            await writer.ask_all(list(range(11)))
        return refused.value.code, await writer.ask(1)

    assert run(shop, work, waiting_max=10) == ("overloaded", "done 1")
    assert shop.committed == [1]


def test_stopping_decides_what_waits_and_takes_nothing_new():
    gate = threading.Event()
    shop = Shop()

    def decide(requests, kind):
        gate.wait(5)
        return shop.decide(requests, kind)

    writer = writer_of(decide)
    writer.start()

    async def work():
        first = asyncio.ensure_future(writer.ask(1))
        rest = asyncio.ensure_future(writer.ask_all([2, 3]))
        await asyncio.sleep(0.01)
        stopping = asyncio.get_running_loop().run_in_executor(None, writer.stop)
        await asyncio.sleep(0.01)
        with pytest.raises(OneshelfError):
            await writer.ask(4)
        gate.set()
        await stopping
        return await first, await rest

    assert asyncio.run(work()) == ("done 1", ["done 2", "done 3"])


def test_whoever_went_away_is_decided_without_harm_to_the_others():
    shop = Shop()

    async def work(writer):
        gone = asyncio.ensure_future(writer.ask(1))
        await asyncio.sleep(0)
        gone.cancel()
        return await writer.ask(2)

    assert run(shop, work) == "done 2"
    assert shop.committed == [1, 2]


def test_a_wrong_number_of_answers_is_a_defect_not_a_mix_up():
    writer = writer_of(lambda requests, _kind: ["done"] * (len(requests) + 1))
    writer.start()

    with pytest.raises(OneshelfError) as failed:
        asyncio.run(writer.ask(1))
    writer.stop()

    assert failed.value.code == "server_failed"


def test_whoever_lost_units_twice_is_not_sent_away_before_the_batch_that_decides_it(monkeypatch):
    shop, now_s = Shop(postponed={1: 2}), [0.0]
    monkeypatch.setattr(writers, "time", SimpleNamespace(monotonic=lambda: now_s[0]))

    def decide(requests, kind):
        now_s[0] += 5
        return shop.decide(requests, kind)

    writer = writer_of(decide)
    writer.start()

    assert asyncio.run(writer.ask(1)) == "done 1"
    writer.stop()


def test_whoever_lost_units_waits_twice_as_long_and_no_longer(monkeypatch):
    shop, now_s = Shop(postponed={1: 9}), [0.0]
    monkeypatch.setattr(writers, "time", SimpleNamespace(monotonic=lambda: now_s[0]))

    def decide(requests, kind):
        now_s[0] += 9
        return shop.decide(requests, kind)

    writer = writer_of(decide)
    writer.start()

    with pytest.raises(OneshelfError) as refused:
        asyncio.run(writer.ask(1))
    writer.stop()
    assert refused.value.code == "overloaded"
    assert len(shop.batches) == 2


def test_whoever_waited_too_long_is_sent_away_with_nothing_done(monkeypatch):
    monkeypatch.setattr("oneshelf.web.batches.writer.WAITING_S_MAX", 0.05)
    gate = threading.Event()
    shop = Shop()

    def decide(requests, kind):
        gate.wait(5)
        return shop.decide(requests, kind)

    writer = writer_of(decide)
    writer.start()

    async def work():
        first = asyncio.ensure_future(writer.ask(1))
        await asyncio.sleep(0.02)
        late = asyncio.ensure_future(writer.ask_all([2, 3]))
        await asyncio.sleep(0.2)
        gate.set()
        return await first, [answer.code for answer in await late]

    assert asyncio.run(work()) == ("done 1", ["overloaded"] * 2)
    writer.stop()
    assert shop.committed == [1]


class Gate:
    """Holds up the batch with a 0 in it until it is opened; the clock goes on meanwhile."""

    def __init__(self, shop, now_s):
        self._shop, self._now_s = shop, now_s
        self._entered, self._opened = threading.Event(), threading.Event()

    def decide(self, requests, kind):
        if 0 in requests:
            self._entered.set()
            self._opened.wait(5)
        return self._shop.decide(requests, kind)

    async def entered(self):
        await asyncio.to_thread(self._entered.wait, 5)
        self._entered.clear()

    def open_after(self, seconds):
        self._now_s[0] += seconds
        self._opened.set()

    def close(self):
        self._opened.clear()


@pytest.mark.parametrize(("kept", "first_of_all"), [(10_000, [1, 2, 3]), (0, [2, 3, 1])])
def test_whoever_was_sent_away_for_being_late_finds_his_place_again(
    kept, first_of_all, monkeypatch
):
    shop, now_s = Shop(), [0.0]
    gate = Gate(shop, now_s)
    monkeypatch.setattr(writers, "time", SimpleNamespace(monotonic=lambda: now_s[0]))
    monkeypatch.setattr(writers, "SENT_AWAY_MAX", kept)
    writer = writer_of(gate.decide)
    writer.start()

    async def walk():
        held_up = asyncio.ensure_future(writer.ask(0))
        await gate.entered()
        late = asyncio.ensure_future(writer.ask(1))
        await asyncio.sleep(0)
        gate.open_after(9)
        await held_up
        with pytest.raises(OneshelfError, match="waited for more than 8 s"):
            await late
        return await ask_behind_two_others(writer, gate)

    try:
        assert asyncio.run(walk()) == ["done 0", "done 2", "done 3", "done 1"]
    finally:
        writer.stop()
    assert shop.batches == [("hopeful", [0]), ("hopeful", [0]), ("hopeful", first_of_all)]


async def ask_behind_two_others(writer, gate):
    """Ask 0, and 1 after 2 and 3 while that holds up the queue."""
    gate.close()
    held_up = asyncio.ensure_future(writer.ask(0))
    await gate.entered()
    others = asyncio.ensure_future(writer.ask_all([2, 3]))
    await asyncio.sleep(0)
    again = asyncio.ensure_future(writer.ask(1))
    await asyncio.sleep(0)
    gate.open_after(1)
    return [await held_up, *await others, await again]


@pytest.mark.parametrize(
    ("error", "first_of_all"),
    [
        (OneshelfError("bad_value", "poison"), [2, 3, 1]),
        (DatabaseUnavailableError("gone"), [1, 2, 3]),
        (ContendedError("40001"), [1, 2, 3]),
        (None, [1, 2, 3]),
    ],
)
def test_whoever_is_told_to_come_again_finds_his_place_and_who_is_refused_does_not(
    error, first_of_all, monkeypatch
):
    shop, now_s = Shop(postponed={} if error else {1: writers.ATTEMPTS_MAX}), [0.0]
    failures = [error] * batching.ATTEMPTS_MAX if error else []
    gate = Gate(shop, now_s)
    monkeypatch.setattr(writers, "time", SimpleNamespace(monotonic=lambda: now_s[0]))
    monkeypatch.setattr(batching, "PAUSE_S", 0)

    def decide(requests, kind):
        if requests == [1] and failures:
            raise failures.pop()
        return gate.decide(requests, kind)

    writer = writer_of(decide)
    writer.start()

    async def walk():
        with pytest.raises(OneshelfError):
            await writer.ask(1)
        failures.clear()
        now_s[0] += 1
        return await ask_behind_two_others(writer, gate)

    try:
        assert asyncio.run(walk()) == ["done 0", "done 2", "done 3", "done 1"]
    finally:
        writer.stop()
    assert shop.batches[-1] == ("hopeful", first_of_all)
