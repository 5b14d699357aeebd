"""Which nodes may serve a request, and why the others may not. Pure.

Marks are arrays over the world's nodes; a node that is out carries the number of its first reason.
"""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import timedelta
from typing import Literal, get_args

import numpy as np
from msgspec import Struct

from oneshelf.base.identifiers import ChannelId, NodeId, Sku
from oneshelf.catalog.nodes import Method
from oneshelf.matching.plan import LineUnits, Refused, Rejected, Rejection
from oneshelf.matching.policy import NodeGroup, SourcingPolicy
from oneshelf.matching.request import SourcingRequest, WantedLine
from oneshelf.matching.sourcing.marks import some
from oneshelf.matching.stock_view import CapacityView, DatedSupply, Slice, StockView, slice_of
from oneshelf.matching.world import (
    Ints,
    Marks,
    Needs,
    World,
    lanes,
    needs_of,
    remembering,
    unkept,
    unlicensed,
)

REASONS: tuple[Rejected, ...] = get_args(Rejected)
REJECTIONS_REMEMBERED = 512  # 12 kB each at 500 nodes
WANTS_REMEMBERED = 4_096  # 1 kB each
RULES_REMEMBERED = 256  # 4 kB each at 500 nodes

Reach = Literal["shelf", "dated"]
"""Stock on the shelf today, or also what is on its way there."""

Strictness = Literal["strict", "soft_date", "relaxed"]
"""What binds: everything; all but the wanted day; only stock, roads and what was named."""


class Wants(Struct, frozen=True):
    """The lines of a request as arrays: L lines, C components."""

    units: Ints
    uses: Ints
    weight_g: Ints
    volume_mm3: Ints
    parts: Ints  # of all components in one unit
    lightest_g: int
    launches: tuple[int, ...]  # of each component: the ordinal before which no work begins, or 0
    needs: tuple[Needs, ...]


class Question(Struct, frozen=True):
    """Everything a plan depends on."""

    request: SourcingRequest
    world: World
    stock: StockView
    capacity: CapacityView
    policy: SourcingPolicy
    wants: Wants
    reach: Reach
    strictness: Strictness


class Sieve:
    """Nodes still in, and the first reason of each that is out, as a whole or for a line."""

    def __init__(self, reason: Ints, lines: int) -> None:
        """Start with these reasons [N]; zero: the node is in."""
        self.reason = reason
        self.line_reason = np.zeros((len(reason), lines), np.int64)

    def reject(self, out: Marks, reason: Rejected) -> None:
        """Put these nodes out, unless they are out already."""
        if some(out):
            self.reason[(self.reason == 0) & out] = REASONS.index(reason) + 1

    def bar(self, out: Marks, reason: Rejected) -> None:
        """Put nodes out for lines [N, L], unless they are out for them already."""
        self.line_reason[(self.line_reason == 0) & out] = REASONS.index(reason) + 1

    def left(self) -> Ints:
        """Return the nodes still in."""
        left: Ints = (self.reason == 0).nonzero()[0]
        return left

    def rejections(self, world: World) -> tuple[Rejection, ...]:
        """Return who is out, by reason."""
        return _rejections(world, self.reason.tobytes())


@remembering(maxsize=REJECTIONS_REMEMBERED)
def _rejections(world: World, reasons: bytes) -> tuple[Rejection, ...]:
    out: dict[int, list[NodeId]] = {}
    for node, number in zip(world.nodes, np.frombuffer(reasons, np.int64).tolist(), strict=True):
        if number:
            out.setdefault(number, []).append(node.node_id)
    return tuple(Rejection(REASONS[number - 1], tuple(out[number])) for number in sorted(out))


