"""What a decision was made on, small enough to keep: to explain it and to decide it again. Pure.

Carries ids, postcode districts and amounts; never a name of a person, a street, mail or phone.
Days in lists are counted from the UTC date of `now`; costs are millis.
"""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
from msgspec import Struct, structs

from oneshelf.base.calendars import is_working_day, local_date
from oneshelf.base.identifiers import NodeId, ServiceId, Sku
from oneshelf.matching.plan import (
    PICKED_UP,
    Chosen,
    Cost,
    LineBarred,
    LineUnits,
    Plan,
    Proof,
    Rejected,
    Trace,
)
from oneshelf.matching.preferring import Answers
from oneshelf.matching.promise_dates import FULL, NOT_YET
from oneshelf.matching.request import SourcingRequest
from oneshelf.matching.sourcing.marks import every
from oneshelf.matching.sourcing.problem import Ints, Marks, Problem, SitedParcel, Solution
from oneshelf.matching.timetable import CLOSED_TODAY, PAST_CUT_OFF
from oneshelf.matching.world import World, remembering

NAMES_PER_REASON_MAX = 5
DELAYS = {
    PAST_CUT_OFF: "is past its {cut_off} cut-off today",
    CLOSED_TODAY: "is closed now",
    FULL: "has no room for another parcel before then",
    NOT_YET: "still waits for the goods",
}
NUMBERS = frozenset({"parcels_max", "nodes_per_line_max"})
ZLIB_LEVEL = 4  # 6 takes up to three times as long and saves a twentieth
LEAVE = frozenset({"site_sends", "tariff_carries"})  # recorded where they forbid anything
ARRAYS = [name for name in Problem.__struct_fields__ if name not in NUMBERS | LEAVE]
TARIFFS = [name for name in ARRAYS if name.startswith("tariff_")]
OWN = [name for name in ARRAYS if name not in TARIFFS]


class ChosenParcel(Struct, frozen=True):
    """One parcel of the plan. ready: local time at the node."""

    site: int
    offer: int
    units: tuple[int, ...]
    cost: Cost
    ready: str


class RecordedPlan(Struct, frozen=True):
    """A plan that was not chosen: (site, offer, units of each line) of its parcels."""

    parcels: tuple[tuple[int, int, tuple[int, ...]], ...]
    cost_millis: int


class CountedRejection(Struct, frozen=True):
    """So many nodes were out for a reason; the names of the first few."""

    reason: Rejected
    nodes: int
    names: tuple[str, ...]


class CountedBar(Struct, frozen=True):
    """So many nodes, or services, were out for one line; the names of the first few."""

    line_no: int
    reason: Rejected
    of: Literal["nodes", "services"]
    count: int
    names: tuple[str, ...]


class Record(Struct, frozen=True):
    """One decision. problem: the arrays of `Problem`, flat, by name; its nodes are `nodes`.

    currency: of the goods' prices, and so of the costs; empty in records from before it was kept.

    notes: for offers of the chosen and the best other plans, why they do not leave today.
    """

    request: SourcingRequest
    policy_version: int
    reason: Chosen
    proof: Proof
    cost_millis: int
    bound_millis: int
    split_millis: int
    unserved: tuple[LineUnits, ...]
    parcels: tuple[ChosenParcel, ...]
    others: tuple[RecordedPlan, ...]
    rejections: tuple[CountedRejection, ...]
    skus: tuple[Sku, ...]
    nodes: tuple[NodeId, ...]
    names: tuple[str, ...]
    services: tuple[ServiceId, ...]
    service_names: tuple[str, ...]
    problem: dict[str, list[int]]
    offer_service: list[int]
    offer_ships_in: list[int]
    offer_arrives_in: list[int]
    notes: dict[int, str]
    barred: tuple[CountedBar, ...] = ()
    currency: str = ""

    def day(self, days: int) -> date:
        """Return the date so many days after the UTC date of now."""
        return date.fromordinal(first_day(self.request) + days)


@dataclass(frozen=True, slots=True)
class Replayed:
    """What deciding again gave: the parcels (site, offer, units) and what they cost."""

    parcels: tuple[tuple[int, int, tuple[int, ...]], ...]
    cost_millis: int


