"""Whatever the order of their statements, transactions side by side leave everything right.

A seed draws who does what and whose statement is next. A seed that found a defect stays in FOUND.
"""

import re

import pytest
from players import CAST, play

SEEDS = range(1, 9)
FOUND = (139, 225)
SLOW_SEEDS = range(100, 250)
LOCK = re.compile(r"FOR (NO KEY )?UPDATE( OF \w+)?( SKIP LOCKED)?\s*$")
TABLES = (
    "inventory.point",
    "orders.sales_order",
    pytest.param("matching.capacity_day", marks=pytest.mark.slow),  # many circles, a second each
)
SEEDS_MAX = 4


def unlocked(table):
    """Forget to lock the rows of a table."""
    return lambda query: LOCK.sub("", query) if table in query else query


@pytest.mark.parametrize("seed", [*SEEDS, *FOUND])
def test_any_order_of_statements_leaves_everything_right(url, seed):
    wrong, drawn = play(url, seed)

    assert wrong == []
    assert set(drawn) == set(CAST)


@pytest.mark.slow
@pytest.mark.parametrize("seed", SLOW_SEEDS)
def test_any_order_of_statements_leaves_everything_right_at_length(url, seed):
    assert play(url, seed)[0] == []


@pytest.mark.parametrize("table", TABLES)
def test_a_lock_that_is_forgotten_is_caught(fresh_url, table):
    assert any(play(fresh_url(), seed, unlocked(table))[0] for seed in range(SEEDS_MAX))
