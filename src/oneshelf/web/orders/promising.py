"""What could be promised: dates, prices and reasons, before anybody buys."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Literal

from litestar import Response
from msgspec import Meta

from oneshelf.base.errors import OneshelfError
from oneshelf.base.identifiers import ChannelId, NodeId, ServiceId
from oneshelf.catalog.channels import Channel
from oneshelf.matching.outlook import Outlook
from oneshelf.matching.plan import Chosen, LineUnits, Parcel, Refusal
from oneshelf.matching.planning import Option
from oneshelf.matching.request import Preference
from oneshelf.orders.canonical import LINES_MAX, DeliveryPlace, NewOrder, OrderLine
from oneshelf.orders.capture.asking import refused, sourcing_request, unknown_names
from oneshelf.orders.capture.writing import money_minor
from oneshelf.web.decoding import Shape
from oneshelf.web.doors import Door, Visit
from oneshelf.web.doors import respond as respond_json
from oneshelf.web.keys import require_channel
from oneshelf.web.problems import (
    Fault,
    FaultyError,
    problem_of,
    refused_problem,
    request_id_of,
    respond,
)
from oneshelf.web.values.naming import NodeName, SkuName, SomeUnits

CODE_LENGTH_MAX = 64
UNITS_AT_ONCE = 8


class WantedLine(Shape, frozen=True):
    """So many units of one SKU."""

    sku: SkuName
    units: SomeUnits


class PromiseAsked(Shape, frozen=True):
    """A cart that might be bought. node: of a pickup, or the one place that may send."""

    channel: Annotated[ChannelId, Meta(min_length=1, max_length=CODE_LENGTH_MAX)]
    method: Literal["ship", "pickup"]
    lines: Annotated[tuple[WantedLine, ...], Meta(min_length=1, max_length=LINES_MAX)]
    node: NodeName | None = None
    place: DeliveryPlace | None = None
    wanted_by: date | None = None
    splitting: Literal["allowed", "together"] = "allowed"
    backorder: Literal["accepted", "refused"] = "refused"

    def order(self, channel: Channel) -> NewOrder:
        """Return the order that would be placed: the same question, without a price."""
        return NewOrder(
            channel=self.channel,
            key="promise",
            method=self.method,
            lines=tuple(
                OrderLine(sku=line.sku, units=line.units, price_minor=0) for line in self.lines
            ),
            currency=channel.currency,
            standing="ask",
            node=self.node,
            place=self.place if self.method == "ship" else None,
            wanted_by=self.wanted_by,
            splitting=self.splitting,
            backorder=self.backorder,
        )


class ParcelOption(Shape, frozen=True):
    """One parcel as it would be promised. service: null is collected by the customer."""

    node: NodeId
    service: ServiceId | None
    lines: tuple[LineUnits, ...]
    ready_at: datetime
    arrives_on: date
    cost_minor: int


class PromiseOption(Shape, frozen=True):
    """One way to serve the cart. preferences: an order with one of them is served so."""

    preferences: tuple[Preference, ...]
    arrives_on: date | None
    cost_minor: int
    reason: Chosen
    parcels: tuple[ParcelOption, ...]


class PromiseTold(Shape, frozen=True):
    """What a shopper can choose from, the cheapest first. It holds nothing."""

    currency: str
    options: tuple[PromiseOption, ...]


async def promise(visit: Visit) -> Response[bytes]:
    """Return what could be promised, or why nothing."""
    asked = await visit.body(PromiseAsked)
    require_channel(visit.who(), asked.channel)
    snapshot = visit.house.snapshot
    outlook = snapshot.outlook
    order = readable(asked, outlook)

    def task() -> Sequence[Option] | Refusal:
        channel = outlook.channels[asked.channel]
        return outlook.promise(sourcing_request(order, channel, snapshot.now()))

    if sum(line.units for line in order.lines) <= UNITS_AT_ONCE and snapshot.is_fresh():
        return told(visit, order, task())  # a millisecond: a thread would cost more than it frees
    return told(visit, order, await visit.house.work(task))


def told(visit: Visit, order: NewOrder, found: Sequence[Option] | Refusal) -> Response[bytes]:
    """Return the options, or why there are none."""
    if isinstance(found, Refusal):
        refusal = refused(found, order)
        error = OneshelfError("refused", refusal.detail, "Change the cart, or ask again later.")
        problem = problem_of(error, request_id_of(visit.request.scope))
        return respond(refused_problem(problem, refusal))
    options = tuple(option_told(one) for one in found)
    return respond_json(PromiseTold(currency=order.currency, options=options))


def readable(asked: PromiseAsked, outlook: Outlook) -> NewOrder:
    """Return the order that would be placed; refuse names and combinations that make no sense."""
    channel = outlook.channels.get(asked.channel)
    if channel is None:
        raise FaultyError("bad_value", (Fault("$.channel", f"unknown {asked.channel!r}"),))
    if asked.method == "ship" and asked.place is None:
        raise FaultyError("bad_value", (Fault("$.place", "shipping needs a place"),))
    if asked.method == "pickup" and asked.node is None:
        raise FaultyError("bad_value", (Fault("$.node", "a pickup needs a node"),))
    order = asked.order(channel)
    world = outlook.world
    if found := unknown_names(order, outlook.channels, world.node_index, world.products):
        raise FaultyError("bad_value", tuple(Fault("$", fault) for fault in found))
    return order


def option_told(option: Option) -> PromiseOption:
    """Return an option in the words that channels hear."""
    parcels = tuple(_parcel(parcel) for parcel in option.plan.parcels)
    return PromiseOption(
        preferences=option.preferences,
        arrives_on=option.plan.arrives_on(),
        cost_minor=sum(parcel.cost_minor for parcel in parcels),
        reason=option.plan.reason,
        parcels=parcels,
    )


def _parcel(parcel: Parcel) -> ParcelOption:
    return ParcelOption(
        node=parcel.node,
        service=parcel.service,
        lines=parcel.units,
        ready_at=parcel.ready_at,
        arrives_on=parcel.arrives_on,
        cost_minor=money_minor(parcel),
    )


DOORS = (
    Door(
        method="POST",
        path="/api/v1/promise",
        scope="promise",
        does="What could be promised for a cart: dates, prices and reasons; holds nothing",
        answer=promise,
        takes=PromiseAsked,
        gives=PromiseTold,
        problems=("refused",),
        repeats="may_have_key",
        way="short",
    ),
)
