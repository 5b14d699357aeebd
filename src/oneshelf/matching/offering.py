"""From a question to one sourcing problem: sites, offers, dates and what they cost. Pure.

Positions: sites and offers as in `Problem`; nodes as in `World`. Days are ordinals.
"""

from datetime import UTC
from functools import lru_cache

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from oneshelf.catalog.products import Hazard
from oneshelf.matching.eligibility import (
    Question,
    Sieve,
    due_supplies,
    sieve_nodes,
    surcharge_millis,
)
from oneshelf.matching.plan import PICKED_UP, Rejected
from oneshelf.matching.policy import PARCELS_MAX
from oneshelf.matching.promise_dates import (
    Sites,
    build_sites,
    chosen_sites,
    full_places,
    going_apart,
    pickup_day,
    standing_again,
)
from oneshelf.matching.request import SourcingRequest
from oneshelf.matching.sourcing.marks import every
from oneshelf.matching.sourcing.problem import Problem
from oneshelf.matching.timetable import NEVER, Schedule, to_us
from oneshelf.matching.world import (
    FORGETTING,
    NO_ZONE,
    Carried,
    Ints,
    Lanes,
    Marks,
    World,
    carried_of,
    lanes,
    takes,
)

NEAREST_KM_MILLIS = 1_000_000
FEW_NODES_MAX = 32  # with more, the stock differs from order to order, and arrays earn their calls
OFFERS_REMEMBERED = 1_024  # 5 kB each at 32 nodes and 2 services


class Offers(Struct, frozen=True):
    """What can go, each [O]: its site, service, days and tariff."""

    site: Ints
    service: Ints
    ships_on: Ints
    arrives_on: Ints
    tariff: Ints


class OfferCosts(Struct, frozen=True):
    """The parts of `Problem.offer_millis`, each [O]; None: nothing for any offer."""

    handling: Ints
    speed: Ints
    lateness: Ints | None = None
    preference: Ints | None = None
    distance: Ints | None = None

    def millis(self, split_millis: int) -> Ints:
        """Return the cost of the parcel itself."""
        total = self.handling + self.speed + split_millis
        for term in (self.lateness, self.preference, self.distance):
            if term is not None:
                total += term
        return total


class _Standing(Struct, frozen=True):
    """What a zone was offered, and why which nodes [N] are out; the stock of sites is of then."""

    reason: Ints
    sites: Sites
    offers: Offers


REMEMBERED: dict[tuple[Schedule, tuple[bytes, bytes, int]], _Standing] = {}
FORGETTING.append(REMEMBERED.clear)


class Offering(Struct, frozen=True):
    """The problem, and what its positions mean. offer_service may be PICKED_UP."""

    question: Question
    sieve: Sieve
    problem: Problem
    sites: Sites
    shelf: Ints  # [N, C]: what this request may take
    offer_service: Ints
    offer_ships_on: Ints
    offer_arrives_on: Ints
    costs: OfferCosts
    labour_millis: Ints  # [S, L], part of unit_millis


def offer(question: Question) -> Offering:
    """Return everything that could be sent, from where and when, at which cost."""
    sieve, free = sieve_nodes(question)
    world, request = question.world, question.request
    carried = None
    if request.method == "ship":
        carried = carried_of(world, question.wants.needs, _refused_hazards(question))
    sites, offers = _remembered(question, sieve, free, carried)
    policy, wants, tariffs = question.policy, question.wants, world.tariffs
    nodes = sites.node[offers.site]
    costs = _offer_costs(question, nodes, offers.arrives_on)
    picked = world.unit_millis[sites.node][:, None] * wants.parts[None, :]
    missed = _opportunity_millis(question, sites)
    limits = (policy.parcels_max, policy.nodes_per_line_max)
    if question.strictness == "relaxed":
        limits = (PARCELS_MAX, PARCELS_MAX)
    problem = Problem(
        wanted=wants.units,
        uses=wants.uses,
        weight_g=wants.weight_g,
        volume_mm3=wants.volume_mm3,
        site_node=sites.node,
        site_stock=sites.stock,
        site_sends=sieve.line_reason.take(sites.node, axis=0) == 0,
        unit_millis=picked if missed is None else picked + missed,
        offer_site=offers.site,
        offer_millis=costs.millis(policy.split_minor * 1000),
        offer_tariff=offers.tariff,
        offer_gram_micros=_gram_micros(question, nodes, offers.service),
        tariff_base_millis=tariffs.base_millis,
        tariff_base_weight_g=tariffs.base_weight_g,
        tariff_step_millis=tariffs.step_millis,
        tariff_step_weight_g=tariffs.step_weight_g,
        tariff_divisor_mm3_per_g=tariffs.divisor_mm3_per_g,
        tariff_weight_g_max=tariffs.weight_g_max,
        tariff_carries=_tariff_carries(question, carried),
        parcels_max=1 if request.splitting == "together" else limits[0],
        nodes_per_line_max=limits[1],
    )
    return Offering(
        question=question,
        sieve=sieve,
        problem=problem,
        sites=sites,
        shelf=free,
        offer_service=offers.service,
        offer_ships_on=offers.ships_on,
        offer_arrives_on=offers.arrives_on,
        costs=costs,
        labour_millis=picked,
    )


