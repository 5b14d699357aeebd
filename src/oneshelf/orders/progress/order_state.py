"""One order as it stands: what later decisions about it look at. Pure."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, Self
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from oneshelf.base.identifiers import ChannelId, LineId, NodeId, OrderId, ParcelId, ServiceId, Sku
from oneshelf.catalog.channels import Standing
from oneshelf.orders.canonical import OrderMethod
from oneshelf.orders.lifecycle import OrderStatus, Status, order_status
from oneshelf.orders.progress.quantities import Quantity

ON_A_SHELF: frozenset[Status] = frozenset(
    {"sourced", "released", "picked", "packed", "ready_for_pickup"}
)


class OrderHead(Struct, frozen=True):
    """The order's own row, without money."""

    order_id: OrderId
    public_id: UUID
    channel: ChannelId
    customer: str | None
    standing: Standing
    method: OrderMethod
    node: NodeId | None
    country: str | None
    postcode: str | None
    latitude: float | None
    longitude: float | None
    wanted_by: date | None
    preference: Literal["cheapest", "earliest", "fewest_parcels"]
    splitting: Literal["allowed", "together"]
    backorder: Literal["accepted", "refused"]
    placed_at: datetime
    promised_on: date | None
    grace_until: datetime
    version: int


class Line(Struct, frozen=True):
    """What was ordered in one line."""

    order_id: OrderId
    line_id: LineId
    line_no: int
    sku: Sku
    units: int


@dataclass(frozen=True, slots=True)
class NewParcel:
    """A parcel to be written; see the comments in tables.sql."""

    order_id: OrderId
    node: NodeId
    service: ServiceId | None
    ready_at: datetime
    collected_at: datetime | None
    arrives_on: date
    capacity_on: date | None
    cost_millis: int
    cost_minor: int


class Parcel(Struct, frozen=True):
    """One parcel a node prepares. service: None is collected by the customer."""

    order_id: OrderId
    parcel_id: ParcelId
    node: NodeId
    service: ServiceId | None
    ready_at: datetime
    collected_at: datetime | None
    arrives_on: date
    capacity_on: date | None


class OrderState(Struct, frozen=True):
    """One order, locked: its row, lines, quantities, parcels and the reasons it is held for."""

    head: OrderHead
    lines: Mapping[LineId, Line]
    quantities: tuple[Quantity, ...]
    parcels: Mapping[ParcelId, Parcel]
    holds: frozenset[str]

    def standing_in(self, statuses: Collection[Status]) -> list[Quantity]:
        """Return the quantities in any of the statuses."""
        return [quantity for quantity in self.quantities if quantity.status in statuses]

    def in_parcel(self, parcel_id: ParcelId, status: Status) -> list[Quantity]:
        """Return the quantities of one parcel in one status."""
        return [
            quantity
            for quantity in self.quantities
            if quantity.parcel_id == parcel_id and quantity.status == status
        ]

    def node_of(self, quantity: Quantity) -> NodeId | None:
        """Return where the units stand; None while they have no parcel."""
        parcel = quantity.parcel_id
        return None if parcel is None else self.parcels[parcel].node

    def line_ids(self) -> dict[int, LineId]:
        """Return the lines by the numbers people see."""
        return {line.line_no: line.line_id for line in self.lines.values()}

    def with_parcels(self, parcels: Iterable[Parcel]) -> Self:
        """Return the order with more parcels."""
        return replace(
            self, parcels={**self.parcels, **{parcel.parcel_id: parcel for parcel in parcels}}
        )

    def line_numbered(self, line_no: int) -> Line | None:
        """Return the line with this number."""
        return next((line for line in self.lines.values() if line.line_no == line_no), None)

    def releasable(self) -> list[Quantity]:
        """Return the units that nodes may work on as soon as the grace period is over.

        A parcel waits until all that goes into it is there; an order that must not be split waits
        for all its lines.
        """
        waiting = self.standing_in({"unsourced", "backordered"})
        if self.holds or (waiting and self.head.splitting == "together"):
            return []
        late = {quantity.parcel_id for quantity in waiting}
        return [q for q in self.standing_in({"sourced"}) if q.parcel_id not in late]

    def awaits_release(self) -> bool:
        """Say whether anything goes to its node as soon as the grace period is over."""
        return bool(self.releasable())

    def status(self) -> OrderStatus:
        """Return the order's own status."""
        units: dict[Status, int] = {}
        for quantity in self.quantities:
            units[quantity.status] = units.get(quantity.status, 0) + quantity.units
        return order_status(units)
