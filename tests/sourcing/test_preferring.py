"""Knowing the cheapest plan saves searches and changes no answer."""

from random import Random

import numpy as np
import pytest
from drawing import Size, draw_problem

from oneshelf.matching.preferring import Answers
from oneshelf.matching.sourcing.problem import Solution
from oneshelf.matching.sourcing.solving import solve

CASES = 300


@pytest.mark.parametrize("preference", ["cheapest", "earliest", "fewest_parcels"])
def test_what_is_known_of_the_cheapest_plan_changes_no_answer(preference):
    reused = 0
    for seed in range(CASES):
        chance = Random(seed)
        problem = draw_problem(chance, Size(lines=3, nodes=4, units=2))
        arrives_on = np.array([chance.randint(1, 4) for _ in problem.offer_site], np.int64)
        answers = Answers(problem, arrives_on)
        cheapest = answers.best("cheapest")
        if not isinstance(cheapest, Solution):
            continue
        searched = Answers(problem, arrives_on).best(preference)
        known = answers.best(preference)
        reused += known is cheapest

        assert (known.parcels, known.cost_millis) == (searched.parcels, searched.cost_millis), seed
    assert reused > 10


def test_fewer_others_change_no_plan():
    for seed in range(CASES):
        problem = draw_problem(Random(seed), Size(lines=3, nodes=4, units=2))
        all_told, one_told = solve(problem), solve(problem, 1)
        if isinstance(all_told, Solution):
            assert one_told.parcels == all_told.parcels, seed
            assert [cost(plan) for plan in one_told.others] == [
                cost(plan) for plan in all_told.others[:1]
            ], seed


def cost(plan):
    return sum(parcel.cost_millis for parcel in plan)
