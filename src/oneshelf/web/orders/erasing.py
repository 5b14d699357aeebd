"""Erase who an order was for, or everything known of how to reach a customer."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from oneshelf.base.database import Transaction
from oneshelf.base.errors import OneshelfError
from oneshelf.base.identifiers import BrandId, OrderId
from oneshelf.catalog.contacts.customers import CustomerKey, CustomerRef
from oneshelf.orders.contacts.actions import erase_contacts, find_erasable
from oneshelf.orders.contacts.erasing import Erasable, Erased
from oneshelf.web.decoding import Shape
from oneshelf.web.doors import Nowhere, Wish, asking, writing
from oneshelf.web.keys import require_channel
from oneshelf.web.orders.looking import Number, unknown_order

Name = Annotated[str, Meta(min_length=1, max_length=100)]


class CustomerNamed(Shape, frozen=True):
    """A customer as orders name one."""

    brand: Name
    customer: Name


class ErasureAsked(Shape, frozen=True):
    """Whose contact rows: of an order, or of a customer with all orders of the brand's channels."""

    order: Number | None = None
    customer: CustomerNamed | None = None


class ErasureTold(Shape, frozen=True):
    """Whose contact rows were emptied now; a repeat under another key names nobody."""

    orders: list[OrderId]
    customers: list[CustomerNamed]


class ErasureSeen(Shape, frozen=True):
    """Whose contact rows would be emptied. open: of these orders, those that have not ended."""

    orders: list[OrderId]
    open: list[OrderId]
    customers: list[CustomerNamed]


def preview(tx: Transaction, _: Nowhere, asked: ErasureAsked) -> ErasureSeen:
    """Return whose contact rows would be emptied."""
    orders, customers = _named(asked)
    return tell_erasable(_known(asked, find_erasable(tx, orders, customers)))


def erase(tx: Transaction, wish: Wish[Nowhere, ErasureAsked], now: datetime) -> ErasureTold:
    """Empty the contact rows for good."""
    orders, customers = _named(wish.body)
    found = _known(wish.body, find_erasable(tx, orders, customers))
    for one in found.orders:
        require_channel(wish.who, one.channel)
    if customers and wish.who.channel is not None:
        raise OneshelfError(
            "forbidden",
            f"This key speaks for the channel {wish.who.channel!r}, not for a whole brand.",
            "Use an administrator's key of no channel.",
        )
    return tell_erased(erase_contacts(tx, orders, customers, now))


def tell_erasable(found: Erasable) -> ErasureSeen:
    """Leave out what is empty already."""
    kept = [one for one in found.orders if one.contact == "kept"]
    return ErasureSeen(
        orders=[one.order_id for one in kept],
        open=[one.order_id for one in kept if one.progress == "open"],
        customers=[_customer(one) for one in found.customers],
    )


def tell_erased(done: Erased) -> ErasureTold:
    """Name orders and customers as requests do."""
    return ErasureTold(
        orders=list(done.orders), customers=[_customer(one) for one in done.customers]
    )


def _customer(key: CustomerKey) -> CustomerNamed:
    return CustomerNamed(brand=key.brand, customer=key.customer_ref)


def _named(asked: ErasureAsked) -> tuple[list[OrderId], list[CustomerKey]]:
    named = asked.customer
    if (asked.order is None) == (named is None):
        raise OneshelfError(
            "bad_value",
            "An erasure is of an order or of a customer; expected exactly one of both.",
            "Send `order`, or `customer` with its brand.",
        )
    if named is None:
        return [OrderId(asked.order or 0)], []
    return [], [CustomerKey(BrandId(named.brand), CustomerRef(named.customer))]


def _known(asked: ErasureAsked, found: Erasable) -> Erasable:
    if asked.order is not None and not found.orders:
        raise unknown_order(asked.order)
    return found


DOORS = (
    asking(
        "/api/v1/contacts/preview",
        "admin",
        "Whose contact rows an erasure would empty; changes nothing",
        preview,
        where=Nowhere,
        takes=ErasureAsked,
        gives=ErasureSeen,
    ),
    writing(
        "/api/v1/contacts/erase",
        "admin",
        "Empty the contact rows of an order or a customer for good; safe to repeat",
        erase,
        where=Nowhere,
        takes=ErasureAsked,
        gives=ErasureTold,
        problems=("not_found", "forbidden", "bad_value"),
    ),
)
