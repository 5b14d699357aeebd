"""Draw sourcing problems of any size from a seed."""

from dataclasses import dataclass

import numpy as np
from msgspec import structs

from oneshelf.matching.sourcing.problem import Problem


@dataclass(frozen=True, slots=True)
class Size:
    """How large a drawn problem is: upper ends, each drawn from 1."""

    lines: int = 4
    nodes: int = 5
    units: int = 4
    dates: int = 3
    offers: int = 2


def ints(values):
    return np.array(values, dtype=np.int64)


def rows(chance, height, width, low, high):
    return ints([[chance.randint(low, high) for _ in range(width)] for _ in range(height)]).reshape(
        height, width
    )


def draw_uses(chance, lines):
    """Mostly one SKU a line; else kits of several, some of which another line wants too."""
    uses = np.eye(lines, dtype=np.int64)
    if chance.random() < 0.4:
        components = chance.randint(1, lines + 1)
        uses = rows(chance, lines, components, 0, 2)
        uses[np.arange(lines), [chance.randrange(components) for _ in range(lines)]] = 1
    return uses


def draw_leave(chance, height, lines):
    """Mostly every line may go; else each may not from one of several places, seldom from more."""
    leave = np.ones((height, lines), np.bool_)
    if chance.random() < 0.4:
        for line in range(lines):
            leave[chance.randrange(height), line] = height == 1 and chance.random() < 0.9
        leave[chance.randrange(height), chance.randrange(lines)] = chance.random() < 0.8
    return leave


def draw_tariffs(chance, lines):
    """Some light, some with steps, some that refuse the heavy or a line; ties are likely."""
    count = chance.randint(1, 3)
    return {
        "tariff_base_millis": ints([chance.choice([0, 100, 250]) for _ in range(count)]),
        "tariff_base_weight_g": ints([chance.choice([0, 200, 1000]) for _ in range(count)]),
        "tariff_step_millis": ints([chance.choice([0, 30, 70]) for _ in range(count)]),
        "tariff_step_weight_g": ints([chance.choice([1, 100, 500]) for _ in range(count)]),
        "tariff_divisor_mm3_per_g": ints([chance.choice([0, 5, 7]) for _ in range(count)]),
        "tariff_weight_g_max": ints([chance.choice([900, 5000, 99999]) for _ in range(count)]),
        "tariff_carries": draw_leave(chance, count, lines),
    }


def draw_problem(chance, size):
    """Draw a problem; about one in three has no plan."""
    lines, nodes = chance.randint(1, size.lines), chance.randint(1, size.nodes)
    uses, tariffs = draw_uses(chance, lines), draw_tariffs(chance, lines)
    dates = [chance.randint(1, size.dates) if chance.random() < 0.4 else 1 for _ in range(nodes)]
    stock, most = [], chance.choice([size.units, 2 * size.units, 4 * size.units])
    for several in dates:
        arrived = rows(chance, several, uses.shape[1], 0, max(1, most // several))
        stock.append(arrived.cumsum(axis=0))
    offers = [
        site
        for site in range(sum(dates))
        for _ in range(chance.randint(0 if chance.random() < 0.2 else 1, size.offers))
    ]
    spread = chance.choice([0, 20, 200])
    return Problem(
        wanted=ints([chance.randint(1, size.units) for _ in range(lines)]),
        uses=uses,
        weight_g=ints([chance.choice([0, 150, 400]) for _ in range(lines)]),
        volume_mm3=ints([chance.choice([0, 900, 4001]) for _ in range(lines)]),
        site_node=ints(np.arange(nodes).repeat(dates)),
        site_stock=np.vstack(stock),
        site_sends=draw_leave(chance, nodes, lines).repeat(dates, axis=0),
        unit_millis=rows(chance, sum(dates), lines, 0, spread),
        offer_site=ints(offers),
        offer_millis=ints([chance.randint(-spread // 4, spread) for _ in offers]),
        offer_tariff=ints([chance.randrange(len(tariffs["tariff_base_millis"])) for _ in offers]),
        offer_gram_micros=ints([chance.choice([0, 333, 90]) for _ in offers]),
        parcels_max=chance.randint(1, 4),
        nodes_per_line_max=chance.choice([1, 2, 3, 9]),
        **tariffs,
    )


def draw_apart(chance, size):
    """Draw a problem in which each node may send two parcels at once and no offer takes all."""
    problem = draw_problem(chance, size)
    first = np.unique(problem.site_node, return_index=True)[1]
    sites, tariffs = first.repeat(2), [0, len(problem.tariff_base_millis) - 1]
    offers = 2 * len(sites)
    carries = np.ones((2, len(problem.wanted)), np.bool_)
    carries[[0, 1], [0, -1]] = False
    of_tariff = {
        name: getattr(problem, name)[tariffs]
        for name in problem.__struct_fields__
        if name.startswith("tariff_")
    }
    return structs.replace(
        problem,
        **of_tariff | {"tariff_carries": carries},
        site_node=problem.site_node[sites],
        site_stock=problem.site_stock[sites] + chance.randint(0, size.units),
        site_sends=problem.site_sends[sites],
        unit_millis=problem.unit_millis[sites],
        offer_site=np.arange(len(sites)).repeat(2),
        offer_millis=ints([chance.randint(0, 50) for _ in range(offers)]),
        offer_tariff=np.tile([0, 1], len(sites)),
        offer_gram_micros=ints([chance.choice([0, 333, 90]) for _ in range(offers)]),
    )
