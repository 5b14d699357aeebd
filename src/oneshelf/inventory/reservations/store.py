"""Read and write reservations. Nothing is decided here."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from msgspec import Struct

from oneshelf.base.database import Transaction
from oneshelf.base.identifiers import NodeId, PointId, PublicId, Sku
from oneshelf.inventory.reservations.holding import Hold


@dataclass(frozen=True, slots=True)
class ReservationRow:
    """One row: a hold and how it stands."""

    public_id: PublicId
    status: str
    lapses_at: datetime


@dataclass(frozen=True, slots=True)
class UnitRow:
    """One row: units that a hold keeps at one point."""

    reservation: PublicId
    line_no: int
    point_id: PointId
    sku: Sku
    node: NodeId
    lot: str | None
    units: int


@dataclass(frozen=True, slots=True)
class HeldRow:
    """One row: units of a locked hold at a locked point."""

    reservation: PublicId
    line_no: int
    point_id: PointId
    sku: Sku
    node: NodeId
    units: int


class ChangeRow(Struct, frozen=True):
    """One row to write: by how many units a hold's line changes at a point."""

    reservation: PublicId
    line_no: int
    point_id: PointId
    units: int


def add(tx: Transaction, holds: Sequence[Hold], now: datetime) -> list[PublicId]:
    """Write new holds, in key order; return those that were there already.

    Waits for a hold that another transaction is making.
    """
    return tx.scalars(
        """
        WITH new AS (
            INSERT INTO inventory.reservation (public_id, channel, lapses_at, reserved_at)
            SELECT public_id, channel, lapses_at, %(now)s
              FROM unnest(%(ids)s::uuid[], %(channels)s::text[], %(lapses)s::timestamptz[])
                   AS given (public_id, channel, lapses_at)
             ORDER BY public_id
                ON CONFLICT (public_id) DO NOTHING
            RETURNING public_id
        )
        SELECT public_id FROM unnest(%(ids)s::uuid[]) AS given (public_id)
        EXCEPT SELECT public_id FROM new
        """,
        ids=[one.public_id for one in holds],
        channels=[one.channel for one in holds],
        lapses=[one.lapses_at for one in holds],
        now=now,
    )


def add_units(tx: Transaction, units: Sequence[ChangeRow]) -> None:
    """Write what new holds keep; the caller holds the points' locks."""
    tx.run(
        """
        INSERT INTO inventory.reserved_unit (reservation, line_no, point_id, units)
        SELECT *
          FROM unnest(%(reservations)s::uuid[], %(lines)s::bigint[], %(points)s::bigint[],
                      %(units)s::bigint[])
        """,
        reservations=[row.reservation for row in units],
        lines=[row.line_no for row in units],
        points=[row.point_id for row in units],
        units=[row.units for row in units],
    )


def forget(tx: Transaction, public_ids: Collection[PublicId]) -> None:
    """Delete holds that came to nothing: a repeat is a new question."""
    tx.run(
        "DELETE FROM inventory.reservation WHERE public_id = ANY(%(ids)s::uuid[])",
        ids=list(public_ids),
    )


def change_units(tx: Transaction, changes: Sequence[ChangeRow]) -> None:
    """Change what locked holds keep; the caller holds the points' locks too.

    A row that would end at 0 units is deleted; the others are added or changed.
    """
    tx.run(
        """
        WITH given AS (
            SELECT reservation, line_no, point_id, sum(units) AS units
              FROM unnest(%(reservations)s::uuid[], %(lines)s::bigint[], %(points)s::bigint[],
                          %(units)s::bigint[]) AS given (reservation, line_no, point_id, units)
             GROUP BY reservation, line_no, point_id
        ), gone AS (
            DELETE FROM inventory.reserved_unit AS kept
             USING given
             WHERE (kept.reservation, kept.line_no, kept.point_id)
                   = (given.reservation, given.line_no, given.point_id)
               AND kept.units = -given.units
            RETURNING kept.reservation, kept.line_no, kept.point_id
        ), less AS (
            UPDATE inventory.reserved_unit AS kept
               SET units = kept.units + given.units
              FROM given
             WHERE (kept.reservation, kept.line_no, kept.point_id)
                   = (given.reservation, given.line_no, given.point_id)
               AND kept.units <> -given.units
            RETURNING kept.reservation, kept.line_no, kept.point_id
        )
        INSERT INTO inventory.reserved_unit (reservation, line_no, point_id, units)
        SELECT reservation, line_no, point_id, units
          FROM given
         WHERE (reservation, line_no, point_id) NOT IN (
                   SELECT * FROM gone UNION ALL SELECT * FROM less)
        """,
        reservations=[row.reservation for row in changes],
        lines=[row.line_no for row in changes],
        points=[row.point_id for row in changes],
        units=[row.units for row in changes],
    )


