"""The cheapest way to send an order. Pure.

Exact over all plans of at most 4 parcels wherever the order's units can be dealt to four parcels
in at most WAYS_MAX ways: all orders of at most 6 lines and 12 units, 4 lines of 4 units, 10 lines
of one unit, 200 units of one line. Larger orders get a good plan and a bound.

Of plans that cost the same the answer is: one parcel a node before several; then the fewest
parcels; then the first split in the order of `splits`; then, load by load, the node that is
cheapest for it, the lowest among equals; at a node the earliest site and there the lowest offer.
So the answer is a function of the problem alone.
"""

from bisect import bisect_left
from math import comb, prod

import numpy as np
from msgspec import Struct, structs

from oneshelf.matching.sourcing.coverage import cover
from oneshelf.matching.sourcing.dates import place_parcels, price_dates
from oneshelf.matching.sourcing.large_orders import serve_large, solve_large
from oneshelf.matching.sourcing.parcels import POSSIBLE_MAX, Contents, Parcels, price_parcels
from oneshelf.matching.sourcing.problem import Ints, Problem, SitedParcel, Solution, Unsolvable
from oneshelf.matching.sourcing.settling import Settled, rank_nodes, settle
from oneshelf.matching.sourcing.splits import Shape, splits_of
from oneshelf.matching.sourcing.whole_orders import FEW_OFFERS_MAX, send_whole

WAYS_MAX = 1_600_000
OTHERS_MAX = 10

Placed = tuple[tuple[int, int], ...]
"""The parcels of a plan: (site, number of its content), by rising site."""


class Search(Struct, frozen=True):
    """What was priced, the splits, and the plans found among them."""

    parcels: Parcels
    splits: Ints
    settled: Settled


def solve(
    problem: Problem, others_max: int = OTHERS_MAX, contents: Contents | None = None
) -> Solution | Unsolvable:
    """Find the cheapest plan. A line of which no unit is wanted is left alone.

    contents: the problem's, or those of one that differs in offers and parcels_max alone.
    others: of an order decided exactly, the others_max cheapest among the best plan of each split
    examined (the 12 of lowest bound, and all that could have won) and the whole order in one
    parcel from each node.
    """
    if not any(problem.wanted.tolist()):
        return Solution((), 0, 0, "optimal", ())
    if not _is_exact(problem):
        return solve_large(problem)
    if not len(problem.site_node) or not len(problem.offer_site):
        return Unsolvable(tuple(problem.wanted.tolist()))
    whole = _goes_whole(problem)
    few = len(problem.offer_site) <= FEW_OFFERS_MAX
    if whole and few and (sent := send_whole(problem)):
        return _optimal([(parcel,) for parcel in sent[: others_max + 1]])
    parcels = price_parcels(problem, contents or Contents(problem))
    plans = _whole(parcels, others_max) if whole else _split(parcels, others_max)
    if not plans:
        return Unsolvable(tuple((problem.wanted - _serve(parcels)).tolist()))
    return _optimal(_build(parcels, plans))


def _optimal(plans: list[tuple[SitedParcel, ...]]) -> Solution:
    """Return the first of these plans as the answer, and the others after it."""
    cost = sum(parcel.cost_millis for parcel in plans[0])
    return Solution(plans[0], cost, cost, "optimal", tuple(plans[1:]))


def servable(problem: Problem) -> Ints:
    """Return units of each line that can be served together: all of them, or as many as possible.

    As many as possible: of the first line, then of the second beside them, and so on; no line can
    have a unit more. A problem with these units wanted is solvable.
    """
    if _is_exact(problem):
        answer = solve(problem)
        if isinstance(answer, Solution):
            return problem.wanted
        return problem.wanted - np.array(answer.missing, np.int64)
    served = structs.replace(problem, wanted=serve_large(problem))
    return servable(served) if _is_exact(served) else served.wanted


def _is_exact(problem: Problem) -> bool:
    return prod(comb(units + 3, 3) for units in problem.wanted.tolist()) <= WAYS_MAX


def _serve(parcels: Parcels) -> Ints:
    """Serve an order that cannot be served whole; sending less is never harder."""
    problem = parcels.problem
    nodes_max = min(problem.parcels_max, problem.nodes_per_line_max)
    last = np.append(np.diff(problem.site_node) > 0, np.True_)
    most = np.sort(cover(problem)[last], axis=0)[-nodes_max:].sum(axis=0)
    served = np.zeros_like(problem.wanted)
    for line, wanted in enumerate(np.minimum(problem.wanted, most).tolist()):
        one = (np.arange(len(served)) == line).astype(np.int64)

        def is_too_much(units: int, served: Ints = served, one: Ints = one) -> bool:
            return _search(parcels.narrow(served + units * one)) is None

        units = bisect_left(range(1, wanted + 1), x=True, key=is_too_much)
        served = served + units * one
    return served


