"""From a plan to concrete units: which point gives which line what. Pure.

A draft is an order with its plan, before any lock on stock. Whether its units still stand is
checked under lock, in the order of the batch.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from oneshelf.base.identifiers import NodeId, PublicId, Sku
from oneshelf.catalog.products import KitPart
from oneshelf.inventory.ledger import Balance, Source, StockPoint
from oneshelf.inventory.reservations.holding import HeldUnits
from oneshelf.matching.capacity.holding import DayTaken, NodeDay
from oneshelf.matching.plan import Parcel, Plan, Refusal, Refused
from oneshelf.matching.request import SourcingRequest
from oneshelf.orders.answers import Reserved
from oneshelf.orders.canonical import NewOrder

ChoosePoints = Callable[[Sku, NodeId, int], Sequence[tuple[StockPoint, int]]]
Parts = Mapping[Sku, tuple[KitPart, ...]]
Held = Sequence[tuple[StockPoint, int]]
Place = tuple[StockPoint, Source]

FOR_LACK_OF_STOCK: frozenset[Refused] = frozenset({"out_of_stock", "needs_more_parcels"})


class Draw(Struct, frozen=True):
    """Units of one point for one line. parcel: its position in the plan."""

    parcel: int
    line_no: int
    point: StockPoint
    units: int
    source: Source


class Waiting(Struct, frozen=True):
    """Units of one line that have nothing on a shelf yet. parcel: None without a date."""

    line_no: int
    units: int
    parcel: int | None


class Draft(Struct, frozen=True):
    """One order of the batch with its plan and the units it would take."""

    position: int
    order: NewOrder
    request: SourcingRequest
    plan: Plan
    draws: tuple[Draw, ...]
    waiting: tuple[Waiting, ...]
    reserved: Reserved  # where its reservation is consumed, the draws are exactly its units


@dataclass(frozen=True, slots=True)
class Sale:
    """A till sale: the customer has the goods, whatever the shelf shows."""

    position: int
    order: NewOrder

    def till(self) -> NodeId:
        """Return the node where it was sold."""
        if self.order.node is None:
            raise ValueError("a till sale without its node was let through")
        return self.order.node

    def points(self, parts: Parts) -> Counter[StockPoint]:
        """Return the units that left each shelf."""
        sold = Counter[StockPoint]()
        for line in self.order.lines:
            for part in parts[line.sku]:
                sold[StockPoint(part.sku, self.till())] += part.units * line.units
        return sold


def is_mismatch(plan: Plan | Refusal, request: SourcingRequest, parts: Parts, held: Held) -> bool:
    """Say whether a reservation holds other units than the order, or where they cannot serve it."""
    wanted = Counter[Sku]()
    for line in request.lines:
        for part in parts[line.sku]:
            wanted[part.sku] += part.units * line.units
    for point, units in held:
        wanted[point.sku] -= units
    if isinstance(plan, Refusal):
        return any(wanted.values()) or plan.reason in FOR_LACK_OF_STOCK
    return any(wanted.values()) or bool(plan.unserved)


def draw_held(plan: Plan, request: SourcingRequest, parts: Parts, held: Held) -> list[Draw]:
    """Give every line the units that its reservation holds; the plan was made on exactly them."""
    left = {(point.sku, point.node): list[tuple[StockPoint, int]]() for point, _ in held}
    for point, units in held:
        left[point.sku, point.node].append((point, units))

    def choose(sku: Sku, node: NodeId, _: int) -> Sequence[tuple[StockPoint, int]]:
        return left[sku, node]

    return [replace(found, source="reserved") for found in draw(plan, request, parts, choose)]


def draw(plan: Plan, request: SourcingRequest, parts: Parts, choose: ChoosePoints) -> list[Draw]:
    """Give every line of every parcel its units, whole kits from one place."""
    return [
        found
        for position, parcel in enumerate(plan.parcels)
        for found in _draw_parcel(position, parcel, request, parts, choose)
    ]


def _draw_parcel(
    position: int, parcel: Parcel, request: SourcingRequest, parts: Parts, choose: ChoosePoints
) -> Iterable[Draw]:
    skus = {line.line_no: line.sku for line in request.lines}
    supply: dict[Sku, list[tuple[StockPoint, int, Source]]] = {}
    for take in parcel.takes:
        if take.receipt_line is None:
            chosen = choose(take.sku, parcel.node, take.units)
            found: list[tuple[StockPoint, int, Source]] = [
                (point, units, "available") for point, units in chosen
            ]
        else:
            inbound = StockPoint(take.sku, parcel.node, None, take.receipt_line)
            found = [(inbound, take.units, "expected")]
        supply.setdefault(take.sku, []).extend(found)
    for line in parcel.units:
        for part in parts[skus[line.line_no]]:
            for point, units, source in _take(supply[part.sku], part.units * line.units):
                yield Draw(position, line.line_no, point, units, source)


def _take(
    supply: list[tuple[StockPoint, int, Source]], units: int
) -> Iterable[tuple[StockPoint, int, Source]]:
    while units:
        point, there, source = supply.pop(0)
        taken = min(units, there)
        if there > taken:
            supply.insert(0, (point, there - taken, source))
        units -= taken
        yield point, taken, source


def wait_for(
    plan: Plan, draws: Sequence[Draw], request: SourcingRequest, parts: Parts
) -> list[Waiting]:
    """Return the units of each line that wait: for a receipt, or for any stock at all.

    A kit waits as a whole for the last of its parts.
    """
    skus = {line.line_no: line.sku for line in request.lines}
    per_kit = {
        (line_no, part.sku): part.units for line_no, sku in skus.items() for part in parts[sku]
    }
    late: dict[tuple[int, int, Sku], int] = {}
    for found in draws:
        if found.source == "expected":
            place = (found.parcel, found.line_no, found.point.sku)
            late[place] = late.get(place, 0) + found.units
    kits: dict[tuple[int, int], int] = {}
    for (parcel, line_no, sku), units in late.items():
        whole = -(-units // per_kit[line_no, sku])
        kits[parcel, line_no] = max(kits.get((parcel, line_no), 0), whole)
    dated = [Waiting(line_no, units, parcel) for (parcel, line_no), units in sorted(kits.items())]
    return dated + [Waiting(line.line_no, line.units, None) for line in plan.unserved]


class Needs(Struct, frozen=True):
    """What a draft takes: units, and parcels of days; below zero it gives some of a day up."""

    units: Mapping[Place, int]
    days: Mapping[NodeDay, int]


@dataclass(frozen=True, slots=True)
class Standing:
    """What may be taken under the locks of a batch; shrinks as drafts are kept.

    units: by point and source. floors: units of a point that only sold orders may have.
    parcels: room in the days of nodes that have a limit; sold orders need none.
    carts: the days that reservations hold; who consumes one gives them up.
    """

    units: dict[Place, int]
    floors: Mapping[StockPoint, int]
    parcels: dict[NodeDay, int]
    carts: Mapping[PublicId, Sequence[NodeDay]] = field(default_factory=dict)

    def has(self, draft: Draft, needs: Needs) -> bool:
        """Say whether a draft's units and days still stand."""
        if any(self.units.get(place, 0) < units for place, units in needs.units.items()):
            return False
        if draft.request.standing == "sold":
            return True
        return all(
            source != "available" or self.units[point, source] - self.floors.get(point, 0) >= units
            for (point, source), units in needs.units.items()
        ) and all(
            wanted <= 0 or self.parcels.get(day, wanted) >= wanted
            for day, wanted in needs.days.items()
        )

    def has_left(self, shelves: Collection[tuple[Sku, NodeId]]) -> bool:
        """Say whether any unit, of whatever lot, is free on these shelves, or will be."""
        return any(
            units > self.floors.get(point, 0)
            for (point, source), units in self.units.items()
            if source in {"available", "expected"} and (point.sku, point.node) in shelves
        )

    def take(self, needs: Needs) -> None:
        """Take what a kept draft uses; the next no longer finds it."""
        for place, units in needs.units.items():
            self.units[place] -= units
        for day, wanted in needs.days.items():
            if day in self.parcels:
                self.parcels[day] -= wanted

    def needs(self, draft: Draft) -> Needs:
        """Return what a draft takes if it is kept."""
        units: dict[Place, int] = {}
        for found in draft.draws:
            place = (found.point, found.source)
            units[place] = units.get(place, 0) + found.units
        days: dict[NodeDay, int] = {}
        for day in draft.plan.capacity_days():
            days[day] = days.get(day, 0) + 1
        if draft.reserved == "consumed" and draft.order.reservation is not None:
            for day in self.carts.get(PublicId(draft.order.reservation), ()):
                days[day] = days.get(day, 0) - 1
        return Needs(units, days)


