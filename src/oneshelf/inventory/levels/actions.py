"""Read what stands where, in the form in which changes are told."""

from collections.abc import Collection, Sequence

from oneshelf.base.database import Transaction
from oneshelf.base.identifiers import ReceiptLineId, Sku
from oneshelf.inventory.facts import StockChanged
from oneshelf.inventory.levels import store
from oneshelf.inventory.levels.store import LevelRow


def read_all_levels(tx: Transaction) -> StockChanged:
    """Return the figures of every shelf and open receipt line, for who knows nothing yet."""
    return _told(store.read_all(tx))


def read_levels(
    tx: Transaction, skus: Collection[Sku], coming: Collection[ReceiptLineId]
) -> StockChanged:
    """Return the figures of these SKUs' shelves and open receipt lines. Locks nothing.

    coming: the lines that the asker believes in, told even where they are closed by now. The
    others that are closed, most of all there ever were, are left out.
    """
    return _told(store.read_of(tx, skus, coming))


def _told(rows: Sequence[LevelRow]) -> StockChanged:
    return StockChanged(
        point_id=tuple(row.point_id for row in rows),
        sku=tuple(row.sku for row in rows),
        node=tuple(row.node for row in rows),
        lot=tuple(row.lot for row in rows),
        receipt_line=tuple(row.receipt_line_id for row in rows),
        due_at=tuple(row.due_at for row in rows),
        available=tuple(row.available for row in rows),
        expected=tuple(row.expected for row in rows),
        version=tuple(row.version for row in rows),
    )
