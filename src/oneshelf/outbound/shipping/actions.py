"""Give parcels to carriers, and hear that they arrived. Safe to repeat."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from oneshelf.base.database import Transaction
from oneshelf.base.identifiers import ParcelId
from oneshelf.base.outbox import announce
from oneshelf.inventory.lines.actions import ship as take_from_stock
from oneshelf.orders.progress.actions import units_behind
from oneshelf.outbound.actions import take_step
from oneshelf.outbound.facts import ParcelDelivered, ParcelShipped
from oneshelf.outbound.parcel_steps import ParcelAnswer, Step
from oneshelf.outbound.shipping import store

SHIP = Step(("packed", "shipped"), "carrier")
DELIVER = Step(("shipped", "delivered"), "carrier")


@dataclass(frozen=True, slots=True)
class Shipment:
    """A carrier takes one parcel under one tracking number."""

    parcel_id: ParcelId
    tracking_number: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """One parcel arrived. delivered_on: local date at the door."""

    parcel_id: ParcelId
    delivered_on: date


def ship(tx: Transaction, shipments: Sequence[Shipment], now: datetime) -> list[ParcelAnswer]:
    """Give packed parcels to their carriers: their units leave our stock.

    A repeat keeps the first tracking number. Locks orders, stock.
    """
    numbers = {one.parcel_id: one.tracking_number for one in reversed(shipments)}
    stepped = take_step(tx, [one.parcel_id for one in shipments], SHIP, now)
    facts = [
        ParcelShipped(
            parcel.order_id,
            parcel.parcel_id,
            parcel.node,
            parcel.service,
            numbers[parcel.parcel_id],
        )
        for parcel in stepped.parcels
        if parcel.service is not None
    ]
    if facts:
        store.add_shipments(
            tx, [(fact.parcel_id, fact.service, fact.tracking_number) for fact in facts], now
        )
        announce(tx, facts, now)
        take_from_stock(tx, units_behind(tx, stepped.orders, stepped.moves), now)
    return list(stepped.answers)


def deliver(tx: Transaction, deliveries: Sequence[Delivery], now: datetime) -> list[ParcelAnswer]:
    """Note that parcels arrived; the first day told counts. Locks orders."""
    days = {one.parcel_id: one.delivered_on for one in reversed(deliveries)}
    stepped = take_step(tx, [one.parcel_id for one in deliveries], DELIVER, now)
    facts = [
        ParcelDelivered(parcel.order_id, parcel.parcel_id, parcel.node, days[parcel.parcel_id])
        for parcel in stepped.parcels
    ]
    if facts:
        store.note_delivered(tx, [(fact.parcel_id, fact.delivered_on) for fact in facts])
        announce(tx, facts, now)
    return list(stepped.answers)