def _search(parcels: Parcels) -> Search | None:
    """Search all plans; None if there is none."""
    problem = parcels.problem
    parcels_max = min(problem.parcels_max, int(problem.wanted.sum()))
    shape = Shape(
        tuple(problem.wanted.tolist()), parcels_max, min(parcels_max, problem.nodes_per_line_max)
    )
    ranking = rank_nodes(parcels.node_millis, parcels_max)
    splits = splits_of(shape, 1)
    settled = settle([ranking], splits)
    nodes = _dated_nodes(parcels, ranking.millis[0], shape, int(settled.millis[0]))
    if len(nodes):
        dated = price_dates(parcels, nodes, parcels_max)
        rankings = [ranking]
        for millis in dated[1:]:
            of_nodes = rank_nodes(millis, parcels_max)
            rankings.append(structs.replace(of_nodes, node=nodes[of_nodes.node]))
        splits = splits_of(shape, parcels_max)
        settled = settle(rankings, splits)
    return Search(parcels, splits, settled) if settled.millis[0] < POSSIBLE_MAX else None


def _dated_nodes(parcels: Parcels, cheapest: Ints, shape: Shape, found: int) -> Ints:
    """Return the nodes at which two parcels on different dates could better what was found.

    Every parcel costs at least the cheapest of its content, so only the splits into parcels that
    are cheaper by that measure can, and at the node each parcel has no more than the difference.
    """
    if parcels.millis is parcels.node_millis or shape.parcels_max == 1:
        return parcels.node_site[:0]
    sites = np.diff(parcels.node_site, append=len(parcels.problem.site_node))
    several = (sites > 1).nonzero()[0]
    splits = splits_of(structs.replace(shape, nodes_per_line_max=shape.parcels_max), 1)
    bound = np.append(cheapest, np.zeros(shape.parcels_max, np.int64))[splits].sum(axis=0)
    better = (bound < min(found, POSSIBLE_MAX)).nonzero()[0]
    spare = np.full(len(cheapest) + shape.parcels_max, -1)
    for loads in splits[:, better]:  # `at` reads past the end of values that it must repeat
        np.maximum.at(spare, loads, found - bound[better])
    millis = parcels.node_millis[:, several]
    over = millis - cheapest[:, None]
    useful = (millis < POSSIBLE_MAX) & (over < spare[: len(cheapest), None])
    return several[useful.any(axis=0)]


def _goes_whole(problem: Problem) -> bool:
    """Say whether no plan has two parcels: a site sends one, and may be the only one."""
    one_unit = sum(problem.wanted.tolist()) == 1
    return one_unit or len(problem.site_node) == 1 or problem.parcels_max == 1


def _whole(parcels: Parcels, others_max: int) -> list[Placed]:
    """Return the plans of one parcel, one from each node, cheapest first, the lowest of equals."""
    millis, whole = parcels.node_millis[-1], len(parcels.contents) - 1
    nodes = millis.argsort(kind="stable")[: others_max + 1]
    return [(_site(parcels, node, whole),) for node in nodes[millis[nodes] < POSSIBLE_MAX].tolist()]


def _split(parcels: Parcels, others_max: int) -> list[Placed]:
    """Return the cheapest plan and after it some others, by cost and number of parcels."""
    search = _search(parcels)
    if search is None:
        return []
    found = [
        (cost, _place(search, at))
        for at, cost in enumerate(search.settled.millis[: others_max + 1].tolist())
        if cost < POSSIBLE_MAX
    ]
    for [(site, content)] in _whole(parcels, others_max):
        found.append((int(parcels.millis[content, site]), ((site, content),)))
    others = sorted(found[1:], key=lambda plan: (plan[0], len(plan[1]), plan[1]))
    return list(dict.fromkeys(plan for _, plan in (found[0], *others)))[: others_max + 1]


def _place(search: Search, at: int) -> Placed:
    """Return the parcels of the plan that was settled."""
    parcels, number = search.parcels, len(search.parcels.contents)
    placed: list[tuple[int, int]] = []
    loads = search.splits[:, search.settled.row[at]].tolist()
    for load, node in zip(loads, search.settled.node[:, at].tolist(), strict=True):
        if node < 0:
            break
        count, content = load // number + 1, load % number
        if count == 1:
            placed.append(_site(parcels, node, content))
        else:
            placed.extend(place_parcels(parcels, node, content, count))
    return tuple(sorted(placed))


def _site(parcels: Parcels, node: int, content: int) -> tuple[int, int]:
    """Return where the node sends the content in one parcel: the earliest of its cheapest sites."""
    first = int(parcels.node_site[node])
    if parcels.millis is parcels.node_millis:
        return first, content
    end = parcels.node_site[node + 1] if node + 1 < len(parcels.node_site) else None
    return first + int(parcels.millis[content, first:end].argmin()), content


def _build(parcels: Parcels, plans: list[Placed]) -> list[tuple[SitedParcel, ...]]:
    """Write the plans out."""
    sites, contents = np.array([each for plan in plans for each in plan]).T
    columns = zip(
        sites.tolist(),
        parcels.offers(sites, contents).tolist(),
        parcels.contents[contents].tolist(),
        parcels.millis[contents, sites].tolist(),
        strict=True,
    )
    built = (SitedParcel(site, offer, tuple(units), cost) for site, offer, units, cost in columns)
    return [tuple(next(built) for _ in plan) for plan in plans]
