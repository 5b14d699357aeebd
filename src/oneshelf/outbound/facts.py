"""Facts outbound announces, each about one parcel of an order. Pure."""

from dataclasses import dataclass
from datetime import date

from oneshelf.base.identifiers import LineId, NodeId, ParcelId, ServiceId, Sku
from oneshelf.inventory.recalls.recalled import Found
from oneshelf.orders.facts import AboutOrder


@dataclass(frozen=True, slots=True)
class AboutParcel(AboutOrder):
    """A fact of one parcel at one node."""

    parcel_id: ParcelId
    node: NodeId


@dataclass(frozen=True, slots=True)
class ParcelPicked(AboutParcel):
    """Everything that goes into the parcel is in its tote."""

    units: int


@dataclass(frozen=True, slots=True)
class PickShort(AboutParcel):
    """The node could not find units, or found them unfit."""

    units: int
    reason: str


@dataclass(frozen=True, slots=True)
class UnitsPutBack(AboutOrder):
    """Units that were called back left their tote: for sale again, unfit, or not there."""

    line_id: LineId
    node: NodeId
    sku: Sku
    units: int
    found: Found


@dataclass(frozen=True, slots=True)
class ParcelPacked(AboutParcel):
    """The parcel is closed."""

    units: int


@dataclass(frozen=True, slots=True)
class ParcelShipped(AboutParcel):
    """A carrier has the parcel."""

    service: ServiceId
    tracking_number: str


@dataclass(frozen=True, slots=True)
class ParcelDelivered(AboutParcel):
    """The customer has the parcel."""

    delivered_on: date


@dataclass(frozen=True, slots=True)
class PickupReady(AboutParcel):
    """The customer may come. The code is told to the customer alone, never in a fact."""


@dataclass(frozen=True, slots=True)
class ParcelHandedOver(AboutParcel):
    """The customer came, and has it."""


@dataclass(frozen=True, slots=True)
class PickupCodeLocked(AboutParcel):
    """Too many wrong codes: a person must look at a proof of identity."""

    wrong_attempts: int