def _opportunity_millis(question: Question, sites: Sites) -> Ints | None:
    """Return what a unit of each line [S, L] costs the sales to come; None: nothing."""
    prices = question.stock.opportunity_millis
    if prices is None:
        return None
    of_lines: Ints = prices.take(sites.node, axis=0) @ question.wants.uses.T
    return of_lines * question.policy.opportunity_percent // 100


def _remembered(
    question: Question, sieve: Sieve, free: Ints, carried: Carried | None
) -> tuple[Sites, Offers]:
    """Find sites and offers; where the last order like this one found them, take them from there.

    Few nodes, plain goods that stand there, room on their days: then sites, offers and dates are
    the same for the whole zone until a day turns or a pickup leaves, whatever else is asked.
    """
    schedule = question.world.timetable(question.request.now.toordinal()).schedule(
        to_us(question.request.now)
    )
    key = _key(question, sieve, schedule) if carried is None else None
    known = None if key is None else REMEMBERED.get((schedule, key))
    if known is not None:
        sieve.reason = known.reason.copy()
        return standing_again(question, known.sites, free), known.offers
    sites, offers = _find(question, sieve, free, carried)
    if key is not None:
        if len(REMEMBERED) >= OFFERS_REMEMBERED:
            REMEMBERED.clear()
        REMEMBERED[schedule, key] = _Standing(sieve.reason.copy(), sites, offers)
    return sites, offers


def _key(question: Question, sieve: Sieve, schedule: Schedule) -> tuple[bytes, bytes, int] | None:
    """Return all that sites and offers depend on beside the clock; None: it is too much."""
    request, world, wants = question.request, question.world, question.wants
    nodes = sieve.left()
    if (
        request.destination is None
        or len(nodes) > FEW_NODES_MAX
        or any(wants.launches)
        or due_supplies(question)
        or wants.lightest_g > min(world.tariffs.weight_g_max.tolist())
        or len(full_places(question, nodes, schedule.work_on[world.shift_of_node[nodes]]))
    ):
        return None
    by = NEVER
    if request.wanted_by is not None and question.strictness == "strict":
        by = request.wanted_by.toordinal()
    return sieve.reason.tobytes(), lanes(world, request.destination).tariff.tobytes(), by


def _find(
    question: Question, sieve: Sieve, free: Ints, carried: Carried | None
) -> tuple[Sites, Offers]:
    sites = build_sites(question, sieve, free, due_supplies(question))
    if carried is not None:
        sites = _sites_apart(question, sieve, sites, carried)
    if question.request.method == "ship":
        return _with_offers(sites, _shipped(question, sieve, sites, carried))
    return _with_offers(sites, _picked_up(question, sieve, sites))


def served_country(request: SourcingRequest, world: World) -> bool:
    """Say whether any carrier serves the destination's country at all."""
    destination = request.destination
    return destination is None or any(
        destination.country in service.countries for service in world.services
    )


def _shipped(question: Question, sieve: Sieve, sites: Sites, carried: Carried | None) -> Offers:
    """Return the offers of all carriers; nodes that have none go out with their reason."""
    world, request, wants = question.world, question.request, question.wants
    destination = request.destination
    if destination is None:
        raise ValueError("shipping needs a destination")
    ways: Lanes = lanes(world, destination)
    tariff = ways.tariff[sites.node]
    ships_on = sites.ships_on[:, world.pickup_of_service]
    arrives_on = sites.timetable.arrives_on(
        world.delivery_of_service[None, :], ships_on, ways.transit_days[sites.node]
    )
    goes = tariff != NO_ZONE
    carries = goes
    if carried is not None:
        carries = goes & (_sends(question, sieve, sites) @ carried.both.T)
    bears = carries & (wants.lightest_g <= world.tariffs.weight_g_max[tariff])
    comes = bears & (arrives_on < NEVER)
    stages: list[tuple[Marks, Rejected]] = [
        (goes, "no_service"),
        (bears, "too_heavy"),
        (comes, "closed"),
    ]
    if request.wanted_by is not None and question.strictness == "strict":
        stages.append((comes & (arrives_on <= request.wanted_by.toordinal()), "too_late"))
    for marks, reason in stages:
        _reject_without(sieve, sites, np.logical_or.reduce(marks, axis=1), reason)
    site, service = stages[-1][0].nonzero()
    return Offers(
        site=site,
        service=service,
        ships_on=ships_on[site, service],
        arrives_on=arrives_on[site, service],
        tariff=tariff[site, service],
    )


