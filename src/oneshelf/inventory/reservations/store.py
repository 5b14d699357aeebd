"""Read and write reservations. Nothing is decided here."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from oneshelf.base.database import Transaction
from oneshelf.base.identifiers import NodeId, PointId, PublicId, Sku


@dataclass(frozen=True, slots=True)
class ReservationRow:
    """One row: a hold and how it stands."""

    reservation_id: int
    public_id: PublicId
    status: str
    lapses_at: datetime


@dataclass(frozen=True, slots=True)
class UnitRow:
    """One row: units that a hold keeps at one point."""

    reservation_id: int
    line_no: int
    point_id: PointId
    sku: Sku
    node: NodeId
    lot: str | None
    units: int


def lock(tx: Transaction, public_ids: Collection[PublicId]) -> list[ReservationRow]:
    """Lock holds until the transaction ends, in key order; before any lock on a point."""
    return tx.rows(
        ReservationRow,
        """
        SELECT reservation_id, public_id, status, lapses_at
          FROM inventory.reservation
         WHERE public_id = ANY(%(ids)s::uuid[])
         ORDER BY reservation_id
           FOR NO KEY UPDATE
        """,
        ids=list(public_ids),
    )


def find_units(tx: Transaction, reservation_ids: Collection[int]) -> list[UnitRow]:
    """Find what holds keep."""
    return tx.rows(
        UnitRow,
        """
        SELECT reservation_id, line_no, point_id, sku, node, lot, units
          FROM inventory.reserved_unit
          JOIN inventory.point USING (point_id)
         WHERE reservation_id = ANY(%(ids)s::bigint[])
         ORDER BY reservation_id, line_no, point_id
        """,
        ids=list(reservation_ids),
    )


def close(tx: Transaction, reservation_ids: Collection[int], status: str) -> None:
    """End locked holds: they keep nothing any more."""
    tx.run(
        """
        WITH gone AS (
            DELETE FROM inventory.reserved_unit WHERE reservation_id = ANY(%(ids)s::bigint[])
        )
        UPDATE inventory.reservation
           SET status = %(status)s
         WHERE reservation_id = ANY(%(ids)s::bigint[])
        """,
        ids=list(reservation_ids),
        status=status,
    )
