"""Facts orders announces. Ids, zones and amounts; never a name, address, mail or phone."""

from dataclasses import dataclass
from datetime import date

from oneshelf.base.facts import Fact
from oneshelf.base.identifiers import ChannelId, LineId, NodeId, OrderId, ParcelId
from oneshelf.orders.canonical import OrderMethod


@dataclass(frozen=True, slots=True)
class AboutOrder(Fact):
    """A fact of one order; all facts of an order are handled in their order."""

    order_id: OrderId

    def subject(self) -> str:
        """Return the order."""
        return f"order:{self.order_id}"


@dataclass(frozen=True, slots=True)
class OrderPlaced(AboutOrder):
    """An order was written, with units, a wait or an open question for each line."""

    channel: ChannelId
    method: OrderMethod
    lines: int
    units: int
    total_minor: int
    currency: str
    nodes: tuple[NodeId, ...]
    postcode: str
    latitude: float | None
    longitude: float | None
    promised_on: date | None


@dataclass(frozen=True, slots=True)
class LinesUnsourced(AboutOrder):
    """Lines of a sold order have no unit anywhere yet: a person should look."""

    lines: tuple[LineId, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class LinesBackordered(AboutOrder):
    """Lines wait for a dated receipt."""

    lines: tuple[LineId, ...]


@dataclass(frozen=True, slots=True)
class LinesSourced(AboutOrder):
    """Lines got units at a node after the order was placed."""

    lines: tuple[LineId, ...]
    nodes: tuple[NodeId, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class OrderReleased(AboutOrder):
    """Parcels may be worked on at their nodes."""

    parcels: tuple[ParcelId, ...]
    nodes: tuple[NodeId, ...]


@dataclass(frozen=True, slots=True)
class PickRecalled(AboutOrder):
    """Nodes stop working on units of these parcels: cancelled, held, or sent from elsewhere."""

    parcels: tuple[ParcelId, ...]
    nodes: tuple[NodeId, ...]
    units: int
    reason: str


@dataclass(frozen=True, slots=True)
class OrderCancelled(AboutOrder):
    """Units of an order were cancelled."""

    lines: tuple[LineId, ...]
    units: int
    reason: str


@dataclass(frozen=True, slots=True)
class OrderHeld(AboutOrder):
    """The order is not released while this reason stands."""

    reason: str


@dataclass(frozen=True, slots=True)
class OrderHoldLifted(AboutOrder):
    """One reason to wait is gone."""

    reason: str


@dataclass(frozen=True, slots=True)
class PromiseChanged(AboutOrder):
    """The customer gets another date than the one told before."""

    before_on: date | None
    after_on: date | None
    reason: str


@dataclass(frozen=True, slots=True)
class ContactErased(AboutOrder):
    """The order's contact row was emptied for good. What stood there is told nowhere."""