@remembering(maxsize=WANTS_REMEMBERED)
def wants_of(world: World, lines: tuple[WantedLine, ...], skus: tuple[Sku, ...]) -> Wants | None:
    """Return what is wanted as arrays, over these components; None: a SKU is unknown."""
    if any(line.sku not in world.products for line in lines):
        return None
    column = {sku: place for place, sku in enumerate(skus)}
    uses = np.zeros((len(lines), len(skus)), np.int64)
    launches = [0] * len(skus)
    for row, line in enumerate(lines):
        product = world.products[line.sku]
        launch = product.launches_on.toordinal() if product.launches_on else 0
        for part in product.components():
            place = column[part.sku]
            uses[row, place] += part.units
            sold_from = world.products[part.sku].launches_on if part.sku in world.products else None
            launches[place] = max(
                launches[place], launch, sold_from.toordinal() if sold_from else 0
            )
    ordered = [world.products[line.sku] for line in lines]
    return Wants(
        units=np.array([line.units for line in lines], np.int64),
        uses=uses,
        weight_g=np.array([product.weight_g for product in ordered], np.int64),
        parts=uses.sum(axis=1),
        lightest_g=min(product.weight_g for product in ordered),
        volume_mm3=np.array([product.volume_mm3() for product in ordered], np.int64),
        launches=tuple(launches),
        needs=tuple(needs_of(world, line.sku) for line in lines),
    )


def due_supplies(question: Question) -> tuple[DatedSupply, ...]:
    """Return the supplies on their way that this request may wait for."""
    if question.reach == "shelf":
        return ()
    until = question.request.now + timedelta(days=question.policy.backorder_horizon_days)
    due = [supply for supply in question.stock.dated if supply.due_at <= until]
    if (mine := _slice(question)) is not None:
        nodes = np.array([one.node for one in due], np.int64)
        units = mine.at(nodes, np.array([one.units for one in due], np.int64)).tolist()
        due = [replace(one, units=part) for one, part in zip(due, units, strict=True)]
    return tuple(supply for supply in due if supply.units > 0)


def sieve_nodes(question: Question) -> tuple[Sieve, Ints]:
    """Return who may serve as far as rules and stock say, and the stock [N, C] they may take."""
    request, world, policy = question.request, question.world, question.policy
    sieve = _sieve_by_rules(question)
    free = _share(question)
    dated = due_supplies(question)
    supply = _with_dated(free, dated)
    able = _able(question.wants, supply)
    if _slice(question) is not None:
        whole = _with_dated(question.stock.free, dated)
        others = _any_line(_able(question.wants, whole)) & ~_any_line(able)
        sieve.reject(others, "other_channels")
    for reason, barred in _barred(question):
        sieve.bar(barred, reason)
        left = able & ~barred
        sieve.reject(_any_line(able) & ~_any_line(left), reason)
        able = left
    sieve.reject(~_any_line(able), "out_of_stock")
    limit_km = None if question.strictness == "relaxed" else policy.distance_km_max
    if limit_km is not None and request.destination is not None:
        sieve.reject(lanes(world, request.destination).distance_km > limit_km, "too_far")
    return sieve, free


def surcharge_millis(question: Question) -> Ints:
    """Return what the policy's preferences add to a parcel from each node."""
    world, request = question.world, question.request
    categories = _categories(request, world)
    total = np.zeros(len(world.nodes), np.int64)
    for preference in question.policy.preferences:
        if _speaks_of(preference.group, request.channel, categories):
            total += members(world, preference.group) * (preference.surcharge_minor * 1000)
    return total


@remembering(maxsize=256)
def members(world: World, group: NodeGroup) -> Marks:
    """Return which nodes belong to a group."""
    inside = np.ones(len(world.nodes), np.bool_)
    if group.kinds:
        inside &= np.logical_or.reduce([world.is_kind[kind] for kind in sorted(group.kinds)])
    if group.nodes:
        known = [world.node_index[node] for node in group.nodes if node in world.node_index]
        inside &= np.isin(np.arange(len(world.nodes)), known)
    return inside


