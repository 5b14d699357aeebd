"""Write what a file says, a whole part in a statement. Nothing is decided here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from oneshelf.base.database import Transaction
from oneshelf.base.identifiers import NodeId, PointId, Sku
from oneshelf.inventory.stocktaking.filed import ShelfRow, Stocktake


@dataclass(frozen=True, slots=True)
class ChangedRow:
    """One shelf that was set, as it stands now."""

    point_id: PointId
    sku: Sku
    node: NodeId
    lot: str | None
    available: int
    version: int


def insert_missing(tx: Transaction, digest: bytes, stocktake_id: UUID, now: datetime) -> None:
    """Remember a file, unless it is being taken in already."""
    tx.run(
        "INSERT INTO inventory.stocktake (digest, stocktake_id, begun_at)"
        " VALUES (%(digest)s, %(stocktake_id)s, %(now)s) ON CONFLICT DO NOTHING",
        digest=digest,
        stocktake_id=stocktake_id,
        now=now,
    )


def read(tx: Transaction, digest: bytes) -> Stocktake:
    """Read how far a file is in."""
    [found] = tx.rows(
        Stocktake,
        "SELECT stocktake_id, line_done, begun_at FROM inventory.stocktake"
        " WHERE digest = %(digest)s",
        digest=digest,
    )
    return found


def advance(tx: Transaction, stocktake_id: UUID, line_done: int) -> bool:
    """Move the place on; whether it was before that, and is remembered still."""
    return bool(
        tx.run(
            "UPDATE inventory.stocktake SET line_done = %(line_done)s"
            " WHERE stocktake_id = %(stocktake_id)s AND line_done < %(line_done)s",
            stocktake_id=stocktake_id,
            line_done=line_done,
        )
    )


def delete(tx: Transaction, stocktake_id: UUID) -> None:
    """Forget a file."""
    tx.run(
        "DELETE FROM inventory.stocktake WHERE stocktake_id = %(stocktake_id)s",
        stocktake_id=stocktake_id,
    )


def stage(tx: Transaction, rows: Sequence[ShelfRow]) -> None:
    """Bring rows to where statements can join them.

    A new table each time, so that each part is planned for the points there are by now: in a first
    import they come from nothing to a million.
    """
    tx.run(
        """
        CREATE TEMPORARY TABLE counted (
            line integer NOT NULL, sku text NOT NULL, node text NOT NULL, lot text,
            units integer NOT NULL
        ) ON COMMIT DROP
        """
    )
    tx.copy_in(
        "COPY counted (line, sku, node, lot, units) FROM STDIN",
        [(row.line, row.sku, row.node, row.lot, row.units) for row in rows],
    )


def find_apart(tx: Transaction) -> list[int]:
    """Find lines whose SKU somebody waits for, or that say less than is promised or held there."""
    return tx.scalars(
        """
        SELECT line
          FROM counted
         WHERE EXISTS (SELECT FROM inventory.claim_part AS part
                        WHERE part.sku = counted.sku AND part.status = 'open')
         UNION
        SELECT line
          FROM counted
          JOIN inventory.point ON point.sku = counted.sku AND point.node = counted.node
                              AND point.lot IS NOT DISTINCT FROM counted.lot
         WHERE receipt_line_id IS NULL AND counted.units < reserved + committed
        """
    )


def insert_missing_points(tx: Transaction) -> None:
    """Insert shelves that do not exist yet, sorted; with a lot its plain shelf too."""
    tx.run(
        """
        INSERT INTO inventory.point (sku, node, lot)
        SELECT sku, node, lot
          FROM (SELECT sku, node, lot FROM counted
                 UNION
                SELECT sku, node, NULL FROM counted WHERE lot IS NOT NULL) AS wanted
         WHERE NOT EXISTS (
                   SELECT FROM inventory.point
                    WHERE point.sku = wanted.sku AND point.node = wanted.node
                      AND point.lot IS NOT DISTINCT FROM wanted.lot AND receipt_line_id IS NULL)
         ORDER BY sku, node, lot
            ON CONFLICT DO NOTHING
        """
    )


def set_shelves(tx: Transaction, reason: str, now: datetime) -> list[ChangedRow]:
    """Lock the shelves in key order, append what differs, carry it to them.

    A shelf that would fall short of what is promised there stays as it is: find_apart tells of it.
    With a lot its plain shelf is locked, where a line that begins to wait meets any lot's units.
    """
    return tx.rows(
        ChangedRow,
        """
        WITH locked AS MATERIALIZED (
            SELECT point_id, line, units - available - reserved - committed AS units, available
              FROM (SELECT line, sku, node, lot, units FROM counted
                     UNION ALL
                    SELECT NULL, sku, node, NULL, 0 FROM counted WHERE lot IS NOT NULL
                   ) AS wanted
              JOIN inventory.point ON point.sku = wanted.sku AND point.node = wanted.node
                                  AND point.lot IS NOT DISTINCT FROM wanted.lot
             WHERE receipt_line_id IS NULL
             ORDER BY point_id
               FOR NO KEY UPDATE OF point
        ), change AS (
            SELECT point_id, units
              FROM locked
             WHERE line IS NOT NULL AND units <> 0 AND available + units >= 0
        ), moved AS (
            INSERT INTO inventory.movement (point_id, source, target, units, reason, subject,
                                            transfer, by, because, moved_at)
            SELECT point_id,
                   CASE WHEN units > 0 THEN 'outside' ELSE 'available' END::inventory.state,
                   CASE WHEN units > 0 THEN 'available' ELSE 'outside' END::inventory.state,
                   abs(units), %(reason)s, '', '', %(by)s, %(because)s, %(now)s
              FROM change
             ORDER BY point_id
        )
        UPDATE inventory.point
           SET available = point.available + change.units,
               outside = point.outside - change.units,
               version = point.version + 1
          FROM change
         WHERE point.point_id = change.point_id
        RETURNING point.point_id, sku, node, lot, point.available, version
        """,
        reason=reason,
        by=tx.by,
        because=tx.because,
        now=now,
    )
