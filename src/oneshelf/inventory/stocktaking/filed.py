"""What a file says about a shelf. Pure."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from oneshelf.base.identifiers import NodeId, Sku
from oneshelf.inventory.counting.saying import Counted
from oneshelf.inventory.ledger import StockPoint


@dataclass(frozen=True, slots=True)
class Stocktake:
    """A file that is being taken in. line_done: its rows up to this line are in."""

    stocktake_id: UUID
    line_done: int
    begun_at: datetime


@dataclass(frozen=True, slots=True)
class ShelfRow:
    """Units of one SKU that stand on a shelf. line: of the file."""

    line: int
    sku: Sku
    node: NodeId
    lot: str | None
    units: int

    def counted(self, stocktake: Stocktake, reason: str) -> Counted:
        """Return the same as a count that happens once for its stocktake."""
        request = uuid5(stocktake.stocktake_id, str(self.line))
        return Counted(request, StockPoint(self.sku, self.node, self.lot), self.units, reason)
