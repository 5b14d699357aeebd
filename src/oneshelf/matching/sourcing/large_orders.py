"""Orders too large to search all plans: a good plan, and how far from the best it can be. Pure.

A plan opens sites, one a node; each line, those with the fewest choices first, goes to the open
site where its units are cheapest and that holds all of it, else to those that hold most of it. The
search opens, closes and exchanges sites while that serves more or costs less.

It keeps to parcels_max where it finds a plan that does; where it finds none, it opens further
nodes, and the bound is then that of all plans of any number of parcels.

What no offer of a site carries in one parcel goes in several: by the offer that takes most of it,
the rest from the node's later sites.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from msgspec import structs

from oneshelf.matching.sourcing.coverage import cover
from oneshelf.matching.sourcing.parcels import NEVER, POSSIBLE_MAX, freight_millis
from oneshelf.matching.sourcing.problem import Ints, Problem, SitedParcel, Solution, Unsolvable

OTHERS_MAX = 10
CANDIDATES_MAX = 16
TRIALS_MAX = 300
LINES_TRIED_MAX = 60_000
FREE_UNITS_MAX = 1 << 40
PRICES_TRIED = 32


@dataclass(frozen=True, slots=True)
class Ground:
    """What every plan of the order is made from.

    cover[S, L]: units the site could send alone. price[S, L]: of a unit, its weight included.
    weight_g_max[S]: of the heaviest parcel it can send. uses: (component, units) of each line.
    first_offer[S + 1]. last_site: of each site's node.
    """

    problem: Problem
    cover: Ints
    price: Ints
    weight_g_max: Ints
    first_offer: Ints
    last_site: Ints
    uses: list[list[tuple[int, int]]]


@dataclass(frozen=True, slots=True)
class Trial:
    """What a set of open sites leads to."""

    unserved: Ints
    cost_millis: int
    parcels: tuple[SitedParcel, ...]

    def rank(self, parcels_max: int) -> tuple[int, int, int, int]:
        """Serve more first, then keep to the parcels allowed, then cost less, then send fewer."""
        over = max(0, len(self.parcels) - parcels_max)
        return int(self.unserved.sum()), over, self.cost_millis, len(self.parcels)


def solve_large(problem: Problem) -> Solution | Unsolvable:
    """Find a good plan. others: the cheapest of the other plans that the search met.

    Unsolvable says what the fullest plan met leaves out; it is no proof that there is none.
    """
    if not len(problem.site_node) or not len(problem.offer_site):
        return Unsolvable(tuple(problem.wanted.tolist()))
    ground = _survey(problem)
    trials = _trials(ground)
    best = min(trials, key=lambda trial: trial.rank(problem.parcels_max))
    if best.unserved.any():
        return Unsolvable(tuple(best.unserved.tolist()))
    others = {trial.parcels: trial for trial in trials if not trial.unserved.any()}
    others.pop(best.parcels)
    kept = len(best.parcels) <= problem.parcels_max
    bound = _bound(ground, problem.parcels_max if kept else len(problem.site_node))
    return Solution(
        best.parcels,
        best.cost_millis,
        min(bound, best.cost_millis),
        "bounded",
        tuple(sorted(others, key=lambda sent: others[sent].rank(len(sent)))[:OTHERS_MAX]),
    )


def serve_large(problem: Problem) -> Ints:
    """Return units of each line that one plan serves together."""
    wanted = problem.wanted
    while isinstance(answer := solve_large(structs.replace(problem, wanted=wanted)), Unsolvable):
        wanted = wanted - np.array(answer.missing)
        if not wanted.any():
            break
    return wanted


def _survey(problem: Problem) -> Ground:
    first = problem.offer_site.searchsorted(np.arange(len(problem.site_node) + 1))
    tariff = problem.offer_tariff
    step_g = np.maximum(problem.tariff_step_weight_g, 1)
    gram_millis = (problem.tariff_step_millis / step_g)[tariff] + problem.offer_gram_micros / 1000
    slope = np.full(len(problem.site_node), np.inf)
    np.minimum.at(slope, problem.offer_site, gram_millis)
    heaviest = np.full(len(problem.site_node), -1)
    np.maximum.at(heaviest, problem.offer_site, problem.tariff_weight_g_max[tariff])
    carried = np.zeros(problem.site_sends.shape, np.bool_)
    bears = problem.weight_g <= problem.tariff_weight_g_max[:, None]
    np.logical_or.at(carried, problem.offer_site, (problem.tariff_carries & bears)[tariff])
    weighed = np.where(heaviest < 0, 0, slope)[:, None] * problem.weight_g
    uses: list[list[tuple[int, int]]] = [[] for _ in problem.wanted]
    for line, component in zip(*(axis.tolist() for axis in problem.uses.nonzero()), strict=True):
        uses[line].append((component, int(problem.uses[line, component])))
    price = problem.unit_millis + weighed.astype(np.int64)
    last = problem.site_node.searchsorted(problem.site_node, "right") - 1
    return Ground(problem, cover(problem) * carried, price, heaviest, first, last, uses)


def _trials(ground: Ground) -> list[Trial]:
    """Try sets of sites, from a greedy start, by exchanging one at a time; return all tried."""
    problem, parcels_max = ground.problem, ground.problem.parcels_max
    budget = min(TRIALS_MAX, LINES_TRIED_MAX // len(problem.wanted))
    tried: dict[tuple[int, ...], Trial] = {}

    def attempt(sites: Iterable[int]) -> Trial:
        key = tuple(sorted(sites))
        if key not in tried:
            tried[key] = _fill(ground, key)
        return tried[key]

    candidates = _candidates(ground)
    for site in candidates:
        attempt([site])
    chosen = _greedy(ground, parcels_max)
    best = attempt(chosen)
    improved = True
    while improved:
        improved = False
        for sites in _neighbours(chosen, candidates, problem):
            if len(tried) == budget:
                break
            trial = attempt(sites)
            if trial.rank(parcels_max) < best.rank(parcels_max):
                best, chosen, improved = trial, sites, True
                break
    if min(trial.unserved.sum() for trial in tried.values()) > 0:
        attempt(_greedy(ground, len(problem.site_node)))
    return list(tried.values())


def _candidates(ground: Ground) -> list[int]:
    """Return sites worth trying: those that serve most, and those that serve cheapest."""
    node, stock = ground.problem.site_node, ground.problem.site_stock
    served = ground.cover.sum(axis=1)
    served[1:][(node[1:] == node[:-1]) & (stock[1:] == stock[:-1]).all(axis=1)] = 0
    price = (ground.cover * ground.price).sum(axis=1) / np.maximum(served, 1)
    able = (served > 0).nonzero()[0]
    most = able[np.lexsort((price[able], -served[able]))][: CANDIDATES_MAX // 2]
    cheapest = able[price[able].argsort(kind="stable")][: CANDIDATES_MAX // 2]
    return list(dict.fromkeys([*most.tolist(), *cheapest.tolist()]))


def _greedy(ground: Ground, sites_max: int) -> list[int]:
    """Open the site that serves most of what is left, the cheapest of equals, and so on."""
    left = ground.problem.wanted.copy()
    cover_left = ground.cover.copy()
    chosen: list[int] = []
    while len(chosen) < sites_max and left.any():
        units = np.minimum(cover_left, left)
        served = units.sum(axis=1)
        if not served.any():
            break
        equal = (served == served.max()).nonzero()[0]
        site = int(equal[(units[equal] * ground.price[equal]).sum(axis=1).argmin()])
        chosen.append(site)
        left -= units[site]
        cover_left[ground.problem.site_node == ground.problem.site_node[site]] = 0
    return chosen


def _neighbours(chosen: list[int], candidates: list[int], problem: Problem) -> list[list[int]]:
    """Return the sets with one site less, one exchanged, or one more; one site a node."""
    less = [[site for site in chosen if site != closed] for closed in chosen]
    bases = [*less, chosen] if len(chosen) < problem.parcels_max else less
    more = [
        [*base, site]
        for base in bases
        for site in candidates
        if problem.site_node[site] not in problem.site_node[base]
    ]
    return [sites for sites in [*less, *more] if sites]


def _fill(ground: Ground, sites: tuple[int, ...]) -> Trial:
    """Send each line from the open sites."""
    problem = ground.problem
    opened = list(sites)
    choices = (ground.cover[opened] >= problem.wanted).sum(axis=0)
    by_price = np.argsort(ground.price[opened], axis=0, kind="stable").T.tolist()
    stock, alone = problem.site_stock[opened].tolist(), ground.cover[opened].tolist()
    weight_g_left = ground.weight_g_max[opened].tolist()
    weight_g, wanted = problem.weight_g.tolist(), problem.wanted.tolist()
    sent = np.zeros((len(opened), len(wanted)), np.int64)
    for line in choices.argsort(kind="stable").tolist():
        uses, gram, left = ground.uses[line], weight_g[line], wanted[line]
        able = []
        for at in by_price[line]:
            most = min((stock[at][component] // units for component, units in uses), default=left)
            by_weight = weight_g_left[at] // gram if gram else FREE_UNITS_MAX
            able.append((max(0, min(most, by_weight, left, alone[at][line])), at))
        whole = [(units, at) for units, at in able if units == left]
        parts = sorted(able, key=lambda each: -each[0])[: problem.nodes_per_line_max]
        for most, at in whole[:1] or parts:
            units = min(most, left)
            left -= units
            sent[at, line] = units
            weight_g_left[at] -= units * gram
            for component, each in uses:
                stock[at][component] -= units * each
    parcels = tuple(
        parcel
        for site, units in zip(opened, sent, strict=True)
        for parcel in _parcels(ground, site, units)
    )
    cost = sum(parcel.cost_millis for parcel in parcels)
    left_out = problem.wanted.copy()
    for parcel in parcels:
        left_out -= parcel.units
    return Trial(left_out, cost, parcels)


def _parcels(ground: Ground, site: int, units: Ints) -> list[SitedParcel]:
    """Send the units from the site; what one offer cannot take, from the node's later sites."""
    parcels: list[SitedParcel] = []
    for at in range(site, int(ground.last_site[site]) + 1):
        if not units.any():
            break
        if ground.first_offer[at] == ground.first_offer[at + 1]:
            continue
        parcel = _parcel(ground, at, units)
        if parcel.cost_millis >= POSSIBLE_MAX:
            parcel = _parcel(ground, at, _most(ground, at, units))
        if any(parcel.units) and parcel.cost_millis < POSSIBLE_MAX:
            parcels.append(parcel)
            units = units - np.array(parcel.units, np.int64)
    return parcels


