"""Read and write at which mark each SKU was last told to stand. Nothing is decided here."""

from collections.abc import Collection, Sequence

from oneshelf.base.database import Transaction
from oneshelf.base.identifiers import Sku


def read_marks(tx: Transaction) -> dict[Sku, int]:
    """Read the mark of each SKU that stands at one. Locks nothing."""
    return dict(tx.tuples("SELECT sku, mark FROM matching.watermark WHERE mark IS NOT NULL"))


def lock_marks(tx: Transaction, skus: Collection[Sku]) -> dict[Sku, int]:
    """Lock the rows of these SKUs in key order, made where they are missing; return the marks."""
    tx.run(
        """
        INSERT INTO matching.watermark (sku)
        SELECT sku FROM unnest(%(skus)s::text[]) AS sku ORDER BY sku
            ON CONFLICT DO NOTHING
        """,
        skus=sorted(skus),
    )
    rows = tx.tuples(
        """
        SELECT sku, mark FROM matching.watermark
         WHERE sku = ANY(%(skus)s::text[]) ORDER BY sku
           FOR NO KEY UPDATE
        """,
        skus=sorted(skus),
    )
    return {sku: mark for sku, mark in rows if mark is not None}


def write_marks(tx: Transaction, marks: Sequence[tuple[Sku, int | None]]) -> None:
    """Write where SKUs stand now; their rows are locked."""
    tx.run(
        """
        UPDATE matching.watermark SET mark = given.mark
          FROM unnest(%(skus)s::text[], %(marks)s::bigint[]) AS given (sku, mark)
         WHERE watermark.sku = given.sku
        """,
        skus=[sku for sku, _ in marks],
        marks=[mark for _, mark in marks],
    )
