"""Whose contact rows are to be erased, and which rows there are. Ids alone. Pure."""

from dataclasses import dataclass
from typing import Literal

from oneshelf.base.identifiers import ChannelId, OrderId
from oneshelf.catalog.contacts.customers import CustomerKey


@dataclass(frozen=True, slots=True)
class OrderContact:
    """The contact row of one order. An order that is open still needs somebody to be reached."""

    order_id: OrderId
    channel: ChannelId
    contact: Literal["kept", "erased", "none"]
    progress: Literal["open", "ended"]


@dataclass(frozen=True, slots=True)
class Erasable:
    """What an erasure would empty: contact rows of orders, and of customers."""

    orders: tuple[OrderContact, ...]
    customers: tuple[CustomerKey, ...]


@dataclass(frozen=True, slots=True)
class Erased:
    """Whose contact rows were emptied now; those that were empty before are not named."""

    orders: tuple[OrderId, ...]
    customers: tuple[CustomerKey, ...]
