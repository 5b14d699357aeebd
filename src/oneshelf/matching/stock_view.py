"""What one request sees of stock and capacity, as arrays over the world's node order. Pure.

The node index everywhere is the position in `World.nodes`: node ids in rising order.
"""

from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
from numpy.typing import NDArray

from oneshelf.base.identifiers import ReceiptLineId, Sku

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class DatedSupply:
    """Units of a receipt line that are free and due: positions in the view's SKUs and nodes."""

    component: int
    node: int
    due_at: datetime
    units: int
    receipt_line: ReceiptLineId


@dataclass(frozen=True, slots=True)
class StockView:
    """What stands free of the components of one request (`World.components` names them).

    free[N, C]: units on the shelf that this channel may take. dated: in rising due_at.
    opportunity_millis[N, C]: what taking one unit costs the sales to come, in thousandths of a
    minor unit.
    """

    skus: tuple[Sku, ...]
    free: Ints
    dated: tuple[DatedSupply, ...]
    opportunity_millis: Ints


@dataclass(frozen=True, slots=True)
class CapacityView:
    """Parcels already taken: taken[N, D] for D days from first_on; other days are empty."""

    first_on: date
    taken: Ints