def _most(ground: Ground, site: int, units: Ints) -> Ints:
    """Return what the offer of the site that takes most of the units takes of them."""
    problem = ground.problem
    offers = slice(int(ground.first_offer[site]), int(ground.first_offer[site + 1]))
    loads = []
    for tariff in np.unique(problem.offer_tariff[offers]).tolist():
        load = units * problem.tariff_carries[tariff]
        left_g = int(problem.tariff_weight_g_max[tariff])
        for line in load.nonzero()[0].tolist():
            each_g = int(problem.weight_g[line])
            load[line] = min(load[line], left_g // each_g) if each_g else load[line]
            left_g -= int(load[line]) * each_g
        loads.append(load)
    return max(loads, key=lambda load: int(load.sum()))


def _parcel(ground: Ground, site: int, units: Ints) -> SitedParcel:
    """Send the units by the site's cheapest offer, the lowest of equals."""
    problem = ground.problem
    first = int(ground.first_offer[site])
    offers = slice(first, int(ground.first_offer[site + 1]))
    weight_g = int(units @ problem.weight_g)
    freight = freight_millis(problem, units[None], np.array([weight_g]))[0]
    cost = freight[problem.offer_tariff[offers]] + problem.offer_millis[offers]
    cost += weight_g * problem.offer_gram_micros[offers] // 1000
    cheapest = int(cost.argmin())
    goods = int(units @ problem.unit_millis[site])
    return SitedParcel(site, first + cheapest, tuple(units.tolist()), int(cost[cheapest]) + goods)


def _bound(ground: Ground, parcels_max: int) -> int:
    """Return what no plan of at most so many parcels can cost less than.

    Of one parcel: exactly what the cheapest costs. Of more: every unit at its cheapest site, and
    the lowest freight of the whole weight.
    """
    problem, least = ground.problem, _parcels_min(ground)
    unit = np.where(ground.cover > 0, problem.unit_millis, NEVER).min(axis=0)
    bounds = [_whole_millis(ground)] if least == 1 else []
    if parcels_max > 1:
        parcels = np.arange(max(2, least), max(2, least, parcels_max) + 1)
        bounds.append(int(unit @ problem.wanted) + _freight_bound_millis(problem, parcels))
    return min(bounds, default=NEVER)


def _whole_millis(ground: Ground) -> int:
    """Return the cost of the cheapest single parcel; at least NEVER if there is none."""
    problem = ground.problem
    enough = (problem.wanted @ problem.uses <= problem.site_stock).all(axis=1)
    enough &= (problem.site_sends | (problem.wanted == 0)).all(axis=1)
    goods = np.where(enough, problem.unit_millis @ problem.wanted, NEVER)
    weight_g = int(problem.weight_g @ problem.wanted)
    freight = freight_millis(problem, problem.wanted[None], np.array([weight_g]))[0]
    cost = problem.offer_millis + freight[problem.offer_tariff] + goods[problem.offer_site]
    return int((cost + weight_g * problem.offer_gram_micros // 1000).min())


def _freight_bound_millis(problem: Problem, parcels: Ints) -> int:
    """Return what sending the whole weight in any of these numbers of parcels costs at least.

    For any price of a gram, a plan costs that price for every gram and, for each parcel, at least
    the least that any offer differs from it: empty, at the end of its base price, or full.
    """
    tariff, weight_g = problem.offer_tariff, int(problem.weight_g @ problem.wanted)
    full_g = np.minimum(problem.tariff_weight_g_max, weight_g)[tariff]
    base_g = np.minimum(problem.tariff_base_weight_g[tariff], full_g)
    step = problem.tariff_step_millis / np.maximum(problem.tariff_step_weight_g, 1)
    carbon, fixed = problem.offer_gram_micros / 1000, problem.offer_millis - 1.0
    fixed += problem.tariff_base_millis[tariff]
    corners_g = np.stack([np.zeros_like(full_g), base_g, full_g])
    cost = fixed + carbon * corners_g + step[tariff] * np.maximum(corners_g - base_g, 0)
    prices = np.unique(np.quantile(carbon + step[tariff], np.linspace(0, 1, PRICES_TRIED)))
    differs = np.array([(cost - price * corners_g).min() for price in prices])
    least = (prices * weight_g + parcels[:, None] * differs).max(axis=1).min()
    return int(np.floor(least))


def _parcels_min(ground: Ground) -> int:
    """Return how many parcels the order takes at least, by each line and by all units."""
    wanted = ground.problem.wanted
    most = -np.sort(-np.column_stack([ground.cover, ground.cover.sum(axis=1)]), axis=0)
    short = most.cumsum(axis=0) < np.append(wanted, wanted.sum())
    return int(short.sum(axis=0).max()) + 1
