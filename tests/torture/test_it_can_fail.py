"""Each known bug is caught by its law, and without it the same run violates nothing."""

import pytest
from runs import torture, with_bug

RUNS = {
    "one_shelf": 700,
    "repeats": 400,
    "short_carts": 500,
    "kills": 1_500,
}
BUGS = {
    # The CHECKs of the database refuse what two servers took at once: a valid order gets an error.
    "points_are_not_locked": ("one_shelf", "expected"),
    "balances_are_read_then_written": ("one_shelf", "ledger"),
    "repeats_are_not_known": ("repeats", "deeds"),
    "holds_lapse_without_a_lock": ("short_carts", "ledger"),
    "facts_are_written_after_the_commit": ("kills", "facts_written"),
}


@pytest.mark.parametrize("bug", BUGS)
def test_a_known_bug_is_caught(bug, tmp_path):
    focus, law = BUGS[bug]
    broken, _ = torture(focus, RUNS[focus], source=with_bug(bug, tmp_path))

    assert law in broken


@pytest.mark.parametrize("focus", RUNS)
def test_without_a_bug_the_same_run_violates_nothing(focus):
    broken, told = torture(focus, RUNS[focus])

    assert broken == {}
    assert told["orders"] > 0


def test_a_short_run_of_everything_violates_nothing():
    broken, told = torture("everything", 3_000)

    assert broken == {}
    assert told["orders"] > 0
