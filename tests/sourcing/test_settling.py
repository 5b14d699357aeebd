"""Splits into two loads are settled by plain numbers as the arrays would settle them."""

from random import Random

import numpy as np

from oneshelf.matching.sourcing import settling
from oneshelf.matching.sourcing.parcels import NEVER, POSSIBLE_MAX
from oneshelf.matching.sourcing.settling import rank_nodes, settle
from oneshelf.matching.sourcing.splits import Shape, contents_up_to, splits_of

CASES = 400


def draw_case(chance):
    wanted = chance.choice([(2,), (3,), (1, 1), (2, 1), (2, 2), (1, 1, 1), (20,)])
    splits = splits_of(Shape(wanted, 2, chance.choice([1, 2])), 1)
    nodes = chance.randint(1, 4)
    costs = [[draw_cost(chance) for _ in range(nodes)] for _ in contents_up_to(wanted)]
    costs[0] = [NEVER] * nodes
    return rank_nodes(np.array(costs, np.int64), 2), splits


def draw_cost(chance):
    return NEVER if chance.random() < 0.3 else chance.randint(1, 5)


def possible(settled):
    rows = zip(settled.millis.tolist(), settled.row.tolist(), settled.node.T.tolist(), strict=True)
    return [row for row in rows if row[0] < POSSIBLE_MAX]


def test_two_loads_are_settled_by_numbers_as_by_arrays(monkeypatch):
    cases = [draw_case(Random(seed)) for seed in range(CASES)]
    by_numbers = [possible(settle([ranking], splits)) for ranking, splits in cases]
    monkeypatch.setattr(settling, "PAIR", 0)

    assert by_numbers == [possible(settle([ranking], splits)) for ranking, splits in cases]