def record(plan: Plan) -> Record:
    """Return what must be kept of a plan."""
    trace = plan.trace
    world, problem = trace.world, trace.problem
    begins = np.ones(len(problem.site_node), np.bool_)  # sites of a node stand together
    np.greater(problem.site_node[1:], problem.site_node[:-1], out=begins[1:])
    places = problem.site_node[begins].tolist()
    first = first_day(trace.request)
    chosen = _chosen(trace, plan)
    told = {parcel.offer for parcel in chosen}
    told |= {parcel.offer for other in trace.others for parcel in other}
    return Record(
        request=_without_person(trace.request),
        policy_version=plan.policy_version,
        reason=plan.reason,
        proof=plan.proof,
        cost_millis=plan.cost_millis,
        bound_millis=plan.bound_millis,
        split_millis=trace.split_millis,
        unserved=plan.unserved,
        parcels=chosen,
        others=tuple(_recorded(other, trace.split_millis) for other in trace.others),
        rejections=tuple(
            CountedRejection(
                rejection.reason,
                len(rejection.nodes),
                tuple(
                    world.nodes[world.node_index[node]].name
                    for node in rejection.nodes[:NAMES_PER_REASON_MAX]
                ),
            )
            for rejection in plan.rejections
        ),
        skus=trace.skus,
        nodes=tuple(world.nodes[place].node_id for place in places),
        names=tuple(world.nodes[place].name for place in places),
        services=tuple(service.service_id for service in world.services),
        service_names=tuple(service.name for service in world.services),
        problem=_flat(problem, world) | {"site_node": (begins.cumsum() - 1).tolist()},
        offer_service=trace.offer_service.tolist(),
        offer_ships_in=(trace.offer_ships_on - first).tolist(),
        offer_arrives_in=(trace.offer_arrives_on - first).tolist(),
        notes={offer: note for offer in sorted(told) if (note := _note(trace, offer))},
        barred=tuple(_counted(world, one) for one in plan.barred),
        currency=world.products[trace.request.lines[0].sku].currency,
    )


def encode(kept: Record) -> bytes:
    """Return the record as compressed JSON."""
    return zlib.compress(msgspec.json.encode(kept), ZLIB_LEVEL)


def decode(stored: bytes) -> Record:
    """Return what was encoded."""
    return msgspec.json.decode(zlib.decompress(stored), type=Record)


def replay(kept: Record) -> Replayed | None:
    """Decide again from the record alone; None if there is no plan any more."""
    first = first_day(kept.request)
    arrives_on = np.array(kept.offer_arrives_in, np.int64) + first
    answer = Answers(problem_of(kept), arrives_on).best(kept.request.preference)
    if not isinstance(answer, Solution):
        return None
    once = kept.split_millis if answer.parcels else 0
    return Replayed(_plain(answer.parcels), answer.cost_millis - once)


def decided(kept: Record) -> Replayed:
    """Return what was decided then, in the words of a replay."""
    return Replayed(
        tuple((parcel.site, parcel.offer, parcel.units) for parcel in kept.parcels),
        kept.cost_millis,
    )


def with_stock(kept: Record, node: NodeId, sku: Sku, units: int) -> Record:
    """Return the record as it had been with another stock of a SKU at a node."""
    place, column = kept.nodes.index(node), kept.skus.index(sku)
    stock = list(kept.problem["site_stock"])
    for site, at in enumerate(kept.problem["site_node"]):
        if at == place:
            stock[site * len(kept.skus) + column] = units
    return structs.replace(kept, problem=kept.problem | {"site_stock": stock})


def problem_of(kept: Record) -> Problem:
    """Return the recorded problem as arrays."""
    arrays = {
        name: np.array(values, np.int64)
        for name, values in kept.problem.items()
        if name not in NUMBERS | LEAVE
    }
    lines, components = len(kept.request.lines), len(kept.skus)
    sites, tariffs = len(kept.problem["site_node"]), len(kept.problem["tariff_base_millis"])
    arrays["uses"] = arrays["uses"].reshape(lines, components)
    arrays["site_stock"] = arrays["site_stock"].reshape(-1, components)
    arrays["unit_millis"] = arrays["unit_millis"].reshape(-1, lines)
    return Problem(
        **arrays,
        site_sends=_leave(kept, "site_sends", sites, lines),
        tariff_carries=_leave(kept, "tariff_carries", tariffs, lines),
        parcels_max=kept.problem["parcels_max"][0],
        nodes_per_line_max=kept.problem["nodes_per_line_max"][0],
    )


