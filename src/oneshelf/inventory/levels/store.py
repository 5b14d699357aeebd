"""Read points. Nothing is decided here."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from oneshelf.base.database import Transaction
from oneshelf.base.identifiers import NodeId, PointId, ReceiptLineId, Sku


@dataclass(frozen=True, slots=True)
class LevelRow:
    """One point as a snapshot needs it."""

    point_id: PointId
    sku: Sku
    node: NodeId
    lot: str | None
    receipt_line_id: ReceiptLineId | None
    due_at: datetime | None
    available: int
    expected: int
    version: int


def read_all(tx: Transaction) -> list[LevelRow]:
    """Read every shelf, and every receipt line that is open."""
    return tx.rows(
        LevelRow,
        """
        SELECT point_id, point.sku, point.node, lot, receipt_line_id, due_at, available, expected,
               version
          FROM inventory.point LEFT JOIN inventory.receipt_line AS line USING (receipt_line_id)
         WHERE receipt_line_id IS NULL OR line.status = 'open'
         ORDER BY point_id
        """,
    )


def read_of(
    tx: Transaction, skus: Collection[Sku], coming: Collection[ReceiptLineId]
) -> list[LevelRow]:
    """Read every shelf of some SKUs, their receipt lines that are open, and the lines named."""
    return tx.rows(
        LevelRow,
        """
        SELECT point_id, sku, node, lot, receipt_line_id, NULL AS due_at, available, expected,
               version
          FROM inventory.point
         WHERE sku = ANY(%(skus)s::text[]) AND receipt_line_id IS NULL
         UNION ALL
        SELECT point.*
          FROM (SELECT receipt_line_id, due_at
                  FROM inventory.receipt_line
                 WHERE sku = ANY(%(skus)s::text[]) AND status = 'open'
                 UNION
                SELECT receipt_line_id, due_at
                  FROM inventory.receipt_line
                 WHERE receipt_line_id = ANY(%(lines)s::bigint[])) AS line
         CROSS JOIN LATERAL (
               SELECT point_id, sku, node, lot, receipt_line_id, line.due_at, available, expected,
                      version
                 FROM inventory.point
                WHERE point.receipt_line_id = line.receipt_line_id
               OFFSET 0
          ) AS point
         ORDER BY point_id
        """,
        skus=list(skus),
        lines=list(coming),
    )
