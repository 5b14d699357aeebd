"""What holds for every answer of the kernel."""

from itertools import permutations
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from oneshelf.matching.sourcing import solving, splits
from oneshelf.matching.sourcing.large_orders import solve_large
from oneshelf.matching.sourcing.parcels import POSSIBLE_MAX, Contents, price_parcels
from oneshelf.matching.sourcing.problem import Problem, Solution, Unsolvable
from oneshelf.matching.sourcing.solving import servable, solve
from sourcing.drawing import Size, draw_problem, ints
from sourcing.oracle import cheapest, faults

seeds = st.integers(0, 2**32)
sizes = st.builds(Size, st.just(4), st.integers(1, 30), st.integers(1, 4), st.integers(1, 4))


def drawn(seed, size):
    return draw_problem(Random(seed), size)


def search_unreduced(problem):
    """Try every node for every load of every split; return the best by the written rule."""
    parcels = price_parcels(problem, Contents(problem))
    number = len(parcels.contents)
    parcels_max = min(problem.parcels_max, int(problem.wanted.sum()))
    cap = min(parcels_max, problem.nodes_per_line_max)
    shape = splits.Shape(tuple(problem.wanted.tolist()), parcels_max, cap)
    found = []
    for row, split in enumerate(splits.splits_of(shape, 1).T):
        loads = [int(load) for load in split if load < number]
        for nodes in permutations(range(len(parcels.node_site)), len(loads)):
            millis = [int(parcels.node_millis[at]) for at in zip(loads, nodes, strict=True)]
            if max(millis) < POSSIBLE_MAX:
                choice = list(zip(millis, nodes, strict=True))
                found.append((sum(millis), row, choice, loads))
    return min(found, default=None)


@given(seeds, st.integers(1, 6))
def test_only_the_cheapest_nodes_of_each_load_matter(seed, nodes):
    problem = drawn(seed, Size(lines=3, nodes=nodes, units=2, dates=1))
    best, answer = search_unreduced(problem), solve(problem)

    if best is None:
        assert isinstance(answer, Unsolvable)
    else:
        chosen = sorted((node, load) for (_, node), load in zip(best[2], best[3], strict=True))
        contents = splits.contents_up_to(tuple(problem.wanted.tolist()))
        assert answer.cost_millis == best[0]
        assert [(p.site, p.units) for p in answer.parcels] == [
            (node, tuple(contents[load].tolist())) for node, load in chosen
        ]


@given(seeds, sizes)
def test_an_answer_is_a_plan_and_the_others_are_dearer_plans(seed, size):
    problem = drawn(seed, size)
    answer = solve(problem)

    if isinstance(answer, Solution):
        plans = [answer.parcels, *answer.others]
        costs = [sum(parcel.cost_millis for parcel in plan) for plan in plans]
        assert [faults(problem, plan) for plan in plans] == [[]] * len(plans)
        assert costs == sorted(costs)
        assert len(plans) == len(set(plans)) <= 11
        assert answer.bound_millis <= answer.cost_millis == costs[0]
        assert all([p.site for p in plan] == sorted(p.site for p in plan) for plan in plans)


@settings(max_examples=500)
@given(seeds, sizes)
def test_an_order_in_one_parcel_is_decided_the_same_offer_by_offer_and_by_arrays(seed, size):
    problem = replace(drawn(seed, size), parcels_max=1)
    by_offers = solve(problem)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(solving, "FEW_OFFERS_MAX", 0)

        assert solve(problem) == by_offers


@given(seeds, sizes)
def test_the_same_problem_gets_the_same_answer(seed, size):
    first = solve(drawn(seed, size))
    splits.splits_of.cache_clear()

    assert solve(drawn(seed, size)) == first


@pytest.mark.parametrize("seed", [145, 169, 968, 1237])
def test_the_answer_does_not_depend_on_what_stood_in_memory_before(seed):
    problem = drawn(seed, Size(lines=3, nodes=6, units=4, dates=4))
    answers = set()
    for low in (-(2**62), 0, 2**40) * 4:
        left = [np.full(size, low) for size in range(1, 400)]
        del left
        answers.add(repr(solve(problem)))

    assert len(answers) == 1


@given(seeds, sizes)
def test_what_can_be_served_is_solvable_and_nothing_more_is(seed, size):
    problem = drawn(seed, size)
    served, answer = servable(problem), solve(problem)

    if isinstance(answer, Unsolvable):
        assert answer.missing == tuple((problem.wanted - served).tolist())
        assert isinstance(solve(replace(problem, wanted=served)), Solution)
        for line in (served < problem.wanted).nonzero()[0]:
            more = served + (np.arange(len(served)) == line)
            assert isinstance(solve(replace(problem, wanted=more)), Unsolvable)
    else:
        assert (served == problem.wanted).all()