def first_day(request: SourcingRequest) -> int:
    """Return the UTC date of now as an ordinal."""
    return request.now.astimezone(UTC).toordinal()


def _leave(kept: Record, name: str, places: int, lines: int) -> Marks:
    """Return what may go; a record that does not say, as old ones do not, forbids nothing."""
    if name not in kept.problem:
        return np.ones((places, lines), np.bool_)
    return np.array(kept.problem[name], np.bool_).reshape(places, lines)


def _without_person(request: SourcingRequest) -> SourcingRequest:
    """Leave of the address what names a district."""
    home = request.destination
    district = home and structs.replace(
        home,
        postcode=home.postcode_area(),
        latitude=round(home.latitude, 1),
        longitude=round(home.longitude, 1),
    )
    return structs.replace(request, now=request.now.astimezone(UTC), destination=district)


def _chosen(trace: Trace, plan: Plan) -> tuple[ChosenParcel, ...]:
    return tuple(
        ChosenParcel(
            site=sited.site,
            offer=sited.offer,
            units=sited.units,
            cost=parcel.cost,
            ready=parcel.ready_at.astimezone(_zone(trace, sited.site)).strftime("%H:%M"),
        )
        for sited, parcel in zip(trace.chosen, plan.parcels, strict=True)
    )


def _zone(trace: Trace, site: int) -> ZoneInfo:
    return ZoneInfo(trace.world.nodes[trace.problem.site_node[site]].calendar.time_zone)


def _note(trace: Trace, offer: int) -> str:
    """Say why what this offer sends does not leave today; empty if it does."""
    site = int(trace.problem.offer_site[offer])
    node = trace.world.nodes[trace.problem.site_node[site]]
    delay = DELAYS.get(int(trace.site_delay[site]))
    if delay is not None:
        return delay.format(cut_off=f"{node.cut_off:%H:%M}")
    service = int(trace.offer_service[offer])
    today = int(trace.site_today[site])
    if service == PICKED_UP or int(trace.offer_ships_on[offer]) == today:
        return ""
    collected = trace.world.services[service]
    if is_working_day(collected.collects, local_date(node.calendar, trace.request.now)):
        return f"misses today's {collected.collected_at:%H:%M} pickup"
    return "has no pickup today"


def _counted(world: World, barred: LineBarred) -> CountedBar:
    if barred.services:
        carrying = {service.service_id: service.name for service in world.services}
        names = [carrying[service] for service in barred.services]
        return CountedBar(barred.line_no, barred.reason, "services", len(names), _first(names))
    names = [world.nodes[world.node_index[node]].name for node in barred.nodes]
    return CountedBar(barred.line_no, barred.reason, "nodes", len(names), _first(names))


def _first(names: list[str]) -> tuple[str, ...]:
    return tuple(names[:NAMES_PER_REASON_MAX])


def _recorded(parcels: tuple[SitedParcel, ...], split_millis: int) -> RecordedPlan:
    return RecordedPlan(
        _plain(parcels), sum(parcel.cost_millis for parcel in parcels) - split_millis
    )


def _plain(
    parcels: tuple[SitedParcel, ...],
) -> tuple[tuple[int, int, tuple[int, ...]], ...]:
    return tuple(sorted((parcel.site, parcel.offer, parcel.units) for parcel in parcels))


def _flat(problem: Problem, world: World) -> dict[str, list[int]]:
    numbers: dict[str, Ints] = {name: getattr(problem, name) for name in OWN}
    marks: dict[str, Marks] = {name: getattr(problem, name) for name in LEAVE}
    return {
        **{name: array.ravel().tolist() for name, array in numbers.items()},
        **{
            name: array.astype(np.int64).ravel().tolist()
            for name, array in marks.items()
            if not every(array)
        },
        **_flat_tariffs(world),
        "parcels_max": [problem.parcels_max],
        "nodes_per_line_max": [problem.nodes_per_line_max],
    }


@remembering(maxsize=8)
def _flat_tariffs(world: World) -> Mapping[str, list[int]]:
    """Return the tariffs of a world as every problem in it has them."""
    return {name: getattr(world.tariffs, name.removeprefix("tariff_")).tolist() for name in TARIFFS}
