"""Older claims first: who gets units that became free. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from oneshelf.base.identifiers import LineId, NodeId, OrderId
from oneshelf.catalog.nodes import Method
from oneshelf.catalog.products import KitPart

Serving = Literal["as_it_comes", "together"]


@dataclass(frozen=True, slots=True)
class ClaimWish:
    """Units of an order's line that wait for stock.

    parts: what one unit takes from the shelf (Product.components()).
    nodes: accepted; None is any. serving `together`: all claims of the order at once or none.
    priority: lower goes first among equal promises.
    """

    line_id: LineId
    order_id: OrderId
    parts: tuple[KitPart, ...]
    units: int
    nodes: frozenset[NodeId] | None = None
    promised_at: datetime | None = None
    priority: int = 0
    serving: Serving = "as_it_comes"
    method: Method = "ship"

    def __post_init__(self) -> None:
        """Refuse what only a bug in the caller can ask for."""
        if self.units < 1 or not self.parts:
            raise ValueError(f"a claim wants at least 1 unit of at least 1 SKU: {self}")
