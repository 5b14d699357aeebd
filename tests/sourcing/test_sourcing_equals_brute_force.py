"""Sourcing finds what trying every plan finds, on 10,000 problems of any kind."""

from itertools import combinations, count
from random import Random

import numpy as np
import pytest

from oneshelf.matching.sourcing.problem import Unsolvable
from oneshelf.matching.sourcing.solving import solve
from sourcing.drawing import Size, draw_apart, draw_problem
from sourcing.oracle import TooManyPlansError, cheapest, faults

PARTS = 4
CASES = 10_000 // PARTS


def draw_case(seed):
    """Draw until there are not too many plans: 20,000 now and then, else fewer, to be quick."""
    chance = Random(seed)
    for attempt in count():
        problem = (draw_apart if seed % 8 == 0 else draw_problem)(chance, Size())
        try:
            return problem, cheapest(problem, 20_000 if (seed + attempt) % 40 == 0 else 1_000)
        except TooManyPlansError:
            continue
    return None


def found_by_kernel(problem):
    """Return what the oracle returns, and the plan's faults."""
    answer = solve(problem)
    if isinstance(answer, Unsolvable):
        return None, []
    nodes = {int(problem.site_node[parcel.site]) for parcel in answer.parcels}
    several = len(nodes) < len(answer.parcels)
    return (answer.cost_millis, several, len(answer.parcels)), faults(problem, answer.parcels)


@pytest.mark.parametrize("part", range(PARTS))
def test_sourcing_equals_brute_force(part):
    different = []
    for seed in range(part * CASES, (part + 1) * CASES):
        problem, best = draw_case(seed)
        if found_by_kernel(problem) != (best, []):
            different.append(seed)

    assert different == []


def goes_apart(problem, parcels):
    """Tell whether one node sends two parcels of which no offer could take both."""
    for one, other in combinations(parcels, 2):
        lines = (np.array(one.units) > 0) | (np.array(other.units) > 0)
        if problem.site_node[one.site] == problem.site_node[other.site]:
            return not any(problem.tariff_carries[:, lines].all(axis=1))
    return False


def test_the_cases_hold_splits_kits_dates_refusals_and_lines_that_may_not_go():
    split = kits = several = none = barred = refused = apart = 0
    for seed in range(800):
        problem, best = draw_case(seed)
        none += best is None
        kits += not np.array_equal(problem.uses, np.eye(len(problem.uses)))
        if best is not None:
            several += best[1]
            barred += not problem.site_sends.all()
            refused += not problem.tariff_carries.all()
            parcels = solve(problem).parcels
            apart += goes_apart(problem, parcels)
            split += any(
                np.count_nonzero(line) > 1 for line in zip(*(p.units for p in parcels), strict=True)
            )

    assert min(split, kits, none, barred, refused) > 40
    assert min(several, apart) > 4
