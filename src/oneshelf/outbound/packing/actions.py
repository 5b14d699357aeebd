"""Close parcels. Safe to repeat."""

from collections.abc import Sequence
from datetime import datetime

from oneshelf.base.database import Transaction
from oneshelf.base.identifiers import ParcelId
from oneshelf.base.outbox import announce
from oneshelf.outbound.actions import take_step
from oneshelf.outbound.facts import ParcelPacked
from oneshelf.outbound.parcel_steps import ParcelAnswer, Step

PACK = Step(("picked", "packed"))


def pack(tx: Transaction, parcel_ids: Sequence[ParcelId], now: datetime) -> list[ParcelAnswer]:
    """Close parcels whose units are all picked."""
    stepped = take_step(tx, parcel_ids, PACK, now)
    units = stepped.units()
    packed = [
        ParcelPacked(parcel.order_id, parcel.parcel_id, parcel.node, units[parcel.parcel_id])
        for parcel in stepped.parcels
    ]
    announce(tx, packed, now)
    return list(stepped.answers)
