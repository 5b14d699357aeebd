"""Every plan, one by one, in plain Python: the definition. Shares no code with the kernel."""

from fractions import Fraction
from itertools import product
from math import ceil
from types import SimpleNamespace


class TooManyPlansError(Exception):
    """The problem has more plans than asked for."""


def plain(problem):
    """Return the problem with lists for arrays."""
    values = {name: getattr(problem, name) for name in problem.__struct_fields__}
    return SimpleNamespace(
        **{
            name: value if isinstance(value, int) else value.tolist()
            for name, value in values.items()
        }
    )


def parcel_cost(problem, site, offer, units):
    """Return the cost of one parcel in millis, or None if the tariff does not take it."""
    tariff = problem.offer_tariff[offer]
    carried = problem.tariff_carries[tariff]
    if any(u and not may for u, may in zip(units, carried, strict=True)):
        return None
    weight_g = sum(u * w for u, w in zip(units, problem.weight_g, strict=True))
    if weight_g > problem.tariff_weight_g_max[tariff]:
        return None
    chargeable_g = weight_g
    if divisor := problem.tariff_divisor_mm3_per_g[tariff]:
        volume = sum(u * v for u, v in zip(units, problem.volume_mm3, strict=True))
        chargeable_g = max(weight_g, ceil(Fraction(volume, divisor)))
    cost = problem.tariff_base_millis[tariff] + problem.offer_millis[offer]
    if (over_g := chargeable_g - problem.tariff_base_weight_g[tariff]) > 0:
        steps = ceil(Fraction(over_g, problem.tariff_step_weight_g[tariff]))
        cost += steps * problem.tariff_step_millis[tariff]
    cost += weight_g * problem.offer_gram_micros[offer] // 1000
    return cost + sum(u * m for u, m in zip(units, problem.unit_millis[site], strict=True))


def components(problem, units):
    """Return the units of each component in these units of lines."""
    return [
        sum(u * each for u, each in zip(units, column, strict=True))
        for column in zip(*problem.uses, strict=True)
    ]


def faults(problem, parcels):
    """Return what is wrong with a plan, as sentences."""
    problem = plain(problem)
    lines = range(len(problem.wanted))
    found = {
        "two parcels leave one site": len({p.site for p in parcels}) < len(parcels),
        "too many parcels": len(parcels) > problem.parcels_max,
        "the parcels do not sum to what is wanted": problem.wanted
        != [sum(p.units[line] for p in parcels) for line in lines],
        "a parcel is empty": any(not any(p.units) or min(p.units) < 0 for p in parcels),
        "an offer is of another site": any(problem.offer_site[p.offer] != p.site for p in parcels),
        "a cost is wrong": any(
            parcel_cost(problem, p.site, p.offer, p.units) != p.cost_millis for p in parcels
        ),
        "a site sends more than it has": any(
            oversent(problem, site, parcels) for site in range(len(problem.site_node))
        ),
        "a line comes from too many nodes": any(
            len({problem.site_node[p.site] for p in parcels if p.units[line]})
            > problem.nodes_per_line_max
            for line in lines
        ),
        "a node sends a line it may not": any(
            p.units[line] and not problem.site_sends[p.site][line]
            for p in parcels
            for line in lines
        ),
    }
    return [fault for fault, true in found.items() if true]


def oversent(problem, site, parcels):
    """Tell whether the node's parcels up to this site take more than stands there."""
    node = problem.site_node[site]
    earlier = [p.units for p in parcels if problem.site_node[p.site] == node and p.site <= site]
    if not earlier:
        return False
    taken = components(problem, [sum(column) for column in zip(*earlier, strict=True)])
    return any(units > stock for units, stock in zip(taken, problem.site_stock[site], strict=True))


def choices_of(problem):
    """Return, for each site, {units: (components, costs)} that stock and leave allow alone."""
    vectors = list(product(*(range(wanted + 1) for wanted in problem.wanted)))[1:]
    contents = [(units, components(problem, units)) for units in vectors]
    choices = []
    for site, stock in enumerate(problem.site_stock):
        offers = [o for o in range(len(problem.offer_site)) if problem.offer_site[o] == site]
        fitting = [
            (units, needed)
            for units, needed in contents
            if all(n <= s for n, s in zip(needed, stock, strict=True))
            and not any(
                u and not may for u, may in zip(units, problem.site_sends[site], strict=True)
            )
        ]
        costs = {
            units: [parcel_cost(problem, site, offer, units) for offer in offers]
            for units, _ in fitting
        }
        choices.append(
            {
                units: (needed, [cost for cost in costs[units] if cost is not None])
                for units, needed in fitting
            }
        )
    return choices


def every_plan(problem, steps_max):
    """Yield each plan as (cost, whether a node sends several parcels, parcels).

    Raises TooManyPlansError after more than steps_max plans and partial plans.
    """
    problem = plain(problem)
    choices, stock = choices_of(problem), problem.site_stock
    nodes, lines = problem.site_node, range(len(problem.wanted))
    pending = [(0, tuple(problem.wanted), (), 0)]
    steps = 0
    while pending:
        site, left, parcels, cost = pending.pop()
        steps += 1
        if steps > steps_max:
            raise TooManyPlansError
        if not any(left):
            senders = [nodes[at] for at, _, _ in parcels]
            senders_of = [{nodes[at] for at, units, _ in parcels if units[line]} for line in lines]
            if all(len(senders) <= problem.nodes_per_line_max for senders in senders_of):
                yield cost, len(set(senders)) < len(senders), len(parcels)
            continue
        if site == len(nodes) or len(parcels) == problem.parcels_max:
            continue
        pending.append((site + 1, left, parcels, cost))
        before = [needed for at, _, needed in parcels if nodes[at] == nodes[site]]
        last = site + 1 == len(nodes) or len(parcels) + 1 == problem.parcels_max
        for units in [left] if last else choices[site]:
            needed, prices = choices[site].get(units, ((), ()))
            if not prices or any(u > still for u, still in zip(units, left, strict=True)):
                continue
            taken = [sum(column) for column in zip(needed, *before, strict=True)]
            if any(t > s for t, s in zip(taken, stock[site], strict=True)):
                continue
            after = tuple(still - u for u, still in zip(units, left, strict=True))
            sent = (*parcels, (site, units, needed))
            pending.extend((site + 1, after, sent, cost + price) for price in prices)


def cheapest(problem, steps_max=20_000):
    """Return the least (cost, several parcels from a node, parcels) of all plans, None if none."""
    return min(every_plan(problem, steps_max), default=None)
