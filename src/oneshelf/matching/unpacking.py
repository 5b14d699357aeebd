"""From the solver's answer back to parcels with names, dates and costs. Pure."""

from collections.abc import Iterator, Sequence
from datetime import date

import numpy as np

from oneshelf.matching.eligibility import REASONS, due_supplies
from oneshelf.matching.offering import Offering, takes_hazards
from oneshelf.matching.plan import (
    PICKED_UP,
    Chosen,
    Cost,
    LineBarred,
    LineUnits,
    Parcel,
    Plan,
    Rejected,
    Take,
    Trace,
    service_of,
    units_of,
)
from oneshelf.matching.promise_dates import ready_us
from oneshelf.matching.sourcing.marks import every
from oneshelf.matching.sourcing.problem import SitedParcel, Solution
from oneshelf.matching.timetable import to_instant, to_us
from oneshelf.matching.world import Ints, Marks


def unpack(
    offering: Offering, solution: Solution, reason: Chosen, unserved: tuple[LineUnits, ...]
) -> Plan:
    """Return the plan that the solution of the offering's problem means."""
    split_millis = offering.question.policy.split_minor * 1000
    once = split_millis if solution.parcels else 0
    sent = tuple(sorted(solution.parcels, key=lambda parcel: (parcel.site, parcel.offer)))
    trace = _trace(offering, solution, sent)
    supplies = _Supplies(offering)
    parcels = tuple(
        _parcel(offering, trace, supplies, parcel, 0 if number == 0 else split_millis)
        for number, parcel in enumerate(sent)
    )
    return Plan(
        parcels=parcels,
        unserved=unserved,
        reason=reason,
        cost_millis=solution.cost_millis - once,
        bound_millis=solution.bound_millis - once,
        proof=solution.proof,
        rejections=offering.sieve.rejections(offering.question.world),
        policy_version=offering.question.policy.version,
        barred=tuple(_barred(offering)),
        trace=trace,
    )


def _barred(offering: Offering) -> Iterator[LineBarred]:
    """Yield who is in but not for a line: nodes first, then services."""
    problem = offering.problem
    for line in range(len(problem.wanted)):
        if not every(problem.site_sends[:, line]):
            yield from _nodes_barred(offering, line)
        if not every(problem.tariff_carries[:, line]):
            yield from _services_barred(offering, line)


def _nodes_barred(offering: Offering, line: int) -> Iterator[LineBarred]:
    problem, question = offering.problem, offering.question
    stands = (problem.site_stock >= problem.uses[line]).all(axis=1)
    out = np.unique(problem.site_node[stands & ~problem.site_sends[:, line]])
    reasons = offering.sieve.line_reason[out, line]
    for number in np.unique(reasons).tolist():
        nodes = tuple(question.world.nodes[at].node_id for at in out[reasons == number])
        yield LineBarred(question.request.lines[line].line_no, REASONS[number - 1], nodes=nodes)


def _services_barred(offering: Offering, line: int) -> Iterator[LineBarred]:
    problem, question = offering.problem, offering.question
    barred = ~problem.tariff_carries[problem.offer_tariff, line]
    refusing = np.unique(offering.offer_service[barred])
    takes = takes_hazards(question, line)[refusing]
    told: tuple[tuple[Marks, Rejected], ...] = (
        (~takes, "hazard_refused"),
        (takes, "temperature_refused"),
    )
    for marks, reason in told:
        services = tuple(question.world.services[at].service_id for at in refusing[marks])
        if services:
            yield LineBarred(question.request.lines[line].line_no, reason, services=services)


def _trace(offering: Offering, solution: Solution, sent: tuple[SitedParcel, ...]) -> Trace:
    question, sites = offering.question, offering.sites
    return Trace(
        request=question.request,
        world=question.world,
        skus=question.stock.skus,
        problem=offering.problem,
        site_today=sites.today,
        site_work_on=sites.work_on,
        site_delay=sites.delay,
        offer_service=offering.offer_service,
        offer_ships_on=offering.offer_ships_on,
        offer_arrives_on=offering.offer_arrives_on,
        chosen=sent,
        others=solution.others,
        split_millis=question.policy.split_minor * 1000,
    )


