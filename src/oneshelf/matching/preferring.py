"""What a shopper prefers, as limits on one sourcing problem. Pure.

cheapest: the least cost. earliest: the least cost among the plans whose last parcel arrives first.
fewest_parcels: the least cost among the plans with the fewest parcels.
"""

from typing import assert_never

import numpy as np
from msgspec.structs import replace

from oneshelf.matching.request import Preference
from oneshelf.matching.sourcing.parcels import Contents
from oneshelf.matching.sourcing.problem import Ints, Problem, SitedParcel, Solution, Unsolvable
from oneshelf.matching.sourcing.solving import OTHERS_MAX, solve


class Answers:
    """The answers to one problem, a preference each; what one finds out helps the next.

    Positions in the answers are those of the whole problem. The cheapest plan, once known, is
    returned itself where it answers another preference too, and no plan is looked for among those
    that it has beaten.
    """

    def __init__(
        self, problem: Problem, offer_arrives_on: Ints, others_max: int = OTHERS_MAX
    ) -> None:
        """Take the problem, the day [O] on which each offer arrives, and how many to tell."""
        self._problem = problem
        self._arrives_on = offer_arrives_on
        self._others_max = others_max
        self._contents = Contents(problem)
        self._cheapest: Solution | None = None

    def best(self, preference: Preference) -> Solution | Unsolvable:
        """Solve for a preference."""
        if not any(self._problem.wanted.tolist()):
            return self._solve(self._problem)
        if not len(self._problem.offer_site):
            return Unsolvable(tuple(self._problem.wanted.tolist()))
        match preference:
            case "cheapest":
                return self._best_of_all()
            case "earliest":
                return self._earliest()
            case "fewest_parcels":
                return self._fewest_parcels()
            case _:
                assert_never(preference)

    def _best_of_all(self) -> Solution | Unsolvable:
        if self._cheapest is not None:
            return self._cheapest
        answer = self._solve(self._problem)
        if isinstance(answer, Solution):
            self._cheapest = answer
        return answer

    def _earliest(self) -> Solution | Unsolvable:
        days = self._arrives_on.tolist()
        last = max(days)
        if self._cheapest is not None:
            last = max(days[parcel.offer] for parcel in self._cheapest.parcels)
        for day in sorted(day for day in set(days) if day < last):
            offers = (self._arrives_on <= day).nonzero()[0]
            if _enough(self._problem, self._problem.offer_site[offers]):
                solution = self._solve(_only(self._problem, offers))
                if isinstance(solution, Solution):
                    return _renumbered(solution, offers)
        return self._best_of_all()

    def _fewest_parcels(self) -> Solution | Unsolvable:
        if self._cheapest is None or len(self._cheapest.parcels) > 1:
            for parcels_max in range(1, self._problem.parcels_max):
                solution = self._solve(replace(self._problem, parcels_max=parcels_max))
                if isinstance(solution, Solution):
                    return solution
        return self._best_of_all()

    def _solve(self, problem: Problem) -> Solution | Unsolvable:
        return solve(problem, self._others_max, self._contents)


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