@given(seeds)
def test_of_a_single_line_exactly_the_missing_units_are_missing(seed):
    problem = drawn(seed, Size(lines=1, nodes=4, dates=1, units=6))
    most = next(
        units
        for units in range(int(problem.wanted[0]), -1, -1)
        if units == 0 or cheapest(replace(problem, wanted=ints([units])))
    )

    assert servable(problem).tolist() == [most]


@given(seeds, sizes)
def test_a_bound_of_a_large_order_is_below_the_best_plan(seed, size):
    problem = drawn(seed, size)
    exact, large = solve(problem), solve_large(problem)

    if isinstance(large, Solution):
        plans = [large.parcels, *large.others]
        kept = [plan for plan in plans if len(plan) <= problem.parcels_max]
        assert large.proof == "bounded"
        assert large.bound_millis <= large.cost_millis
        assert [faults(problem, plan) for plan in kept] == [[]] * len(kept)
        if isinstance(exact, Solution):
            assert large.bound_millis <= exact.cost_millis
        if len(large.parcels) <= problem.parcels_max:
            assert exact.cost_millis <= large.cost_millis


@given(seeds)
@settings(max_examples=10)
def test_a_large_order_is_served_by_a_plan(seed):
    problem = drawn(seed, Size(lines=40, nodes=20, units=9, dates=2))
    wanted = servable(problem)
    answer = solve(replace(problem, wanted=wanted))

    assert isinstance(answer, Solution)
    assert set(faults(replace(problem, wanted=wanted), answer.parcels)) <= {"too many parcels"}


def shop(**changes):
    """Return one line of one unit (1 kg, 10 l) at two nodes with one offer each."""
    arrays = {
        "wanted": [1], "uses": [[1]], "weight_g": [1000], "volume_mm3": [10_000_000],
        "site_node": [0, 1], "site_stock": [[1], [1]], "unit_millis": [[5], [0]],
        "offer_site": [0, 1], "offer_millis": [0, 0], "offer_tariff": [0, 0],
        "offer_gram_micros": [0, 0], "tariff_base_millis": [100], "tariff_base_weight_g": [1000],
        "tariff_step_millis": [10], "tariff_step_weight_g": [500],
        "tariff_divisor_mm3_per_g": [0], "tariff_weight_g_max": [30_000],
    }  # fmt: skip
    lines = len(changes.get("wanted", [1]))
    return Problem(
        **{name: ints(changes.get(name, value)) for name, value in arrays.items()},
        parcels_max=changes.get("parcels_max", 4),
        nodes_per_line_max=changes.get("nodes_per_line_max", 4),
        site_sends=np.array(changes.get("site_sends", np.ones((2, lines))), np.bool_),
        tariff_carries=np.array(changes.get("tariff_carries", np.ones((1, lines))), np.bool_),
    )


@pytest.mark.parametrize(
    ("changes", "site", "cost_millis"),
    [
        ({}, 1, 100),
        ({"unit_millis": [[0], [0]]}, 0, 100),
        ({"site_stock": [[1], [0]]}, 0, 105),
        ({"tariff_divisor_mm3_per_g": [5000]}, 1, 120),
        ({"tariff_divisor_mm3_per_g": [4999]}, 1, 130),
        ({"offer_gram_micros": [9, 4]}, 1, 104),
        ({"offer_gram_micros": [0, 5]}, 0, 105),
    ],
)
def test_one_unit_goes_where_it_is_cheapest(changes, site, cost_millis):
    answer = solve(shop(**changes))

    assert answer.parcels[0].site == site
    assert answer.cost_millis == cost_millis


@pytest.mark.parametrize(
    "changes",
    [
        {"site_stock": [[0], [0]]},
        {"tariff_weight_g_max": [999]},
        {"offer_site": [], "offer_millis": [], "offer_tariff": [], "offer_gram_micros": []},
    ],
)
def test_what_no_parcel_can_bring_is_missing(changes):
    assert solve(shop(**changes)) == Unsolvable((1,))


def test_a_line_comes_from_no_more_nodes_than_allowed():
    assert solve(shop(wanted=[2])).cost_millis == 205
    assert solve(shop(wanted=[2], nodes_per_line_max=1)) == Unsolvable((1,))
    assert solve(shop(wanted=[2], parcels_max=1)) == Unsolvable((1,))


def test_a_node_sends_some_now_and_the_rest_when_it_arrives():
    answer = solve(
        shop(
            wanted=[2],
            site_node=[0, 0],
            site_stock=[[1], [2]],
            nodes_per_line_max=1,
            tariff_weight_g_max=[1500],
        )
    )

    assert [(p.site, p.units) for p in answer.parcels] == [(0, (1,)), (1, (1,))]


def test_nothing_wanted_needs_no_parcel():
    assert solve(shop(wanted=[0])) == Solution((), 0, 0, "optimal", ())
