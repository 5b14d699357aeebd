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
    """Read every point."""
    return tx.rows(
        LevelRow,
        """
        SELECT point_id, point.sku, point.node, lot, receipt_line_id, due_at, available, expected,
               version
          FROM inventory.point LEFT JOIN inventory.receipt_line USING (receipt_line_id)
         ORDER BY point_id
        """,
    )


def read_of(tx: Transaction, skus: Collection[Sku]) -> list[LevelRow]:
    """Read every point of some SKUs."""
    return tx.rows(
        LevelRow,
        """
        SELECT point_id, point.sku, point.node, lot, receipt_line_id, due_at, available, expected,
               version
          FROM inventory.point LEFT JOIN inventory.receipt_line USING (receipt_line_id)
         WHERE point.sku = ANY(%(skus)s::text[])
         ORDER BY point_id
        """,
        skus=list(skus),
    )
