"""What the plan function answers: parcels, their dates and costs, and why not others. Pure.

Costs are whole thousandths of a minor unit ("millis"). What every plan has several of is a struct,
for the reason given in `inventory.ledger`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Literal

from msgspec import Struct

from oneshelf.base.identifiers import NodeId, ReceiptLineId, ServiceId, Sku
from oneshelf.matching.capacity.holding import NodeDay
from oneshelf.matching.request import SourcingRequest
from oneshelf.matching.sourcing.problem import Ints, Problem, SitedParcel
from oneshelf.matching.world import World

Rejected = Literal[
    "not_chosen_node",  # the request names another one
    "avoided",  # tried before
    "not_eligible",  # the policy keeps it out of this order
    "closed",  # takes no parcels, or does not open within a year
    "toggled_off",  # does not do this for these SKUs
    "no_licence",  # does not hold what these goods ask for
    "wrong_temperature",  # cannot keep these goods at theirs
    "out_of_stock",  # has none of what is wanted
    "other_channels",  # has it, but the policy's pools give it to other channels
    "too_far",
    "no_service",  # no carrier goes from there to the destination
    "hazard_refused",  # carriers go there, not with these goods
    "temperature_refused",  # carriers go there, not at the temperature of these goods
    "too_heavy",  # carriers go there, not with a unit so heavy
    "no_capacity",  # every day in reach is full
    "too_late",  # would arrive after the wanted day
]
Refused = Literal[
    "unknown_sku",
    "unknown_node",
    "not_served_country",
    "out_of_stock",
    "not_eligible",
    "closed",
    "toggled_off",
    "no_licence",
    "wrong_temperature",
    "too_far",
    "no_service",
    "hazard_refused",
    "temperature_refused",
    "too_heavy",
    "no_capacity",
    "too_late",
    "needs_more_parcels",  # stock is there, but one order may not have so many parcels
]
Chosen = Literal[
    "chosen_node",  # the request named it
    "only_plan",  # nothing else could serve
    "earliest",
    "fewest_parcels",
    "least_cost",
    "nearest",
    "as_far_as_stock_goes",  # a sold order with units that nobody has
]
Proof = Literal["optimal", "bounded"]

PICKED_UP = -1  # in place of a service's number: the customer comes to the counter


class LineUnits(Struct, frozen=True):
    """So many units of one line."""

    line_no: int
    units: int


class Take(Struct, frozen=True):
    """Units of a component from the node's shelf, or from a receipt line on its way there."""

    sku: Sku
    units: int
    receipt_line: ReceiptLineId | None = None


class Cost(Struct, frozen=True):
    """What one parcel costs, by term, in millis."""

    freight: int = 0
    handling: int = 0
    labour: int = 0
    split: int = 0
    lateness: int = 0
    speed: int = 0
    carbon: int = 0
    opportunity: int = 0
    preference: int = 0
    distance: int = 0  # kilometres as the policy `nearest` counts them: no money

    def millis(self) -> int:
        """Return the sum of all terms."""
        return (
            self.freight
            + self.handling
            + self.labour
            + self.split
            + self.lateness
            + self.speed
            + self.carbon
            + self.opportunity
            + self.preference
            + self.distance
        )


class Parcel(Struct, frozen=True):
    """One parcel, or one bag at the counter (no service, no collection).

    capacity_on: the day at the node whose capacity it takes.
    arrives_on: local date at the door, or the date from which it can be picked up.
    """

    node: NodeId
    service: ServiceId | None
    units: tuple[LineUnits, ...]
    takes: tuple[Take, ...]
    capacity_on: date
    ready_at: datetime
    collected_at: datetime | None
    arrives_on: date
    cost: Cost


class OtherParcel(Struct, frozen=True):
    """The short form of a parcel in a plan that was not chosen."""

    node: NodeId
    service: ServiceId | None
    units: tuple[LineUnits, ...]
    arrives_on: date


class OtherPlan(Struct, frozen=True):
    """A plan that was possible and not chosen."""

    parcels: tuple[OtherParcel, ...]
    cost_millis: int


class Rejection(Struct, frozen=True):
    """Nodes that were out for the same reason; each node stands under its first one."""

    reason: Rejected
    nodes: tuple[NodeId, ...]


