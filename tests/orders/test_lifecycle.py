"""The table of transitions: the same in Python and in PostgreSQL, with no trap in it."""

from itertools import product

import pytest

from oneshelf.base.errors import ValueRefusedError
from oneshelf.orders.lifecycle import STATUSES, TRANSITIONS, reachable

ENDS = {status for status, targets in TRANSITIONS.items() if not targets}


def test_the_database_allows_the_same_transitions_and_no_other(database):
    with database.transaction("test", "lifecycle") as tx:
        tx.run("CREATE TEMPORARY TABLE tried (LIKE orders.quantity INCLUDING ALL)")
        allowed = {
            pair for pair in product(STATUSES, [*STATUSES, "lost"]) if _is_allowed(tx, *pair)
        }

    assert allowed == {(was, to) for was, targets in TRANSITIONS.items() for to in targets}


def _is_allowed(tx, was, status):
    try:
        with tx.savepoint():
            tx.run(
                """
                INSERT INTO tried (order_id, line_id, units, was, status, changed_at)
                VALUES (1, 1, 1, %(was)s, %(status)s, now())
                """,
                was=was,
                status=status,
            )
    except ValueRefusedError:
        return False
    return True


@pytest.mark.parametrize("status", [status for status in STATUSES if status != "new"])
def test_every_status_can_be_reached_from_new(status):
    assert status in reachable("new")


@pytest.mark.parametrize("status", [status for status in STATUSES if status not in ENDS])
def test_no_status_is_a_trap(status):
    assert reachable(status) & ENDS


def test_nothing_becomes_new_again():
    assert all("new" not in targets for targets in TRANSITIONS.values())
