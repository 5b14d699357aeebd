"""One poison request fails alone; what may succeed later is tried again."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oneshelf.base.batching import decide_batch
from oneshelf.base.errors import (
    ContendedError,
    DatabaseUnavailableError,
    OneshelfError,
    ValueRefusedError,
)


class Till:
    """Decides numbers: doubles them, chokes on poison, counts what it wrote."""

    def __init__(self, poison=(), error=None):
        self.poison = set(poison)
        self.error = error or ValueRefusedError("22003", "price")
        self.written = []
        self.busy_times = 0

    def decide(self, requests):
        if self.busy_times:
            self.busy_times -= 1
            raise ContendedError("40P01")
        if self.poison & set(requests):
            raise self.error
        self.written += requests
        return [2 * request for request in requests]


@given(
    st.lists(st.integers(), unique=True, min_size=1, max_size=60).flatmap(
        lambda numbers: st.tuples(st.just(numbers), st.sets(st.sampled_from(numbers)))
    )
)
def test_only_the_culprits_get_an_error_and_each_other_is_written_once(case):
    numbers, poison = case
    till = Till(poison)

    answers = decide_batch(numbers, till.decide, Random(1))

    assert sorted(till.written) == sorted(set(numbers) - poison)
    for number, answer in zip(numbers, answers, strict=True):
        assert isinstance(answer, OneshelfError) if number in poison else answer == 2 * number


@given(st.integers(1, 2))
def test_a_contended_batch_is_tried_again_whole(times):
    till = Till()
    till.busy_times = times

    assert decide_batch([1, 2], till.decide, Random(1)) == [2, 4]
    assert till.written == [1, 2]


def test_one_key_that_stays_busy_does_not_fail_its_neighbours():
    till = Till({3}, ContendedError("55P03"))

    answers = decide_batch([1, 2, 3, 4], till.decide, Random(1))

    assert [answer for answer in answers if not isinstance(answer, OneshelfError)] == [2, 4, 8]
    assert answers[2].code == "busy"


def test_a_dead_database_answers_everybody_after_three_tries():
    calls = []

    def dead(requests):
        calls.append(requests)
        raise DatabaseUnavailableError("gone")

    answers = decide_batch([1, 2, 3], dead, Random(1))

    assert [answer.code for answer in answers] == ["database_unavailable"] * 3
    assert len(calls) == 3


def test_who_stays_contended_is_told_so_when_time_is_up_and_poison_is_still_found():
    till = Till({3}, ContendedError("55P03"))
    poisoned = Till({3})

    told = decide_batch([1, 2, 3, 4], till.decide, Random(1), until_s=0)
    found = decide_batch([1, 2, 3, 4], poisoned.decide, Random(1), until_s=0)

    assert [answer.code for answer in told] == ["busy"] * 4
    assert [answer for answer in found if not isinstance(answer, OneshelfError)] == [2, 4, 8]
    assert found[2].code == "bad_value"


def test_a_defect_of_ours_is_an_error_without_its_contents():
    def broken(requests):
        raise KeyError("Jane Canary", requests)

    [answer] = decide_batch([1], broken, Random(1))

    assert answer.code == "server_failed"
    assert "Canary" not in str(answer)


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    monkeypatch.setattr("oneshelf.base.batching.PAUSE_S", 0)