def lock_held_at(tx: Transaction, point_ids: Collection[PointId]) -> list[HeldRow]:
    """Lock holds with units at locked points, the one that lapses last first.

    Reservations stand before points in the lock order, so a hold that another transaction has
    locked is passed over, never waited for.
    """
    return tx.rows(
        HeldRow,
        """
        SELECT unit.reservation, unit.line_no, unit.point_id, point.sku, point.node, unit.units
          FROM inventory.reserved_unit AS unit
          JOIN inventory.reservation AS held ON held.public_id = unit.reservation
          JOIN inventory.point USING (point_id)
         WHERE unit.point_id = ANY(%(ids)s::bigint[])
           AND held.status IN ('held', 'lapsing')
         ORDER BY held.lapses_at DESC, held.public_id DESC, unit.line_no
           FOR NO KEY UPDATE OF held SKIP LOCKED
        """,
        ids=list(point_ids),
    )


def extend(tx: Transaction, lapses: Sequence[tuple[PublicId, datetime]]) -> None:
    """Let locked holds last longer; never shorter."""
    tx.run(
        """
        UPDATE inventory.reservation
           SET lapses_at = greatest(reservation.lapses_at, given.lapses_at)
          FROM unnest(%(ids)s::uuid[], %(lapses)s::timestamptz[])
               AS given (public_id, lapses_at)
         WHERE reservation.public_id = given.public_id
        """,
        ids=[public_id for public_id, _ in lapses],
        lapses=[lapses_at for _, lapses_at in lapses],
    )


def lock_lapsed(tx: Transaction, now: datetime, holds_max: int) -> list[ReservationRow]:
    """Lock holds that ran out of time and that nobody else is working on, earliest first."""
    return tx.rows(
        ReservationRow,
        """
        SELECT public_id, status, lapses_at
          FROM inventory.reservation
         WHERE status IN ('held', 'lapsing')
           AND lapses_at <= %(now)s
         ORDER BY lapses_at, public_id
         LIMIT %(holds_max)s
           FOR NO KEY UPDATE SKIP LOCKED
        """,
        now=now,
        holds_max=holds_max,
    )


def end_lapsed(tx: Transaction, public_ids: Collection[PublicId], now: datetime) -> list[PublicId]:
    """Make final that holds ran out of time; one that another transaction has is passed over."""
    return tx.scalars(
        """
        WITH due AS (
            SELECT public_id
              FROM inventory.reservation
             WHERE public_id = ANY(%(ids)s::uuid[])
               AND status = 'held'
               AND lapses_at <= %(now)s
             ORDER BY public_id
               FOR NO KEY UPDATE SKIP LOCKED
        )
        UPDATE inventory.reservation AS held
           SET status = 'lapsing'
          FROM due
         WHERE held.public_id = due.public_id
        RETURNING held.public_id
        """,
        ids=list(public_ids),
        now=now,
    )


def lock(tx: Transaction, public_ids: Collection[PublicId]) -> list[ReservationRow]:
    """Lock holds until the transaction ends, in key order; before any lock on a point."""
    return tx.rows(
        ReservationRow,
        """
        SELECT public_id, status, lapses_at
          FROM inventory.reservation
         WHERE public_id = ANY(%(ids)s::uuid[])
         ORDER BY public_id
           FOR NO KEY UPDATE
        """,
        ids=list(public_ids),
    )


def find(tx: Transaction, public_ids: Collection[PublicId]) -> list[ReservationRow]:
    """Find holds without locking them."""
    return tx.rows(
        ReservationRow,
        """
        SELECT public_id, status, lapses_at
          FROM inventory.reservation
         WHERE public_id = ANY(%(ids)s::uuid[])
         ORDER BY public_id
        """,
        ids=list(public_ids),
    )


def find_units(tx: Transaction, public_ids: Collection[PublicId]) -> list[UnitRow]:
    """Find what holds keep."""
    return tx.rows(
        UnitRow,
        """
        SELECT reservation, line_no, point_id, sku, node, lot, units
          FROM inventory.reserved_unit
          JOIN inventory.point USING (point_id)
         WHERE reservation = ANY(%(ids)s::uuid[])
         ORDER BY reservation, line_no, point_id
        """,
        ids=list(public_ids),
    )


def close(tx: Transaction, public_ids: Collection[PublicId], status: str) -> None:
    """End locked holds: they keep nothing any more."""
    tx.run(
        """
        WITH ended AS (
            UPDATE inventory.reservation
               SET status = %(status)s
             WHERE public_id = ANY(%(ids)s::uuid[])
            RETURNING public_id
        )
        DELETE FROM inventory.reserved_unit AS unit
         USING ended
         WHERE unit.reservation = ended.public_id
        """,
        ids=list(public_ids),
        status=status,
    )
