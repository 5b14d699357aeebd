"""What was told to whoever asked, and what stands in the end. Pure.

Units are summed up by deed and by what they concern, so that every deed is compared alike: what was
told is what stands, no more and no less, however often it was asked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from oneshelf.base.identifiers import NodeId, Sku
from oneshelf.orders.canonical import NewOrder, OrderLine

Deed = Literal[
    "adjusted",  # by shelf
    "arrived",  # by shelf, damaged and lost ones included
    "cancelled",  # by order
    "counted",  # by shelf: how far the books were off
    "delivered",  # by parcel
    "handed_over",  # by parcel
    "received",  # by receipt line
    "regraded",  # by shelf
    "reserved",  # by reservation and shelf, when it was made
    "returned",  # by order and line
    "sent",  # by shelf
    "shipped",  # by parcel
]

Law = Literal[
    "expected",
    "answered",
    "one_key",
    "acknowledged",
    "refused",
    "deeds",
    "holds",
    "ledger",
    "capacity",
    "facts_read",
    "facts_written",
    "oversold",
    "brought",
    "circles",
    "processes",
]

LAWS: Mapping[Law, str] = {
    "expected": "Every answer is one that this question may get",
    "answered": "Whatever was asked was answered in the end",
    "one_key": "One key has one order and one answer, however often it comes",
    "acknowledged": "An acknowledged order stands once, as it was told",
    "refused": "What was refused left nothing",
    "deeds": "Units cancelled, held, moved, received, shipped, returned: as told, once",
    "holds": "No hold outlives its time, and each ended as it was told",
    "ledger": "Every figure follows from the ledger, the holds and the orders",
    "capacity": "A node's day counts the parcels it has",
    "facts_read": "Every reaction and server has read every fact; none is parked",
    "facts_written": "Every change has its fact, once",
    "oversold": "No unit is promised that never stood on a shelf",
    "brought": "No more units were sold than the answers say were brought",
    "circles": "Nobody waited in a circle",
    "processes": "No process died by itself or logged a defect",
}


@dataclass(frozen=True, slots=True)
class Violation:
    """A law that does not hold, of what, and how."""

    law: Law
    subject: str
    detail: str


@dataclass(frozen=True, slots=True)
class OrderTold:
    """An order as it was acknowledged. content: see content_of."""

    number: int
    total_minor: int
    content: str


@dataclass(frozen=True, slots=True)
class OrderStanding:
    """An order as it stands."""

    channel: str
    key: str
    number: int
    total_minor: int
    content: str

    def told(self) -> OrderTold:
        """Return what should have been told of it."""
        return OrderTold(self.number, self.total_minor, self.content)


@dataclass(frozen=True, slots=True)
class Told:
    """Everything that was answered.

    orders: acknowledged ones by (channel, key). refused: keys that never got an order. consumed:
    holds that an acknowledged order used; released: given back. refused_holds: the ids that refused
    holds would bear. unheard: keys, and what they asked for, of which some answer never came: a
    refusal heard since does not bind the question that is still on its way. brought: units by SKU,
    the opening included. seen: what the answers themselves broke. asked: so many questions.
    """

    orders: Mapping[tuple[str, str], OrderTold]
    refused: frozenset[tuple[str, str]]
    units: Mapping[Deed, Mapping[str, int]]
    consumed: frozenset[UUID]
    released: frozenset[UUID]
    refused_holds: frozenset[UUID]
    unheard: Mapping[tuple[str, str], str]
    unheard_holds: frozenset[UUID]
    brought: Mapping[Sku, int]
    seen: Sequence[Violation]
    asked: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Everything that stands once nothing is left to do.

    holds: status by public id. sold: units by SKU that customers have or were promised, of kits the
    parts. found: units that tills found where none was shown, by SKU. ledger, capacity, unread,
    unwritten: differences in words. facts: how many were looked at.
    """

    orders: Sequence[OrderStanding]
    units: Mapping[Deed, Mapping[str, int]]
    holds: Mapping[UUID, str]
    sold: Mapping[Sku, int]
    found: Mapping[Sku, int]
    oversold: Mapping[str, int]
    points: int
    facts: int
    deadlocks: int
    ledger: Sequence[str] = field(default=())
    capacity: Sequence[str] = field(default=())
    unread: Sequence[str] = field(default=())
    unwritten: Sequence[str] = field(default=())


def content_of(method: str, node: str | None, lines: Sequence[OrderLine]) -> str:
    """Write what an order asks for, so that two can be compared."""
    wanted = ",".join(f"{line.sku}:{line.units}:{line.price_minor}" for line in lines)
    return f"{method} {node or '-'} {wanted}"


def content(order: NewOrder) -> str:
    """Write what an order asks for."""
    return content_of(order.method, order.node, order.lines)


def shelf(sku: Sku, node: NodeId) -> str:
    """Name a shelf."""
    return f"{sku}@{node}"
