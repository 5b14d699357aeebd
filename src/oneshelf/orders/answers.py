"""What a channel hears when it asks to place an order. Pure."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from oneshelf.base.errors import OneshelfError
from oneshelf.base.identifiers import NodeId, OrderId, ServiceId, Sku

RefusalReason = Literal[
    "out_of_stock",
    "unknown_sku",
    "unknown_channel",
    "unknown_node",
    "no_service",
    "too_late",
    "not_served",
    "reservation_mismatch",
    "not_eligible",
    "no_capacity",
]


Reserved = Literal[
    "none",  # the order named no reservation
    "consumed",
    "lapsed",  # gone, by time or otherwise: planned anew
    "mismatched",  # it holds other units than the order, which was sold: planned anew beside it
]


@dataclass(frozen=True, slots=True)
class PromisedLine:
    """Units of one line in one parcel."""

    line_no: int
    sku: Sku
    units: int


@dataclass(frozen=True, slots=True)
class PromisedParcel:
    """One parcel as promised. arrives_on: at the customer, or ready for pickup."""

    node: NodeId
    service: ServiceId | None
    lines: tuple[PromisedLine, ...]
    ready_at: datetime
    arrives_on: date
    cost_minor: int


@dataclass(frozen=True, slots=True)
class Placed:
    """The order is written. waiting: lines that have no unit yet, with or without a date."""

    number: OrderId
    order_id: UUID
    promised_on: date | None
    parcels: tuple[PromisedParcel, ...]
    waiting: tuple[PromisedLine, ...]
    reservation: Reserved
    total_minor: int
    currency: str
    outcome: Literal["placed"] = "placed"


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing was written; asked again, the question is decided anew.

    short: units of each line (by number) that nobody could send.
    """

    reason: RefusalReason
    detail: str
    short: tuple[PromisedLine, ...] = ()
    outcome: Literal["refused"] = "refused"


@dataclass(frozen=True, slots=True)
class Repeated:
    """The same key and body as before: the same answer, nothing written."""

    answer: Placed
    outcome: Literal["repeated"] = "repeated"


@dataclass(frozen=True, slots=True)
class Undecided:
    """The plan lost its units to another writer; the request leads the next batch."""

    outcome: Literal["undecided"] = "undecided"


Decided = Placed | Refused | Repeated | Undecided | OneshelfError
