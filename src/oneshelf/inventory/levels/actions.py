"""Read what stands where, in the form in which changes are told."""

from collections.abc import Collection

from oneshelf.base.database import Transaction
from oneshelf.base.identifiers import Sku
from oneshelf.inventory.facts import StockChanged
from oneshelf.inventory.levels import store


def read_levels(tx: Transaction, skus: Collection[Sku] | None = None) -> StockChanged:
    """Return the figures of every point of these SKUs; None is all of them. Locks nothing."""
    rows = store.read_all(tx) if skus is None else store.read_of(tx, skus)
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
