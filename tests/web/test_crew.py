"""A queue that is full or slow says so before any work is done."""

import asyncio
import threading

import pytest

from oneshelf.base.errors import OneshelfError
from oneshelf.web import house
from oneshelf.web.house import Crew


def run(work, threads=1, waiting_max=1):
    crew = Crew(threads, waiting_max, "test")
    try:
        return asyncio.run(work(crew))
    finally:
        crew.stop()


async def refusal_of(task):
    with pytest.raises(OneshelfError) as refused:
        await task
    return refused.value.code


def test_a_task_beyond_the_queue_is_refused_and_the_others_are_done():
    gate = threading.Event()

    async def work(crew):
        taken = [asyncio.ensure_future(crew.begin(lambda: gate.wait(10))) for _ in range(2)]
        await asyncio.sleep(0)
        code = await refusal_of(crew.begin(pytest.fail))
        gate.set()
        return code, await asyncio.gather(*taken), await crew.begin(lambda: "again")

    assert run(work) == ("overloaded", [True, True], "again")


def test_a_task_that_waited_too_long_is_not_begun_but_the_rest_of_one_is(monkeypatch):
    monkeypatch.setattr(house, "WAITING_S_MAX", 0.05)
    gate = threading.Event()

    async def work(crew):
        first = asyncio.ensure_future(crew.begin(lambda: gate.wait(10)))
        late = asyncio.ensure_future(refusal_of(crew.begin(pytest.fail)))
        rest = asyncio.ensure_future(crew.go_on(lambda: "the rest"))
        await asyncio.sleep(0.2)
        gate.set()
        return await first, await late, await rest

    assert run(work, waiting_max=5) == (True, "overloaded", "the rest")
