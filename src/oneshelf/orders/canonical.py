"""One order, whatever channel it came from. Pure.

Money is in minor units of the order's currency. Only `Contact` holds personal data.
"""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta

from oneshelf.base.identifiers import ChannelId, NodeId, Sku
from oneshelf.catalog.channels import Standing

Text = Annotated[str, Meta(max_length=200)]
Code = Annotated[str, Meta(min_length=1, max_length=64)]
Key = Annotated[str, Meta(min_length=1, max_length=128)]
Minor = Annotated[int, Meta(ge=0, le=10**12)]
Units = Annotated[int, Meta(ge=1, le=100_000)]
Latitude = Annotated[float, Meta(ge=-90, le=90)]
Longitude = Annotated[float, Meta(ge=-180, le=180)]
Country = Annotated[str, Meta(pattern="^[A-Z]{2}$")]
Currency = Annotated[str, Meta(pattern="^[A-Z]{3}$")]

LINES_MAX = 1_000

OrderMethod = Literal[
    "ship",
    "pickup",
    "carried",  # a till sale: the customer carries the goods out
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Who the order is for. Stands in contact rows alone, so that it can be erased."""

    name: Text = ""
    mail: Text = ""
    phone: Text = ""
    street: Text = ""
    city: Text = ""
    postcode: Text = ""
    country: Text = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryPlace:
    """Where parcels go, as a place and not as an address.

    postcode: the district at most (UK outcode, first three digits elsewhere).
    """

    country: Country
    postcode: Annotated[str, Meta(max_length=5)]
    latitude: Latitude
    longitude: Longitude


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """So many units of one SKU. price_minor: of one unit; discount and tax: of the line."""

    sku: Annotated[Sku, Meta(min_length=1, max_length=64)]
    units: Units
    price_minor: Minor
    discount_minor: Minor = 0
    tax_minor: Minor = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOrder:
    """What a channel sends to have an order placed.

    key: the channel's own id of the order; a repeat with the same key gets the same answer.
    standing: `ask` may be refused, `sold` is always written; left out, the channel's own.
    node: of a pickup, of a till sale, or the one place that may send (honoured or refused).
    reservation: units the cart holds already; exactly they are consumed.
    taxes: whether prices contain the lines' tax or it comes on top.
    """

    channel: Annotated[ChannelId, Meta(min_length=1, max_length=64)]
    key: Key
    method: OrderMethod
    lines: Annotated[tuple[OrderLine, ...], Meta(min_length=1, max_length=LINES_MAX)]
    currency: Currency
    standing: Standing | None = None
    node: NodeId | None = None
    place: DeliveryPlace | None = None
    contact: Contact | None = None
    customer: Annotated[str, Meta(max_length=64)] | None = None
    reservation: UUID | None = None
    wanted_by: date | None = None
    preference: Literal["cheapest", "earliest", "fewest_parcels"] = "cheapest"
    splitting: Literal["allowed", "together"] = "allowed"
    backorder: Literal["accepted", "refused"] = "refused"
    shipping_minor: Minor = 0
    taxes: Literal["included", "added"] = "included"


@dataclass(frozen=True, slots=True)
class Amounts:
    """What an order costs, to the minor unit."""

    goods_minor: int
    discount_minor: int
    tax_minor: int
    shipping_minor: int
    total_minor: int


def amounts(order: NewOrder) -> Amounts:
    """Add up an order."""
    goods = sum(line.units * line.price_minor for line in order.lines)
    discount = sum(line.discount_minor for line in order.lines)
    tax = sum(line.tax_minor for line in order.lines)
    on_top = tax if order.taxes == "added" else 0
    total = goods - discount + on_top + order.shipping_minor
    return Amounts(goods, discount, tax, order.shipping_minor, total)


def faults(order: NewOrder) -> list[str]:
    """Return what cannot be read in an order, sold or not; empty when it can be decided."""
    found: list[str] = []
    if order.method == "ship" and order.place is None:
        found.append("a shipped order needs `place`: country, postcode district and coordinates")
    if order.method in {"pickup", "carried"} and order.node is None:
        found.append(f"a {order.method} order needs `node`: where the customer gets the goods")
    for number, line in enumerate(order.lines, 1):
        if line.discount_minor > line.units * line.price_minor:
            found.append(f"line {number}: the discount is larger than the line's price")
    return found
