"""What every parcel would cost: the cheapest offer for every content from every site. Pure.

A content is a vector of units up to `wanted`, numbered in mixed radix: the last line counts
fastest, 0 is empty and the last is the whole order. Costs in millis.
"""

from collections import Counter
from functools import cached_property, lru_cache

import numpy as np
from msgspec import Struct, structs

from oneshelf.matching.sourcing.problem import Ints, Problem

# Adding eleven of these (ten lines and freight), or four parcels of them, stays within 63 bits.
NEVER = 1 << 58
# A rebate on a parcel that cannot go brings it a little below NEVER; no real cost comes near.
POSSIBLE_MAX = NEVER // 2
# Once it has given back a block of this size, glibc keeps smaller ones; else every order's arrays
# would be asked of the system anew, which doubles the time of an order of 5 lines at 500 nodes.
np.empty(1 << 24, np.int8)


class Parcels(Struct, frozen=True):
    """The cheapest parcel of each content from each site.

    contents[M, L]: units of each line. millis[M, S]: cost, above POSSIBLE_MAX where none
    can go.
    node_site[N]: first site of each node that has one. node_millis[M, N]: the best of its sites.
    offer_millis[M, O]: what the offer takes for the content. offer_slots[K, S]: the offers of each
    site, one of them several times where others have more.
    """

    problem: Problem
    contents: Ints
    millis: Ints
    node_site: Ints
    node_millis: Ints
    offer_slots: Ints
    offer_millis: Ints

    def offers(self, sites: Ints, contents: Ints) -> Ints:
        """Return the cheapest offer for each (site, content), the first one of equals."""
        offers = self.offer_slots[:, sites]
        cost = self.offer_millis[contents, offers]
        cheapest: Ints = offers[cost.argmin(axis=0), np.arange(len(sites))]
        return cheapest

    def narrow(self, wanted: Ints) -> "Parcels":
        """Return the same of an order that wants no more of any line."""
        rows = np.nonzero((self.contents <= wanted).all(axis=1))[0]
        millis = self.millis[rows]
        single = self.node_millis is self.millis
        return structs.replace(
            self,
            problem=structs.replace(self.problem, wanted=wanted),
            contents=self.contents[rows],
            millis=millis,
            node_millis=millis if single else self.node_millis[rows],
            offer_millis=self.offer_millis[rows],
        )


class Contents:
    """Every content of a problem, with what does not depend on who carries it, worked out once.

    Problems that differ in offers and number of parcels alone can share them.
    """

    def __init__(self, problem: Problem) -> None:
        """Take the problem; nothing is worked out before it is asked for."""
        self._problem = problem

    @cached_property
    def units(self) -> Ints:
        """Units of each line [M, L]."""
        return contents_up_to(tuple(self._problem.wanted.tolist()))

    @cached_property
    def weight_g(self) -> Ints:
        """Weight [M]."""
        weight_g: Ints = self.units @ self._problem.weight_g
        return weight_g

    @cached_property
    def goods_millis(self) -> Ints:
        """Labour and opportunity price [M, S], NEVER where stock or leave does not suffice."""
        return _goods_millis(self._problem, self.units)

    @cached_property
    def freight_millis(self) -> Ints:
        """What each tariff takes [M, T]."""
        return freight_millis(self._problem, self.units, self.weight_g)


@lru_cache(maxsize=512)
def contents_up_to(wanted: tuple[int, ...]) -> Ints:
    """Return every vector of units from none to `wanted`, in order of their numbers: [M, L]."""
    lines = [line for line, units in enumerate(wanted) if units]  # NumPy counts 64 sides at most
    counted = np.indices([wanted[line] + 1 for line in lines], dtype=np.int64)
    contents = np.zeros((counted[0].size if lines else 1, len(wanted)), np.int64)
    contents[:, lines] = counted.reshape(len(lines), len(contents)).T
    return contents


def price_parcels(problem: Problem, contents: Contents) -> Parcels:
    """Price every content at every site. The problem has at least one site and one offer."""
    costs = contents.freight_millis.take(problem.offer_tariff, axis=1)
    costs += problem.offer_millis
    if problem.offer_gram_micros.any():
        costs += contents.weight_g[:, None] * problem.offer_gram_micros // 1000
    counts = np.bincount(problem.offer_site, minlength=len(problem.site_node))
    end = counts.cumsum()
    # A site with fewer offers than another repeats its last one, which changes no minimum.
    slots = np.minimum(end - counts + np.arange(counts.max())[:, None], end - 1)
    millis = np.full((len(costs), len(counts)), NEVER)
    for offers in slots:
        np.minimum(millis, costs.take(offers, axis=1), out=millis)
    millis += contents.goods_millis
    np.minimum(millis, NEVER, out=millis)
    millis[0] = NEVER
    if not counts.all():
        millis[:, counts == 0] = NEVER
    first_of_node = np.ones(len(counts), np.bool_)
    np.not_equal(problem.site_node[1:], problem.site_node[:-1], out=first_of_node[1:])
    node_site = first_of_node.nonzero()[0]
    several = len(node_site) < len(counts)
    node_millis = np.minimum.reduceat(millis, node_site, axis=1) if several else millis
    return Parcels(problem, contents.units, millis, node_site, node_millis, slots, costs)


def _goods_millis(problem: Problem, contents: Ints) -> Ints:
    stock, unit = problem.site_stock.T.copy(), problem.unit_millis.T.copy()
    barred = None if problem.site_sends.all() else ~problem.site_sends.T
    goods: Ints = np.zeros((1, stock.shape[1]), np.int64)
    lines_using: Counter[int] = Counter()
    wanted_and_uses = zip(problem.wanted.tolist(), problem.uses.tolist(), strict=True)
    for line, (units, uses) in enumerate(wanted_and_uses):
        if units == 0:
            continue
        counted = _counted(units)
        cost = counted * unit[line]
        if barred is not None:
            cost[1:, barred[line]] = NEVER
        for component, each in enumerate(uses):
            if each:
                lines_using[component] += 1
                cost[counted * each > stock[component]] = NEVER
        goods = (goods[:, None, :] + cost).reshape(-1, stock.shape[1])
    for component, lines in lines_using.items():
        if lines > 1:
            needed = (contents @ problem.uses[:, component])[:, None]
            goods[needed > stock[component]] = NEVER
    return goods


@lru_cache(maxsize=512)
def _counted(units: int) -> Ints:
    return np.arange(units + 1)[:, None]


def freight_millis(problem: Problem, contents: Ints, weight_g: Ints) -> Ints:
    """Return what each tariff takes [M, T], NEVER for what is too heavy or not carried."""
    divisor = problem.tariff_divisor_mm3_per_g
    bulk_g = -(-(contents @ problem.volume_mm3)[:, None] // np.maximum(divisor, 1))
    chargeable_g = np.maximum(weight_g[:, None], bulk_g * (divisor > 0))
    over_g = np.maximum(chargeable_g - problem.tariff_base_weight_g, 0)
    steps: Ints = -(-over_g // np.maximum(problem.tariff_step_weight_g, 1))
    freight: Ints = problem.tariff_base_millis + steps * problem.tariff_step_millis
    freight[weight_g[:, None] > problem.tariff_weight_g_max] = NEVER
    if not problem.tariff_carries.all():
        freight[(contents > 0) @ ~problem.tariff_carries.T] = NEVER
    return freight
