"""The table of transitions: the same in Python and in PostgreSQL, with no trap in it."""

import pytest

from oneshelf.orders.lifecycle import STATUSES, TRANSITIONS, reachable

ENDS = {status for status, targets in TRANSITIONS.items() if not targets}


def test_the_database_knows_the_same_transitions(database):
    with database.transaction("test", "lifecycle") as tx:
        stored = tx.tuples("SELECT was, status FROM orders.transition")

    assert set(stored) == {(was, to) for was, targets in TRANSITIONS.items() for to in targets}


@pytest.mark.parametrize("status", [status for status in STATUSES if status != "new"])
def test_every_status_can_be_reached_from_new(status):
    assert status in reachable("new")


@pytest.mark.parametrize("status", [status for status in STATUSES if status not in ENDS])
def test_no_status_is_a_trap(status):
    assert reachable(status) & ENDS


def test_nothing_becomes_new_again():
    assert all("new" not in targets for targets in TRANSITIONS.values())