class _Supplies:
    """What is left at each node while parcels take in the order of their sites."""

    def __init__(self, offering: Offering) -> None:
        self._offering = offering
        self._shelf: dict[int, list[int]] = {}
        self._supplies = sorted(due_supplies(offering.question), key=lambda due: due.due_at)
        self._left = [supply.units for supply in self._supplies]

    def take(self, site: int, units: Sequence[int]) -> tuple[Take, ...]:
        """Take a parcel's components: the shelf first, then what is due first."""
        question, sites = self._offering.question, self._offering.sites
        node, release_us = int(sites.node[site]), int(sites.release_us[site])
        shelf = self._shelf.setdefault(node, self._offering.shelf[node].tolist())
        needed = (np.array(units, np.int64) @ question.wants.uses).tolist()
        takes: list[Take] = []
        for column, wanted in enumerate(needed):
            sku = question.stock.skus[column]
            here = min(wanted, max(shelf[column], 0))
            if here:
                shelf[column] -= here
                takes.append(Take(sku, here))
            left = wanted - here
            for place, supply in enumerate(self._supplies):
                if (supply.node, supply.component) != (node, column):
                    continue
                due = to_us(supply.due_at) <= release_us
                units_due = min(left, self._left[place]) if due else 0
                if units_due:
                    self._left[place] -= units_due
                    takes.append(Take(sku, units_due, supply.receipt_line))
                    left -= units_due
            if left:
                raise ValueError(f"{left} units of {sku} were planned that do not stand there")
        return tuple(takes)


def _parcel(
    offering: Offering, trace: Trace, supplies: _Supplies, sent: SitedParcel, split_millis: int
) -> Parcel:
    question, sites = offering.question, offering.sites
    world, node = question.world, int(sites.node[sent.site])
    shift, service = int(world.shift_of_node[node]), int(offering.offer_service[sent.offer])
    ready = ready_us(question, sites, sent.site)
    if ready is None:
        raise ValueError("a site in a plan has a day on which it works")
    collected = None
    if service == PICKED_UP:
        ready = sites.timetable.open_from(shift, ready) or ready
    else:
        pickup = int(world.pickup_of_service[service])
        collected = to_instant(sites.timetable.collected(shift, pickup, ready))
    return Parcel(
        node=world.nodes[node].node_id,
        service=service_of(trace, sent.offer),
        units=units_of(question.request, sent.units),
        takes=supplies.take(sent.site, sent.units),
        capacity_on=date.fromordinal(int(sites.work_on[sent.site])),
        ready_at=to_instant(ready),
        collected_at=collected,
        arrives_on=date.fromordinal(int(offering.offer_arrives_on[sent.offer])),
        cost=_cost(offering, sent, split_millis),
    )


def _cost(offering: Offering, sent: SitedParcel, split_millis: int) -> Cost:
    """Break the parcel's cost down; the terms add up to what the solver counted."""
    problem, costs, at = offering.problem, offering.costs, sent.offer
    goods = _of_units(sent, problem.unit_millis[sent.site])
    labour = _of_units(sent, offering.labour_millis[sent.site])
    carbon = _of_units(sent, problem.weight_g) * int(problem.offer_gram_micros[at]) // 1000
    return Cost(
        freight=sent.cost_millis - goods - carbon - int(problem.offer_millis[at]),
        handling=int(costs.handling[at]),
        labour=labour,
        split=split_millis,
        lateness=_at(costs.lateness, at),
        speed=int(costs.speed[at]),
        carbon=carbon,
        opportunity=goods - labour,
        preference=_at(costs.preference, at),
        distance=_at(costs.distance, at),
    )


def _of_units(sent: SitedParcel, each: Ints) -> int:
    """Return what all units have together, given what one unit of each line has."""
    return sum(map(int.__mul__, sent.units, each.tolist()))


def _at(term: Ints | None, offer: int) -> int:
    return 0 if term is None else int(term[offer])
