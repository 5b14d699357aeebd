"""The sourcing kernel against trying every set of nodes, on 500 nodes and 5 lines of one unit.

Both price the same parcels first. The baseline then takes every node and every two nodes and every
way to share the lines between them, as whole arrays. In the arm `4 parcels` ours looks for up to
four parcels, which for sets of nodes would be 2.6 thousand million, while the baseline still stops
at two: it has less to do and may find dearer plans, never cheaper ones.

Seconds per order, the round with the lowest ratio. Violations: orders whose costs differ (in the
arm `4 parcels`: where ours is dearer).
"""

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from time import perf_counter

import numpy as np

from oneshelf.matching.sourcing.parcels import POSSIBLE_MAX, price_parcels
from oneshelf.matching.sourcing.problem import Problem, Unsolvable
from oneshelf.matching.sourcing.solving import solve

NODES, LINES, OFFERS, TARIFFS = 500, 5, 2, 16
ORDERS, ROUNDS = 8, 5


def draw(seed: int, stocked: float) -> Problem:
    """Draw an order and a network; each node has each line with the chance `stocked`."""
    chance = np.random.default_rng(seed)
    held = chance.random((NODES, LINES)) < stocked
    offers = NODES * OFFERS
    return Problem(
        wanted=np.ones(LINES, np.int64),
        uses=np.eye(LINES, dtype=np.int64),
        weight_g=chance.integers(100, 3_000, LINES),
        volume_mm3=chance.integers(100_000, 9_000_000, LINES),
        site_node=np.arange(NODES),
        site_stock=chance.integers(1, 9, (NODES, LINES)) * held,
        unit_millis=chance.integers(100, 9_000, (NODES, LINES)),
        offer_site=np.arange(NODES).repeat(OFFERS),
        offer_millis=chance.integers(500, 90_000, offers),
        offer_tariff=chance.integers(0, TARIFFS, offers),
        offer_gram_micros=chance.integers(1, 900, offers),
        tariff_base_millis=chance.integers(300_000, 900_000, TARIFFS),
        tariff_base_weight_g=np.full(TARIFFS, 1_000),
        tariff_step_millis=chance.integers(20_000, 90_000, TARIFFS),
        tariff_step_weight_g=np.full(TARIFFS, 500),
        tariff_divisor_mm3_per_g=np.full(TARIFFS, 5_000),
        tariff_weight_g_max=np.full(TARIFFS, 31_500),
        parcels_max=2,
        nodes_per_line_max=4,
    )


def cost_by_kernel(problem: Problem) -> int:
    """Return the cost of the kernel's plan."""
    answer = solve(problem)
    return POSSIBLE_MAX if isinstance(answer, Unsolvable) else answer.cost_millis


def cost_by_node_sets(problem: Problem) -> int:
    """Return the least cost over every set of one or two nodes."""
    millis = price_parcels(problem).node_millis
    best = int(millis[-1].min())
    together = np.empty((NODES, NODES), np.int64)
    for content in range(1, len(millis) // 2):
        np.add(millis[content][:, None], millis[-1 - content], out=together)
        np.fill_diagonal(together, POSSIBLE_MAX)
        best = min(best, int(together.min()))
    return min(best, POSSIBLE_MAX)


def time_each(search: Callable[[Problem], int], problems: list[Problem]) -> tuple[float, list[int]]:
    """Return seconds per problem, and the costs."""
    started = perf_counter()
    costs = [search(problem) for problem in problems]
    return (perf_counter() - started) / len(problems), costs


def measure(name: str, parcels_max: int, stocked: float) -> dict[str, str | float | int]:
    """Run both in turn on the same orders; keep the worst round."""
    problems = [draw(seed, stocked) for seed in range(ORDERS)]
    allowed = [replace(problem, parcels_max=parcels_max) for problem in problems]
    time_each(cost_by_kernel, allowed)
    rounds, violations = [], 0
    for _ in range(ROUNDS):
        baseline, known = time_each(cost_by_node_sets, problems)
        ours, found = time_each(cost_by_kernel, allowed)
        rounds.append((baseline / ours, baseline, ours))
        pairs = zip(found, known, strict=True)
        violations += sum(new > old or (new < old and parcels_max == 2) for new, old in pairs)
    ratio, baseline, ours = min(rounds)
    return {
        "name": name,
        "baseline": round(baseline, 6),
        "ours": round(ours, 6),
        "ratio": round(ratio, 1),
        "violations": violations,
    }


def main() -> None:
    """Print one JSON line for each arm; fail on any violation."""
    arms = [
        measure("sourcing_kernel/2 parcels", 2, 0.4),
        measure("sourcing_kernel/2 parcels, scarce", 2, 0.05),
        measure("sourcing_kernel/4 parcels", 4, 0.4),
    ]
    for arm in arms:
        print(json.dumps(arm))
    if any(arm["violations"] for arm in arms):
        sys.exit(1)


if __name__ == "__main__":
    main()