def why_refused(question: Question, sieve: Sieve) -> tuple[Refused, tuple[LineUnits, ...]]:
    """Return the main reason why no plan exists, and the units that nobody has.

    Stock decides first: what stands nowhere is missing. Then a line that stands only where it may
    not be sent. Else the reason of most nodes with stock.
    """
    outside = (REASONS.index("not_chosen_node") + 1, REASONS.index("avoided") + 1)
    inside = ~np.isin(sieve.reason, outside)
    supply = _share(question).sum(axis=0, where=inside[:, None])
    for due in due_supplies(question):
        supply[due.component] += due.units if inside[due.node] else 0
    missing = []
    for line, wanted, uses in zip(
        question.request.lines, question.wants.units.tolist(), question.wants.uses, strict=True
    ):
        needed = uses > 0
        served = min(wanted, max(0, int((supply[needed] // uses[needed]).min())))
        supply = supply - served * uses
        if served < wanted:
            missing.append(LineUnits(line.line_no, wanted - served))
    if missing:
        return "out_of_stock", tuple(missing)
    telling = _barring(question, sieve, inside)
    counts = np.bincount(sieve.reason if telling is None else telling, minlength=len(REASONS) + 1)
    known = [number for number in range(3, len(REASONS) + 1) if REASONS[number - 1] in TELLING]
    most = max(known, key=lambda number: (counts[number], -number))
    return (TELLING[REASONS[most - 1]] if counts[most] else "needs_more_parcels"), ()


def _barring(question: Question, sieve: Sieve, inside: Marks) -> Ints | None:
    """Return why the nodes that stand a line do not send it, for the first line so barred.

    That is a line of which the nodes that may send it have too little, and others have some.
    """
    supply = _share(question).copy()
    for due in due_supplies(question):
        supply[due.node, due.component] += due.units
    for line, (wanted, uses) in enumerate(
        zip(question.wants.units.tolist(), question.wants.uses, strict=True)
    ):
        if not sieve.line_reason[:, line].any():
            continue
        needed = uses > 0
        units = (supply[:, needed] // uses[needed]).min(axis=1)
        reason = np.where(sieve.reason > 0, sieve.reason, sieve.line_reason[:, line])
        barred = inside & (units > 0) & (sieve.line_reason[:, line] > 0)
        if units[inside & (reason == 0)].sum() < wanted and barred.any():
            told: Ints = reason[inside & (units > 0) & (reason > 0)]
            return told
    return None


TELLING: dict[Rejected, Refused] = {
    "not_eligible": "not_eligible",
    "closed": "closed",
    "toggled_off": "toggled_off",
    "no_licence": "no_licence",
    "wrong_temperature": "wrong_temperature",
    "too_far": "too_far",
    "no_service": "no_service",
    "hazard_refused": "hazard_refused",
    "temperature_refused": "temperature_refused",
    "too_heavy": "too_heavy",
    "no_capacity": "no_capacity",
    "too_late": "too_late",
}


def _able(wants: Wants, supply: Ints) -> Marks:
    """Return the nodes that have at least one unit of each line [N, L]."""
    stands: Marks = supply[:, None, :] >= wants.uses[None, :, :]
    return stands[:, :, 0] if stands.shape[2] == 1 else np.logical_and.reduce(stands, axis=2)


def _any_line(marks: Marks) -> Marks:
    """Return which rows have a mark."""
    return marks[:, 0] if marks.shape[1] == 1 else np.logical_or.reduce(marks, axis=1)


def _with_dated(free: Ints, dated: tuple[DatedSupply, ...]) -> Ints:
    """Return the shelves and what is on its way to them."""
    if not dated:
        return free
    supply = free.copy()
    for due in dated:
        supply[due.node, due.component] += due.units
    return supply


def _slice(question: Question) -> Slice | None:
    """Return the part of all stock that the policy gives to this channel; None: all of it."""
    if question.strictness == "relaxed":
        return None
    return slice_of(question.world, question.policy.pools, question.request.channel)


def _share(question: Question) -> Ints:
    """Return the shelves as far as the policy gives them to this channel."""
    mine = _slice(question)
    return question.stock.free if mine is None else mine.of(question.stock.free)


def _sieve_by_rules(question: Question) -> Sieve:
    request, world = question.request, question.world
    ruled_out = _ruled_out(question)
    named = request.pickup_node if request.method == "pickup" else request.only_node
    if named is None and not request.avoided:
        return Sieve(ruled_out.copy(), len(request.lines))
    sieve = Sieve(np.zeros(len(world.nodes), np.int64), len(request.lines))
    if named is not None:
        sieve.reject(np.arange(len(world.nodes)) != world.node_index[named], "not_chosen_node")
    if request.avoided:
        known = [world.node_index[n] for n in request.avoided if n in world.node_index]
        sieve.reject(np.isin(np.arange(len(world.nodes)), known), "avoided")
    sieve.reason = np.where(sieve.reason == 0, ruled_out, sieve.reason)
    return sieve


def _ruled_out(question: Question) -> Ints:
    """Return the reason [N] of each node that no stock in the world would let in."""
    request, world, policy = question.request, question.world, question.policy
    if question.strictness == "relaxed":
        return np.where(world.does[request.method], 0, REASONS.index("not_eligible") + 1)
    home = None
    if policy.abroad == "same_country" and request.destination is not None:
        home = request.destination.country
    categories = _categories(request, world)
    return _ruled_out_by_policy(world, policy, request.channel, request.method, categories, home)


@remembering(maxsize=RULES_REMEMBERED)
def _ruled_out_by_policy(
    world: World,
    policy: SourcingPolicy,
    channel: ChannelId,
    method: Method,
    categories: frozenset[str],
    home: str | None,
) -> Ints:
    allowed = allowed_nodes(world, policy, channel, method, categories)
    if home is not None:
        allowed = allowed & (world.countries == home)
    sieve = Sieve(np.zeros(len(world.nodes), np.int64), 0)
    sieve.reject(~allowed, "not_eligible")
    sieve.reject(world.parcels_per_day_max == 0, "closed")
    return sieve.reason


def allowed_nodes(
    world: World,
    policy: SourcingPolicy,
    channel: ChannelId,
    method: Method,
    categories: AbstractSet[str],
) -> Marks:
    """Return the nodes that the policy lets serve this channel with goods of these categories."""
    kinds = policy.ship_kinds if method == "ship" else policy.pickup_kinds
    allowed = world.does[method] & members(world, NodeGroup(kinds=kinds))
    mine = slice_of(world, policy.pools, channel)
    if mine is not None:
        allowed = allowed & mine.reached
    for rule in policy.filters:
        if _speaks_of(rule.group, channel, categories):
            inside = members(world, rule.group)
            allowed = allowed & (inside if rule.keeps == "only" else ~inside)
    return allowed


def _categories(request: SourcingRequest, world: World) -> frozenset[str]:
    return frozenset(world.products[line.sku].category for line in request.lines)


def _speaks_of(group: NodeGroup, channel: ChannelId, categories: AbstractSet[str]) -> bool:
    if group.channels and channel not in group.channels:
        return False
    return not group.categories or not group.categories.isdisjoint(categories)


def _barred(question: Question) -> Iterator[tuple[Rejected, Marks]]:
    """Yield why and for which lines [N, L] nodes are out, where any is."""
    if question.world.toggled and question.strictness != "relaxed":
        yield "toggled_off", _toggled(question)
    unfit: tuple[tuple[Rejected, Marks | None], ...] = (
        ("no_licence", unlicensed(question.world, question.wants.needs)),
        ("wrong_temperature", unkept(question.world, question.wants.needs)),
    )
    yield from ((reason, marks) for reason, marks in unfit if marks is not None)


def _toggled(question: Question) -> Marks:
    """Return the lines that nodes do not do: their own SKU is off there, or a part of the kit."""
    request, world = question.request, question.world
    off = np.zeros((len(world.nodes), len(request.lines)), np.bool_)
    for place, line in enumerate(request.lines):
        parts = (part.sku for part in world.products[line.sku].parts)
        for sku in (line.sku, *parts):
            for node, methods in world.toggled.get(sku, ()):
                off[node, place] |= request.method not in methods
    return off
