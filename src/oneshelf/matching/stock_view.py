"""What one request sees of stock and capacity, as arrays over the world's node order. Pure.

The node index everywhere is the position in `World.nodes`: node ids in rising order.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Protocol

import numpy as np
from msgspec import Struct, structs

from oneshelf.base.identifiers import ChannelId, NodeId, ReceiptLineId, Sku
from oneshelf.matching.policy import ChannelPool
from oneshelf.matching.world import Ints, Marks, World, remembering


@dataclass(frozen=True, slots=True)
class DatedSupply:
    """Units of a receipt line that are free and due: positions in the view's SKUs and nodes."""

    component: int
    node: int
    due_at: datetime
    units: int
    receipt_line: ReceiptLineId


class StockView(Struct, frozen=True):
    """What stands free of the components of one request (`World.components` names them).

    free[N, C]: units on the shelf that this channel may take. dated: in rising due_at.
    opportunity_millis[N, C]: what taking one unit costs the sales to come, in thousandths of a
    minor unit; None: nothing.
    """

    skus: tuple[Sku, ...]
    free: Ints
    dated: tuple[DatedSupply, ...]
    opportunity_millis: Ints | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Slice:
    """What a channel may take of each node's units, each [N]: from one percentage to another.

    Slices are cut one after the other in the order of the policy's pools, so that pools of 100
    percent together leave no unit over: of a single unit, the last of them has it.
    """

    reached: Marks
    begin_percent: Ints
    end_percent: Ints

    def of(self, units: Ints) -> Ints:
        """Return the channel's part of units [N, C]."""
        end, begin = self.end_percent[:, None], self.begin_percent[:, None]
        return units * end // 100 - units * begin // 100

    def at(self, nodes: Ints, units: Ints) -> Ints:
        """Return the channel's part of units, each at its node."""
        end, begin = self.end_percent[nodes], self.begin_percent[nodes]
        return units * end // 100 - units * begin // 100


@remembering(maxsize=256)
def slice_of(world: World, pools: tuple[ChannelPool, ...], channel: ChannelId) -> Slice | None:
    """Return a channel's part; None: it has no pool and takes from all stock."""
    if all(pool.channel != channel for pool in pools):
        return None
    reached = np.zeros(len(world.nodes), np.bool_)
    cut = np.zeros(len(world.nodes), np.int64)
    begin, end = cut.copy(), cut.copy()
    for pool in pools:
        at = [place for node, place in world.node_index.items() if pool.reaches(node)]
        if pool.channel == channel:
            reached[at] = True
            begin[at] = cut[at]
            end[at] = cut[at] + pool.stock_percent
        cut[at] += pool.stock_percent
    return Slice(reached, begin, end)


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
    left = tuple(supply for supply in dated if supply.units > 0)
    return structs.replace(view, free=free, dated=left)


@dataclass(frozen=True, slots=True)
class CapacityView:
    """Parcels already taken: taken[N, D] for D days from first_on; other days are empty."""

    first_on: date
    taken: Ints
