"""The definition of a plan in plain Python: every plan, one by one. Shares no code with the kernel."""

from itertools import product


class TooManyPlansError(Exception):
    """The problem has more plans than asked for."""


def parcel_cost(problem, site, offer, units):
    """Return the cost of one parcel in millis, or None if it is too heavy for the tariff."""
    tariff = int(problem.offer_tariff[offer])
    weight_g = sum(u * int(w) for u, w in zip(units, problem.weight_g, strict=True))
    if weight_g > problem.tariff_weight_g_max[tariff]:
        return None
    chargeable_g = weight_g
    if divisor := int(problem.tariff_divisor_mm3_per_g[tariff]):
        volume = sum(u * int(v) for u, v in zip(units, problem.volume_mm3, strict=True))
        chargeable_g = max(weight_g, (volume + divisor - 1) // divisor)
    cost = int(problem.tariff_base_millis[tariff] + problem.offer_millis[offer])
    over_g = chargeable_g - int(problem.tariff_base_weight_g[tariff])
    while over_g > 0:
        cost += int(problem.tariff_step_millis[tariff])
        over_g -= int(problem.tariff_step_weight_g[tariff])
        if not problem.tariff_step_millis[tariff]:
            break
    cost += weight_g * int(problem.offer_gram_micros[offer]) // 1000
    return cost + sum(u * int(m) for u, m in zip(units, problem.unit_millis[site], strict=True))


def components(problem, units):
    """Return the units of each component in these units of lines."""
    return [
        sum(u * int(each) for u, each in zip(units, column, strict=True))
        for column in problem.uses.T
    ]


def faults(problem, parcels):
    """Return what is wrong with a plan, as sentences."""
    found = []
    if [sum(p.units[line] for p in parcels) for line in range(len(problem.wanted))] != list(
        problem.wanted
    ):
        found.append("the parcels do not sum to what is wanted")
    if len({p.site for p in parcels}) < len(parcels):
        found.append("two parcels leave one site")
    if len(parcels) > problem.parcels_max:
        found.append("too many parcels")
    for parcel in parcels:
        if not any(parcel.units) or min(parcel.units) < 0:
            found.append("a parcel is empty")
        if problem.offer_site[parcel.offer] != parcel.site:
            found.append("the offer is not the site's")
        if parcel_cost(problem, parcel.site, parcel.offer, parcel.units) != parcel.cost_millis:
            found.append("a parcel's cost is wrong")
    for site, node in enumerate(problem.site_node):
        earlier = [p for p in parcels if problem.site_node[p.site] == node and p.site <= site]
        taken = components(problem, [sum(p.units[line] for p in earlier) for line in range(len(problem.wanted))])
        if any(units > stock for units, stock in zip(taken, problem.site_stock[site], strict=True)):
            found.append("a site sends more than it has")
    for line in range(len(problem.wanted)):
        nodes = {int(problem.site_node[p.site]) for p in parcels if p.units[line]}
        if len(nodes) > problem.nodes_per_line_max:
            found.append("a line comes from too many nodes")
    return found


def choices_of(problem):
    """Return, for each site, every (units, components, cost) that its stock allows alone."""
    vectors = list(product(*(range(int(wanted) + 1) for wanted in problem.wanted)))[1:]
    contents = [(units, components(problem, units)) for units in vectors]
    choices = []
    for site, stock in enumerate(problem.site_stock):
        offers = [o for o in range(len(problem.offer_site)) if problem.offer_site[o] == site]
        fitting = [
            (units, needed)
            for units, needed in contents
            if all(n <= s for n, s in zip(needed, stock, strict=True))
        ]
        choices.append([
            (units, needed, cost)
            for units, needed in fitting
            for offer in offers
            if (cost := parcel_cost(problem, site, offer, units)) is not None
        ])
    return choices


def every_plan(problem, steps_max):
    """Yield each plan as (cost, whether a node sends several parcels, parcels).

    Raises TooManyPlansError after more than steps_max plans and partial plans.
    """
    choices, stock = choices_of(problem), problem.site_stock.tolist()
    nodes, lines = problem.site_node.tolist(), range(len(problem.wanted))
    pending = [(0, tuple(problem.wanted.tolist()), (), 0)]
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
        for units, needed, price in choices[site]:
            if any(u > still for u, still in zip(units, left, strict=True)):
                continue
            taken = [sum(column) for column in zip(needed, *before, strict=True)]
            if any(t > s for t, s in zip(taken, stock[site], strict=True)):
                continue
            after = tuple(still - u for u, still in zip(units, left, strict=True))
            pending.append((site + 1, after, (*parcels, (site, units, needed)), cost + price))


def cheapest(problem, steps_max=20_000):
    """Return the least (cost, several parcels from a node, parcels) of all plans, None if none."""
    return min(every_plan(problem, steps_max), default=None)
