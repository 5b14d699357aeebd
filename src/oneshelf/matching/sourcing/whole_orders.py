"""An order that goes in one parcel, priced offer by offer. Pure.

NumPy needs as long for two offers as for two hundred, and most orders are one unit with few offers
or stand in a cart at one node: plain sums over their offers take a fifth of the time.
"""

from collections.abc import Collection, Iterator

import numpy as np

from oneshelf.matching.sourcing.marks import every
from oneshelf.matching.sourcing.problem import Ints, Marks, Problem, SitedParcel

FEW_OFFERS_MAX = 100  # from some 150 on the arrays are faster


def send_whole(problem: Problem) -> list[SitedParcel]:
    """Return the parcel that each node would send, cheapest first, the lowest node of equals.

    Of a node the earliest of its cheapest sites, there the lowest offer.
    """
    wanted = tuple(problem.wanted.tolist())
    weight_g = sum(map(int.__mul__, wanted, problem.weight_g.tolist()))
    goods_millis = dict(_goods_millis(problem, wanted))
    volume_mm3 = sum(map(int.__mul__, wanted, problem.volume_mm3.tolist()))
    tariffs = problem.offer_tariff.tolist()
    freight_millis = dict(_freight_millis(problem, set(tariffs), weight_g, volume_mm3))
    nodes = problem.site_node.tolist()
    offers = zip(
        problem.offer_site.tolist(),
        tariffs,
        problem.offer_millis.tolist(),
        problem.offer_gram_micros.tolist(),
        strict=True,
    )
    cheapest: dict[int, SitedParcel] = {}
    for offer, (site, tariff, millis, gram_micros) in enumerate(offers):
        if site in goods_millis and tariff in freight_millis:
            freight = freight_millis[tariff] + millis + weight_g * gram_micros // 1000
            cost = goods_millis[site] + freight
            known = cheapest.get(nodes[site])
            if known is None or cost < known.cost_millis:
                cheapest[nodes[site]] = SitedParcel(site, offer, wanted, cost)
    return sorted(cheapest.values(), key=lambda parcel: parcel.cost_millis)


def _goods_millis(problem: Problem, wanted: tuple[int, ...]) -> Iterator[tuple[int, int]]:
    """Yield labour and opportunity price at each site that stands all of it and may send it."""
    needed = (problem.wanted @ problem.uses).tolist()
    rows = zip(
        problem.site_stock.tolist(),
        problem.unit_millis.tolist(),
        _take_all(problem.site_sends, problem.wanted),
        strict=True,
    )
    for site, (stock, unit_millis, sends) in enumerate(rows):
        if sends and all(map(int.__ge__, stock, needed)):
            yield site, sum(map(int.__mul__, wanted, unit_millis))


def _freight_millis(
    problem: Problem, tariffs: Collection[int], weight_g: int, volume_mm3: int
) -> Iterator[tuple[int, int]]:
    """Yield what each of these tariffs takes that may hold all of it."""
    base, base_g = problem.tariff_base_millis.tolist(), problem.tariff_base_weight_g.tolist()
    step, step_g = problem.tariff_step_millis.tolist(), problem.tariff_step_weight_g.tolist()
    divisor = problem.tariff_divisor_mm3_per_g.tolist()
    weight_g_max = problem.tariff_weight_g_max.tolist()
    carries = _take_all(problem.tariff_carries, problem.wanted)
    for one in tariffs:
        if carries[one] and weight_g <= weight_g_max[one]:
            bulk_g = -(-volume_mm3 // divisor[one]) if divisor[one] else 0
            over_g = max(max(weight_g, bulk_g) - base_g[one], 0)
            yield one, base[one] + -(-over_g // max(step_g[one], 1)) * step[one]


def _take_all(marks: Marks, wanted: Ints) -> list[bool]:
    """Say of each place whether it is marked for every line that is wanted."""
    if every(marks):
        return [True] * len(marks)
    marked: list[bool] = np.logical_and.reduce(marks | (wanted == 0), axis=1).tolist()
    return marked