class LineBarred(Struct, frozen=True):
    """Who is in but not for one line: nodes that stand it and may not send it, or services."""

    line_no: int
    reason: Rejected
    nodes: tuple[NodeId, ...] = ()
    services: tuple[ServiceId, ...] = ()


class Trace(Struct, frozen=True):
    """What was decided on, for the decision record: positions as in the problem.

    site_*[S]: the node's date now, the day it works on the site, why not today (promise_dates).
    offer_*[O]: position in the world's services (or PICKED_UP), days of pickup and arrival.
    Days are ordinals. split_millis: part of every offer; a plan's first parcel does not pay it.
    """

    request: SourcingRequest
    world: World
    skus: tuple[Sku, ...]
    problem: Problem
    site_today: Ints
    site_work_on: Ints
    site_delay: Ints
    offer_service: Ints
    offer_ships_on: Ints
    offer_arrives_on: Ints
    chosen: tuple[SitedParcel, ...]  # in the order of the plan's parcels
    others: tuple[tuple[SitedParcel, ...], ...]
    split_millis: int


@dataclass(frozen=True, slots=True)
class Plan:
    """Parcels that serve the request; `unserved` is empty unless it was `sold`.

    bound_millis: no plan is cheaper than this; equal to the cost where proof is `optimal`.
    stages: the plans it was put together from, where a sold order needs more parcels than one plan
    may have; else empty.
    """

    parcels: tuple[Parcel, ...]
    unserved: tuple[LineUnits, ...]
    reason: Chosen
    cost_millis: int
    bound_millis: int
    proof: Proof
    rejections: tuple[Rejection, ...]
    policy_version: int
    barred: tuple[LineBarred, ...]
    trace: Trace = field(compare=False, repr=False)
    stages: tuple["Plan", ...] = ()

    def followed_by(self, rest: "Plan") -> "Plan":
        """Return this plan with another one for what it leaves unserved."""
        return replace(
            self,
            parcels=self.parcels + rest.parcels,
            unserved=rest.unserved,
            cost_millis=self.cost_millis + rest.cost_millis,
            proof="bounded",
            stages=(*(self.stages or (self,)), rest),
        )

    def arrives_on(self) -> date | None:
        """Return the day by which everything has arrived; None if nothing is sent."""
        return max((parcel.arrives_on for parcel in self.parcels), default=None)

    def capacity_days(self) -> tuple[NodeDay, ...]:
        """Return the node's day of each parcel, to be locked and held."""
        return tuple(NodeDay(parcel.node, parcel.capacity_on) for parcel in self.parcels)

    def others(self) -> tuple[OtherPlan, ...]:
        """Return up to ten plans that were possible and not chosen, cheapest first."""
        return tuple(_other_plan(self.trace, parcels) for parcels in self.trace.others)

    def gap_millis(self) -> int:
        """Return by how much at most a better plan could be cheaper."""
        return self.cost_millis - self.bound_millis


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why not. missing: units that nobody has for sale, where that is the reason."""

    reason: Refused
    missing: tuple[LineUnits, ...]
    rejections: tuple[Rejection, ...]
    policy_version: int


def _other_plan(trace: Trace, sent: tuple[SitedParcel, ...]) -> OtherPlan:
    ordered = sorted(sent, key=lambda parcel: (parcel.site, parcel.offer))
    return OtherPlan(
        tuple(
            OtherParcel(
                trace.world.nodes[trace.problem.site_node[parcel.site]].node_id,
                service_of(trace, parcel.offer),
                units_of(trace.request, parcel.units),
                date.fromordinal(int(trace.offer_arrives_on[parcel.offer])),
            )
            for parcel in ordered
        ),
        sum(parcel.cost_millis for parcel in ordered) - trace.split_millis,
    )


def service_of(trace: Trace, offer: int) -> ServiceId | None:
    """Return the service of an offer; None: the customer comes."""
    number = int(trace.offer_service[offer])
    return None if number == PICKED_UP else trace.world.services[number].service_id


def units_of(request: SourcingRequest, units: Sequence[int]) -> tuple[LineUnits, ...]:
    """Return the units of each line that a parcel carries."""
    return tuple(
        LineUnits(line.line_no, count)
        for line, count in zip(request.lines, units, strict=True)
        if count
    )
