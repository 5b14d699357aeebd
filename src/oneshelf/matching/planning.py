"""The one plan function: promise, source and source again. Pure.

A promise is a plan on stock that is only read, so the plan at sourcing is the same one as long as
the world did not change.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from msgspec import structs

from oneshelf.matching.eligibility import (
    Question,
    Reach,
    Strictness,
    wants_of,
    why_refused,
)
from oneshelf.matching.offering import Offering, offer, served_country
from oneshelf.matching.plan import Chosen, LineUnits, Plan, Refusal
from oneshelf.matching.policy import SourcingPolicy
from oneshelf.matching.preferring import Answers
from oneshelf.matching.request import Preference, SourcingRequest
from oneshelf.matching.sourcing.problem import Solution, Unsolvable
from oneshelf.matching.sourcing.solving import OTHERS_MAX, servable
from oneshelf.matching.stock_view import CapacityView, StockView
from oneshelf.matching.unpacking import unpack
from oneshelf.matching.world import World

OTHERS_WEIGHED = 1  # a promise says whether there was a choice; a decision records the best ten
PREFERENCES: tuple[Preference, ...] = ("cheapest", "earliest", "fewest_parcels")


@dataclass(frozen=True, slots=True)
class Option:
    """One promise a shopper can choose; the preferences that lead to it."""

    preferences: tuple[Preference, ...]
    plan: Plan


@dataclass(frozen=True, slots=True)
class _Found:
    """What can be offered, and the solution for the request's own preference."""

    offering: Offering
    answers: Answers
    solution: Solution
    unserved: tuple[LineUnits, ...]


def plan(
    request: SourcingRequest,
    world: World,
    stock: StockView,
    capacity: CapacityView,
    policy: SourcingPolicy,
) -> Plan | Refusal:
    """Decide from where, by whom and when the request is served, or why not.

    stock: of exactly `world.components(request.lines)`. A `sold` request is never refused for
    stock, capacity, date or policy: what nobody has comes back as `unserved`.
    """
    found = _decide(request, world, stock, capacity, policy)
    if isinstance(found, Refusal):
        return found
    return _unpacked(found, found.solution, request.preference)


def promise(
    request: SourcingRequest,
    world: World,
    stock: StockView,
    capacity: CapacityView,
    policy: SourcingPolicy,
) -> tuple[Option, ...] | Refusal:
    """Return what a shopper can choose from: cheapest first, each plan once; or why nothing."""
    found = _decide(request, world, stock, capacity, policy, OTHERS_WEIGHED)
    if isinstance(found, Refusal):
        return found
    solutions: list[Solution] = []
    options: list[Option] = []
    for preference in PREFERENCES:
        solution = _preferred(found, preference)
        sent = set(solution.parcels)
        same = next((at for at, one in enumerate(solutions) if set(one.parcels) == sent), None)
        if same is None:
            solutions.append(solution)
            options.append(Option((preference,), _unpacked(found, solution, preference)))
        else:
            known = options[same]
            options[same] = Option((*known.preferences, preference), known.plan)
    return tuple(options)


def _decide(
    request: SourcingRequest,
    world: World,
    stock: StockView,
    capacity: CapacityView,
    policy: SourcingPolicy,
    others_max: int = OTHERS_MAX,
) -> _Found | Refusal:
    """Find the first step at which everything can be served; a sold order goes as far as it can."""
    wants = wants_of(world, request.lines, stock.skus) if _known(request, world) else None
    if wants is None:
        unknown_node = all(line.sku in world.products for line in request.lines)
        return Refusal("unknown_node" if unknown_node else "unknown_sku", (), (), policy.version)
    if request.standing == "ask" and not served_country(request, world):
        return Refusal("not_served_country", (), (), policy.version)
    for reach, strictness in _steps(request, stock):
        question = Question(request, world, stock, capacity, policy, wants, reach, strictness)
        offering = offer(question)
        answers = Answers(offering.problem, offering.offer_arrives_on, others_max)
        solution = answers.best(request.preference)
        if isinstance(solution, Solution):
            return _Found(offering, answers, solution, ())
    if request.standing == "sold":
        return _as_far_as_it_goes(offering)
    reason, missing = why_refused(question, offering.sieve)
    return Refusal(reason, missing, offering.sieve.rejections(world), policy.version)


def _preferred(found: _Found, preference: Preference) -> Solution:
    """Return the solution for a preference; what can be served does not depend on it."""
    if preference == found.offering.question.request.preference:
        return found.solution
    answer = found.answers.best(preference)
    # Of a large order not every plan is looked at: one that is known is better than none.
    return answer if isinstance(answer, Solution) else found.solution


def _unpacked(found: _Found, solution: Solution, preference: Preference) -> Plan:
    offering = found.offering
    request = offering.question.request
    if preference != request.preference:
        preferring = structs.replace(request, preference=preference)
        question = structs.replace(offering.question, request=preferring)
        offering = structs.replace(offering, question=question)
    return unpack(offering, solution, _reason(offering, solution, found.unserved), found.unserved)


def _known(request: SourcingRequest, world: World) -> bool:
    named = {request.pickup_node, request.only_node} - {None}
    return named <= world.node_index.keys()


def _steps(request: SourcingRequest, stock: StockView) -> Iterator[tuple[Reach, Strictness]]:
    """Yield what is tried in turn: the shelves first, then what is on its way.

    A sold order's wanted day is a wish; if nothing serves it so, the policy's rules fall too.
    """
    waits = request.backorder == "accepted" and bool(stock.dated)
    strict: Strictness = "strict" if request.standing == "ask" else "soft_date"
    yield "shelf", strict
    if waits:
        yield "dated", strict
    if request.standing == "sold":
        yield "shelf", "relaxed"
        if waits:
            yield "dated", "relaxed"


def _as_far_as_it_goes(offering: Offering) -> _Found:
    """Serve what can be served of a sold order; the rest is unserved."""
    problem = offering.problem
    served = servable(problem) if len(problem.offer_site) else np.zeros_like(problem.wanted)
    unserved = tuple(
        LineUnits(line.line_no, units)
        for line, units in zip(
            offering.question.request.lines, (problem.wanted - served).tolist(), strict=True
        )
        if units
    )
    less = structs.replace(offering, problem=structs.replace(problem, wanted=served))
    answers = Answers(less.problem, less.offer_arrives_on)
    solution = answers.best(offering.question.request.preference)
    if isinstance(solution, Unsolvable):
        raise TypeError("what is servable is solvable")
    return _Found(less, answers, solution, unserved)


def _reason(offering: Offering, solution: Solution, unserved: tuple[LineUnits, ...]) -> Chosen:
    request, policy = offering.question.request, offering.question.policy
    if unserved:
        return "as_far_as_stock_goes"
    if request.only_node is not None or request.pickup_node is not None:
        return "chosen_node"
    if not solution.others:
        return "only_plan"
    if request.preference != "cheapest":
        return request.preference
    return policy.routing
