"""A crowd with one key asks the database once."""

import asyncio

import pytest

from oneshelf.base.errors import OneshelfError
from oneshelf.catalog.access.actions import issue_key
from oneshelf.web.keys import KeyRing

CROWD = 500


@pytest.fixture
def presented(database, now):
    with database.transaction("test", "key") as tx:
        return issue_key(tx, "crowd", ["admin"], None, now).presented


async def ask_all(ring, work, presented):
    return await asyncio.gather(*[ring.ask(presented, work) for _ in range(CROWD)])


def test_everybody_who_waits_for_a_key_shares_one_look_up(database, presented):
    ring, looked = KeyRing(database), []

    async def work(find):
        looked.append(1)
        return await asyncio.to_thread(find)

    found = asyncio.run(ask_all(ring, work, presented))

    assert len(looked) == 1
    assert {key.name for key in found} == {"crowd"}


def test_a_look_up_that_fails_is_made_anew_by_the_next(database, presented):
    ring = KeyRing(database)

    async def refuse(_):
        raise OneshelfError("overloaded", "no thread is free")

    async def knock():
        with pytest.raises(OneshelfError, match="no thread"):
            await ring.ask(presented, refuse)
        return await ring.ask(presented, asyncio.to_thread)

    assert asyncio.run(knock()).name == "crowd"


def test_who_hangs_up_takes_the_answer_from_nobody(database, presented):
    ring = KeyRing(database)

    async def knock():
        first = asyncio.ensure_future(ring.ask(presented, asyncio.to_thread))
        second = asyncio.ensure_future(ring.ask(presented, asyncio.to_thread))
        await asyncio.sleep(0)
        first.cancel()
        return await second

    assert asyncio.run(knock()).name == "crowd"
