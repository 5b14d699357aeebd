"""The sourcing kernel against trying every set of nodes, on 500 nodes and 5 lines of one unit.

Both price the same parcels first, as whole arrays. Where most nodes have most lines, the baseline
then takes every node and every two nodes and every way to share the lines between them; up to four
nodes would be 2.6 thousand million sets. Where five nodes have each line, it takes every set of up
to four nodes that together have all lines. In the arm `4 parcels, theirs 2` ours looks for up to
four parcels while the baseline stops at two: it has less to do and may find dearer plans.

Seconds per order, the round with the lowest ratio. Violations: orders whose costs differ (in the
arm `4 parcels, theirs 2`: where ours is dearer).
"""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations, product
from time import perf_counter

import numpy as np
from msgspec.structs import replace

from oneshelf.matching.sourcing.parcels import POSSIBLE_MAX, Contents, price_parcels
from oneshelf.matching.sourcing.problem import Problem, Unsolvable
from oneshelf.matching.sourcing.solving import solve

NODES, LINES, OFFERS, TARIFFS = 500, 5, 2, 16
ORDERS, ROUNDS = 12, 3


Search = Callable[[Problem], int]


@dataclass(frozen=True, slots=True)
class Arm:
    """One comparison. stocked: the chance that a node has a line."""

    name: str
    baseline: Search
    baseline_parcels_max: int
    ours_parcels_max: int
    stocked: float


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
        site_sends=np.ones((NODES, LINES), np.bool_),
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
        tariff_carries=np.ones((TARIFFS, LINES), np.bool_),
        parcels_max=2,
        nodes_per_line_max=4,
    )


def cost_by_kernel(problem: Problem) -> int:
    """Return the cost of the kernel's plan."""
    answer = solve(problem)
    return POSSIBLE_MAX if isinstance(answer, Unsolvable) else answer.cost_millis


def cost_by_two_nodes(problem: Problem) -> int:
    """Return the least cost over every set of one or two nodes."""
    millis = price_parcels(problem, Contents(problem)).node_millis
    best = int(millis[-1].min())
    together = np.empty((NODES, NODES), np.int64)
    for content in range(1, len(millis) // 2):
        np.add(millis[content][:, None], millis[-1 - content], out=together)
        np.fill_diagonal(together, POSSIBLE_MAX)
        best = min(best, int(together.min()))
    return min(best, POSSIBLE_MAX)


def cost_by_covering_sets(problem: Problem) -> int:
    """Return the least cost over every set of up to four nodes that together have all lines."""
    millis = price_parcels(problem, Contents(problem)).node_millis
    held = (problem.site_stock > 0) @ (1 << np.arange(LINES)[::-1])
    useful = held.nonzero()[0]
    best = POSSIBLE_MAX
    for size in range(1, problem.parcels_max + 1):
        sets = useful[np.array(list(combinations(range(len(useful)), size)))].T
        sets = sets[:, np.bitwise_or.reduce(held[sets]) == len(millis) - 1]
        for senders in product(range(size), repeat=LINES):
            bits = [1 << (LINES - 1 - line) for line in range(LINES)]
            cost = np.zeros(sets.shape[1], np.int64)
            for member in set(senders):
                of_member = zip(bits, senders, strict=True)
                content = sum(bit for bit, sender in of_member if sender == member)
                cost += millis[content, sets[member]]
            best = min(best, int(cost.min(initial=POSSIBLE_MAX)))
    return best


def time_each(search: Search, problems: list[Problem]) -> tuple[float, list[int]]:
    """Return seconds per problem, and the costs."""
    started = perf_counter()
    costs = [search(problem) for problem in problems]
    return (perf_counter() - started) / len(problems), costs


def measure(arm: Arm) -> dict[str, str | float | int]:
    """Run both in turn on the same orders; keep the worst round."""
    drawn = [draw(seed, arm.stocked) for seed in range(ORDERS)]
    theirs = [replace(problem, parcels_max=arm.baseline_parcels_max) for problem in drawn]
    allowed = [replace(problem, parcels_max=arm.ours_parcels_max) for problem in drawn]
    time_each(cost_by_kernel, allowed)
    rounds, violations = [], 0
    for _ in range(ROUNDS):
        baseline, known = time_each(arm.baseline, theirs)
        ours, found = time_each(cost_by_kernel, allowed)
        rounds.append((baseline / ours, baseline, ours))
        pairs = zip(found, known, strict=True)
        same_job = arm.baseline_parcels_max == arm.ours_parcels_max
        violations += sum(new > old or (same_job and new < old) for new, old in pairs)
    ratio, baseline, ours = min(rounds)
    return {
        "name": f"sourcing_kernel/{arm.name}",
        "baseline": round(baseline, 6),
        "ours": round(ours, 6),
        "ratio": round(ratio, 1),
        "violations": violations,
    }


def main() -> None:
    """Print one JSON line for each arm; fail on any violation."""
    lines = [
        measure(arm)
        for arm in (
            Arm("2 parcels", cost_by_two_nodes, 2, 2, 0.4),
            Arm("4 parcels, theirs 2", cost_by_two_nodes, 2, 4, 0.4),
            Arm("4 parcels, scarce", cost_by_covering_sets, 4, 4, 0.01),
        )
    ]
    for line in lines:
        print(json.dumps(line))
    if any(line["violations"] for line in lines):
        sys.exit(1)


if __name__ == "__main__":
    main()