def _picked_up(question: Question, sieve: Sieve, sites: Sites) -> Offers:
    """Return the customer's own pickups: one a site, when it is ready and the door is open."""
    days = np.array([pickup_day(question, sites, at) for at in range(len(sites.node))], np.int64)
    comes = days < NEVER
    _reject_without(sieve, sites, comes, "closed")
    wanted_by = question.request.wanted_by
    if wanted_by is not None and question.strictness == "strict":
        comes = comes & (days <= wanted_by.toordinal())
        _reject_without(sieve, sites, comes, "too_late")
    site = comes.nonzero()[0]
    free_tariff = len(question.world.tariffs.base_millis) - 1
    return Offers(
        site=site,
        service=np.full(len(site), PICKED_UP),
        ships_on=days[site],
        arrives_on=days[site],
        tariff=np.full(len(site), free_tariff),
    )


def _with_offers(sites: Sites, offers: Offers) -> tuple[Sites, Offers]:
    """Leave out the sites that have no offer."""
    used = np.zeros(len(sites.node), np.bool_)
    used[offers.site] = True
    if every(used):
        return sites, offers
    return chosen_sites(sites, used), replace(offers, site=(np.cumsum(used) - 1)[offers.site])


def _reject_without(sieve: Sieve, sites: Sites, served: Marks, reason: Rejected) -> None:
    """Put out the nodes in play of which no site is served."""
    if every(served):
        return
    kept = np.ones(len(sieve.reason), np.bool_)
    kept[sites.node] = False
    kept[sites.node[served]] = True
    sieve.reject(~kept, reason)


def takes_hazards(question: Question, line: int) -> Marks:
    """Return which services take the line as far as its hazards go."""
    return takes(question.world, question.wants.needs[line], _refused_hazards(question))


def _refused_hazards(question: Question) -> frozenset[Hazard]:
    """Return the hazards that are sent by nobody."""
    return frozenset() if question.strictness == "relaxed" else question.policy.never_shipped


def _sites_apart(question: Question, sieve: Sieve, sites: Sites, carried: Carried) -> Sites:
    """Put nodes out for the lines that no service takes from there; let the rest leave apart."""
    destination = question.request.destination
    if destination is None:
        raise ValueError("shipping needs a destination")
    goes = lanes(question.world, destination).tariff[sites.node] != NO_ZONE
    served = np.logical_or.reduce(goes, axis=1)
    stages: list[tuple[Marks, Rejected]] = [
        (carried.hazards, "hazard_refused"),
        (carried.both, "temperature_refused"),
    ]
    for marks, reason in stages:
        barred = np.zeros(sieve.line_reason.shape, np.bool_)
        barred[sites.node] = served[:, None] & ~(goes @ marks)
        sieve.bar(barred, reason)
        sends = _sends(question, sieve, sites)
        _reject_without(sieve, sites, np.logical_or.reduce(sends, axis=1) | ~served, reason)
    comes = np.logical_or.reduce(goes, axis=0)
    if question.request.splitting == "together" or not comes.any():
        return sites
    return going_apart(question, sites, sends, carried.both[comes])


def _sends(question: Question, sieve: Sieve, sites: Sites) -> Marks:
    """Return which lines [S, L] a site has a unit of and may send."""
    held = (sites.stock[:, None, :] >= question.wants.uses[None, :, :]).all(axis=2)
    sends: Marks = held & (sieve.line_reason[sites.node] == 0)
    return sends


def _tariff_carries(question: Question, carried: Carried | None) -> Marks:
    """Return which lines [T, L] a parcel of each tariff may hold; the pickup's holds all."""
    world = question.world
    lines = len(question.wants.units)
    if carried is None:
        return _all_carried(len(world.tariffs.base_millis), lines)
    zones = [len(service.zones) for service in world.services]
    return np.vstack([carried.both.repeat(zones, axis=0), np.ones((1, lines), np.bool_)])


@lru_cache(maxsize=64)
def _all_carried(tariffs: int, lines: int) -> Marks:
    return np.ones((tariffs, lines), np.bool_)


def _gram_micros(question: Question, nodes: Ints, service: Ints) -> Ints:
    """Return the policy's price of carrying one gram [O]; the customer's own way is free."""
    destination = question.request.destination
    if destination is None:
        return np.zeros(len(nodes), np.int64)
    grams = lanes(question.world, destination).carried_gram_gco2e_millionths[nodes, service]
    return grams * question.policy.carbon_minor_per_kg // 1000


def _offer_costs(question: Question, nodes: Ints, arrives_on: Ints) -> OfferCosts:
    policy, request, world = question.policy, question.request, question.world
    days = arrives_on - request.now.astimezone(UTC).toordinal()
    late, preference, away = None, None, None
    if request.wanted_by is not None:
        late_days = np.maximum(arrives_on - request.wanted_by.toordinal(), 0)
        late = late_days * (policy.late_day_minor * 1000)
    if policy.preferences:
        preference = surcharge_millis(question)[nodes]
    if policy.routing == "nearest" and request.destination is not None:
        distance = lanes(world, request.destination).distance_km[nodes]
        away = np.rint(distance * NEAREST_KM_MILLIS).astype(np.int64)
    return OfferCosts(
        handling=world.parcel_millis[nodes],
        speed=np.maximum(days, 0) * (policy.speed_day_minor * 1000),
        lateness=late,
        preference=preference,
        distance=away,
    )
