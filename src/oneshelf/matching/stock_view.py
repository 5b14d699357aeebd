"""What one request sees of stock and capacity, as arrays over the world's node order. Pure.

The node index everywhere is the position in `World.nodes`: node ids in rising order.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from oneshelf.base.identifiers import NodeId, ReceiptLineId, Sku

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


class Taking(Protocol):
    """Units of a SKU from a shelf, or from a receipt line."""

    @property
    def sku(self) -> Sku:
        """The SKU."""

    @property
    def units(self) -> int:
        """How many of it."""

    @property
    def receipt_line(self) -> ReceiptLineId | None:
        """The receipt line; None is the shelf."""


class Sending(Protocol):
    """A parcel: what a node takes from where."""

    @property
    def node(self) -> NodeId:
        """The node."""

    @property
    def takes(self) -> Sequence[Taking]:
        """What it takes."""


def less(view: StockView, parcels: Iterable[Sending], index: Mapping[NodeId, int]) -> StockView:
    """Return the view without what these parcels take."""
    free = view.free.copy()
    place = {sku: number for number, sku in enumerate(view.skus)}
    inbound = Counter[tuple[int, ReceiptLineId]]()
    for parcel in parcels:
        for take in parcel.takes:
            if take.receipt_line is None:
                free[index[parcel.node], place[take.sku]] -= take.units
            else:
                inbound[place[take.sku], take.receipt_line] += take.units
    dated = tuple(
        replace(supply, units=supply.units - inbound[supply.component, supply.receipt_line])
        for supply in view.dated
    )
    return replace(view, free=free, dated=tuple(supply for supply in dated if supply.units > 0))


@dataclass(frozen=True, slots=True)
class CapacityView:
    """Parcels already taken: taken[N, D] for D days from first_on; other days are empty."""

    first_on: date
    taken: Ints
