"""Read and write shipments. Nothing is decided here."""

from collections.abc import Sequence
from datetime import date, datetime

from oneshelf.base.database import Transaction
from oneshelf.base.identifiers import ParcelId, ServiceId


def add_shipments(
    tx: Transaction, shipments: Sequence[tuple[ParcelId, ServiceId, str]], now: datetime
) -> None:
    """Write that carriers have parcels, under the orders' locks."""
    tx.run(
        """
        INSERT INTO outbound.shipment (parcel_id, service, tracking_number, shipped_at)
        SELECT parcel_id, service, tracking_number, %(now)s
          FROM unnest(%(parcels)s::bigint[], %(services)s::text[], %(numbers)s::text[])
               AS given (parcel_id, service, tracking_number)
         ORDER BY parcel_id
        """,
        parcels=[parcel for parcel, _, _ in shipments],
        services=[service for _, service, _ in shipments],
        numbers=[number for _, _, number in shipments],
        now=now,
    )


def note_delivered(tx: Transaction, parcels: Sequence[tuple[ParcelId, date]]) -> None:
    """Write on which day parcels arrived, under the orders' locks."""
    tx.run(
        """
        UPDATE outbound.shipment
           SET delivered_on = given.delivered_on
          FROM unnest(%(parcels)s::bigint[], %(days)s::date[]) AS given (parcel_id, delivered_on)
         WHERE shipment.parcel_id = given.parcel_id
        """,
        parcels=[parcel for parcel, _ in parcels],
        days=[day for _, day in parcels],
    )