def stand(
    balances: Mapping[StockPoint, Balance],
    held: Iterable[HeldUnits],
    sold: Iterable[Mapping[StockPoint, int]],
    floors: Mapping[StockPoint, int],
    room: Mapping[NodeDay, DayTaken],
    carts: Mapping[PublicId, Sequence[NodeDay]],
) -> Standing:
    """Return what may be taken of locked points, reservations and days; till sales come first."""
    units: dict[Place, int] = {}
    for point, balance in balances.items():
        units[point, "available"] = balance.available
        units[point, "expected"] = balance.expected
    for one in held:
        units[one.point, "reserved"] = units.get((one.point, "reserved"), 0) + one.units
    for sale in sold:
        for point, gone in sale.items():
            units[point, "available"] = max(0, units[point, "available"] - gone)
    parcels = {day: taken.parcels_max - taken.taken for day, taken in room.items()}
    return Standing(units, floors, parcels, carts)


def part_doubles(drafts: Sequence[Draft]) -> tuple[list[Draft], list[Draft]]:
    """Part the drafts from those whose reservation an earlier one of them has consumed."""
    first: list[Draft] = []
    doubles: list[Draft] = []
    used: set[UUID | None] = set()
    for draft in drafts:
        if draft.reserved != "consumed":
            first.append(draft)
        elif draft.order.reservation in used:
            doubles.append(draft)
        else:
            used.add(draft.order.reservation)
            first.append(draft)
    return first, doubles


def keep(
    drafts: Sequence[Draft], standing: Standing, has_news: Callable[[Draft], bool]
) -> tuple[list[Draft], list[Draft]]:
    """Part the drafts whose units stand from those that lost theirs, in the batch's order.

    has_news: whether more of what a waiting draft wants stands there than it was planned on.
    """
    kept: list[Draft] = []
    lost: list[Draft] = []
    for draft in drafts:
        needs = standing.needs(draft)
        if standing.has(draft, needs) and not (draft.waiting and has_news(draft)):
            standing.take(needs)
            kept.append(draft)
        else:
            lost.append(draft)
    return kept, lost
