"""What a shopper prefers, as limits on one sourcing problem. Pure.

cheapest: the least cost. earliest: the least cost among the plans whose last parcel arrives first.
fewest_parcels: the least cost among the plans with the fewest parcels.
"""

import numpy as np
from msgspec.structs import replace

from oneshelf.matching.request import Preference
from oneshelf.matching.sourcing.problem import Ints, Problem, SitedParcel, Solution, Unsolvable
from oneshelf.matching.sourcing.solving import OTHERS_MAX, solve


def solve_preferred(
    problem: Problem,
    offer_arrives_on: Ints,
    preference: Preference,
    cheapest: Solution | None = None,
    others_max: int = OTHERS_MAX,
) -> Solution | Unsolvable:
    """Solve; positions in the answer are those of the whole problem.

    cheapest: the answer to that preference, where it is known: it is returned itself if it is the
    answer to this one too, and no plan is looked for among those it has already beaten.
    """
    if not any(problem.wanted.tolist()):
        return solve(problem)
    if not len(problem.offer_site):
        return Unsolvable(tuple(problem.wanted.tolist()))
    if preference == "earliest":
        return _earliest(problem, offer_arrives_on, cheapest, others_max)
    if preference == "fewest_parcels" and (cheapest is None or len(cheapest.parcels) > 1):
        for parcels_max in range(1, problem.parcels_max):
            solution = solve(replace(problem, parcels_max=parcels_max), others_max)
            if isinstance(solution, Solution):
                return solution
    return cheapest or solve(problem, others_max)


def _earliest(
    problem: Problem, arrives_on: Ints, cheapest: Solution | None, others_max: int
) -> Solution | Unsolvable:
    days = np.unique(arrives_on)[:-1]
    if cheapest is not None:
        days = days[days < max(arrives_on[parcel.offer] for parcel in cheapest.parcels)]
    for day in days.tolist():
        offers = (arrives_on <= day).nonzero()[0]
        if _enough(problem, problem.offer_site[offers]):
            solution = solve(_only(problem, offers), others_max)
            if isinstance(solution, Solution):
                return _renumbered(solution, offers)
    return cheapest or solve(problem, others_max)


def _enough(problem: Problem, sites: Ints) -> bool:
    """Say whether these sites might have what is wanted; a later site counts an earlier's too."""
    used = np.zeros(len(problem.site_node), np.bool_)
    used[sites] = True
    needed = problem.wanted @ problem.uses
    return bool((problem.site_stock[used].sum(axis=0) >= needed).all())


def _only(problem: Problem, offers: Ints) -> Problem:
    return replace(
        problem,
        offer_site=problem.offer_site[offers],
        offer_millis=problem.offer_millis[offers],
        offer_tariff=problem.offer_tariff[offers],
        offer_gram_micros=problem.offer_gram_micros[offers],
    )


def _renumbered(solution: Solution, offers: Ints) -> Solution:
    def whole(parcels: tuple[SitedParcel, ...]) -> tuple[SitedParcel, ...]:
        return tuple(
            SitedParcel(one.site, int(offers[one.offer]), one.units, one.cost_millis)
            for one in parcels
        )

    return replace(
        solution,
        parcels=whole(solution.parcels),
        others=tuple(whole(other) for other in solution.others),
    )
