"""Each known bug is caught by its law, and without it the same run violates nothing."""

import pytest
from runs import torture, with_bug

RUNS = {
    "one_shelf": 700,
    "repeats": 400,
    "short_carts": 500,
}
SLOW_RUNS = {"kills": 1_500}
BUG_MINUTES = 0.2  # some bugs make everybody wait
BUGS = {
    # The CHECKs of the database refuse what two servers took at once: a valid order gets an error.
    "points_are_not_locked": ("one_shelf", {"expected"}),
    "balances_are_read_then_written": ("one_shelf", {"ledger"}),
    "repeats_are_not_known": ("repeats", {"deeds"}),
    # Who lapses a hold a second time meets a CHECK (which a process logs), the ledger, the facts,
    # or the other one: each waits for a hold that the other has, time after time.
    "holds_lapse_without_a_lock": (
        "short_carts",
        {"ledger", "facts_written", "processes", "circles"},
    ),
}
SLOW_BUGS = {"facts_are_written_after_the_commit": ("kills", {"facts_written"})}
SEEDS_MAX = 12  # a kill must fall between a commit and what follows it: it does in six of ten runs


@pytest.mark.parametrize("bug", BUGS)
def test_a_known_bug_is_caught(bug, tmp_path):
    focus, laws = BUGS[bug]
    source = with_bug(bug, tmp_path)
    broken, _ = torture(focus, RUNS[focus], source=source, minutes=BUG_MINUTES)

    assert laws & broken.keys()


@pytest.mark.slow
@pytest.mark.parametrize("bug", SLOW_BUGS)
def test_a_known_bug_that_only_a_kill_shows_is_caught(bug, tmp_path):
    focus, laws = SLOW_BUGS[bug]
    source = with_bug(bug, tmp_path)
    caught = any(
        laws & torture(focus, SLOW_RUNS[focus], source=source, seed=seed)[0].keys()
        for seed in range(1, SEEDS_MAX + 1)
    )

    assert caught


@pytest.mark.slow
@pytest.mark.parametrize("focus", SLOW_RUNS)
def test_without_a_bug_the_same_kills_violate_nothing(focus):
    broken, told = torture(focus, SLOW_RUNS[focus])

    assert broken == {}
    assert told["orders"] > 0


@pytest.mark.parametrize("focus", RUNS)
def test_without_a_bug_the_same_run_violates_nothing(focus):
    broken, told = torture(focus, RUNS[focus])

    assert broken == {}
    assert told["orders"] > 0


def test_a_short_run_of_everything_violates_nothing():
    broken, told = torture("everything", 3_000)

    assert broken == {}
    assert told["orders"] > 0
