"""What an order asks of the plan function, and what its channel hears. Pure."""

from collections.abc import Container, Mapping, Sequence
from datetime import date, datetime, timedelta

from oneshelf.base.errors import OneshelfError
from oneshelf.base.identifiers import ChannelId, NodeId, Sku
from oneshelf.catalog.channels import Channel
from oneshelf.catalog.nodes import Method
from oneshelf.matching.plan import Refusal
from oneshelf.matching.request import Destination, SourcingRequest, WantedLine
from oneshelf.orders.answers import PromisedLine, RefusalReason, Refused
from oneshelf.orders.canonical import DeliveryPlace, NewOrder
from oneshelf.orders.capture.drafting import Draft

REFUSALS: Mapping[str, RefusalReason] = {
    "unknown_sku": "unknown_sku",
    "unknown_node": "unknown_node",
    "not_served_country": "not_served",
    "out_of_stock": "out_of_stock",
    "needs_more_parcels": "out_of_stock",
    "not_eligible": "not_eligible",
    "toggled_off": "not_eligible",
    "no_licence": "not_eligible",
    "wrong_temperature": "not_eligible",
    "hazard_refused": "not_eligible",
    "temperature_refused": "not_eligible",
    "too_heavy": "not_eligible",
    "too_far": "no_service",
    "no_service": "no_service",
    "closed": "no_capacity",
    "no_capacity": "no_capacity",
    "too_late": "too_late",
}


def sourcing_request(order: NewOrder, channel: Channel, now: datetime) -> SourcingRequest:
    """Return the question an order asks: where from, by when, at what cost."""
    method: Method = "ship" if order.method == "ship" else "pickup"
    place = order.place if method == "ship" else None
    return SourcingRequest(
        now=now,
        channel=order.channel,
        standing=order.standing or channel.standing,
        lines=tuple(
            WantedLine(number, line.sku, line.units) for number, line in enumerate(order.lines, 1)
        ),
        method=method,
        destination=None if place is None else _destination(place),
        pickup_node=order.node if method == "pickup" else None,
        only_node=order.node if method == "ship" else None,
        wanted_by=order.wanted_by,
        preference=order.preference,
        splitting=order.splitting,
        backorder=order.backorder,
    )


def _destination(place: DeliveryPlace) -> Destination:
    return Destination(place.country, place.postcode, place.latitude, place.longitude)


def unreadable(order: NewOrder, found: Sequence[str]) -> OneshelfError:
    """Return the refusal of an order that cannot be read, sold or not."""
    return OneshelfError(
        "bad_value",
        f"Order {order.key!r} cannot be read: {'; '.join(found)}.",
        "Correct it and send it again under the same key.",
    )


def unknown_names(
    order: NewOrder,
    channels: Mapping[ChannelId, Channel],
    nodes: Container[NodeId],
    skus: Container[Sku],
) -> list[str]:
    """Return the names in an order that nothing in the catalog bears."""
    found = [] if order.channel in channels else [f"unknown channel {order.channel!r}"]
    if order.node is not None and order.node not in nodes:
        found.append(f"unknown node {order.node!r}")
    missing = {line.sku for line in order.lines if line.sku not in skus}
    return found + [f"unknown SKU {sku!r}" for sku in sorted(missing)]


def refused(refusal: Refusal, order: NewOrder) -> Refused:
    """Put a refusal into the channel's words."""
    short = tuple(
        PromisedLine(line.line_no, order.lines[line.line_no - 1].sku, line.units)
        for line in refusal.missing
    )
    detail = f"No plan serves the order: {refusal.reason.replace('_', ' ')}."
    return Refused(REFUSALS[refusal.reason], detail, short)


def promised_on(draft: Draft) -> date | None:
    """Return the day by which the customer has everything; None while a line has no date."""
    if any(wait.parcel is None for wait in draft.waiting):
        return None
    return draft.plan.arrives_on()


def grace_until(channel: Channel, now: datetime) -> datetime:
    """Return until when an order may be changed freely."""
    return now + timedelta(minutes=channel.grace_minutes)
