"""Draw sourcing problems of any size from a seed."""

from dataclasses import dataclass

import numpy as np

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


def draw_tariffs(chance):
    """Some light, some with steps, some that refuse the heavy; ties are likely."""
    count = chance.randint(1, 3)
    return {
        "tariff_base_millis": ints([chance.choice([0, 100, 250]) for _ in range(count)]),
        "tariff_base_weight_g": ints([chance.choice([0, 200, 1000]) for _ in range(count)]),
        "tariff_step_millis": ints([chance.choice([0, 30, 70]) for _ in range(count)]),
        "tariff_step_weight_g": ints([chance.choice([1, 100, 500]) for _ in range(count)]),
        "tariff_divisor_mm3_per_g": ints([chance.choice([0, 5, 7]) for _ in range(count)]),
        "tariff_weight_g_max": ints([chance.choice([900, 5000, 99999]) for _ in range(count)]),
    }


def draw_problem(chance, size):
    """Draw a problem; about one in three has no plan."""
    lines, nodes = chance.randint(1, size.lines), chance.randint(1, size.nodes)
    dates = [chance.randint(1, size.dates) if chance.random() < 0.4 else 1 for _ in range(nodes)]
    uses = draw_uses(chance, lines)
    stock, most = [], chance.choice([size.units, 2 * size.units, 4 * size.units])
    for several in dates:
        arrived = rows(chance, several, uses.shape[1], 0, max(1, most // several))
        stock.append(arrived.cumsum(axis=0))
    tariffs = draw_tariffs(chance)
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
        unit_millis=rows(chance, sum(dates), lines, 0, spread),
        offer_site=ints(offers),
        offer_millis=ints([chance.randint(-spread // 4, spread) for _ in offers]),
        offer_tariff=ints([chance.randrange(len(tariffs["tariff_base_millis"])) for _ in offers]),
        offer_gram_micros=ints([chance.choice([0, 333, 90]) for _ in offers]),
        parcels_max=chance.randint(1, 4),
        nodes_per_line_max=chance.choice([1, 2, 3, 9]),
        **tariffs,
    )
