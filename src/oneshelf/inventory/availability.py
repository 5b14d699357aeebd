"""What is free, for whom and by when: one process's picture of all stock. Pure.

Arrays [SKU, node], so that 500 nodes and 10,000 SKUs take about 120 MB. Changes carry versions and
only higher ones count, so order and repeats are harmless. What a running batch takes lies in an
overlay that is thrown away with the batch.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from oneshelf.base.identifiers import ChannelId, NodeId, ReceiptLineId, Sku
from oneshelf.catalog.nodes import Method, Node, Toggle
from oneshelf.inventory.facts import StockChanged
from oneshelf.inventory.ledger import StockPoint

Ints = NDArray[np.int64]
Cell = tuple[int, int]  # place of the SKU, place of the node
Key = TypeVar("Key")
NEVER_TOLD = -1  # lower than any version


@dataclass(frozen=True, slots=True)
class DatedSupply:
    """Units still free on a line of an inbound receipt."""

    sku: Sku
    node: NodeId
    due_at: datetime
    units: int
    receipt_line: ReceiptLineId
    point: StockPoint


@dataclass(frozen=True, slots=True)
class Stand:
    """Free units of a point, and the version that said so."""

    units: int
    version: int
    due_at: datetime | None


class StockSnapshot:
    """Stock of known SKUs at known nodes. Starts empty; `apply` fills it and keeps it fresh."""

    def __init__(self, skus: Sequence[Sku], nodes: Sequence[NodeId]) -> None:
        """skus, nodes: sorted; they are the axes."""
        self.skus = tuple(skus)
        self.nodes = tuple(nodes)
        self.sku_place = {sku: place for place, sku in enumerate(skus)}
        self.node_place = {node: place for place, node in enumerate(nodes)}
        shape = (len(self.skus), len(self.nodes))
        self._stocked = np.zeros(len(self.skus), np.bool_)  # that ever had a shelf
        self._available = np.zeros(shape, np.int32)  # lots included
        self._version = np.full(shape, NEVER_TOLD, np.int64)  # of the shelf without lot
        self._safety = np.zeros(shape, np.int32)
        self._free = np.zeros(shape, np.int64)  # available less safety stock and overlay
        self._lots: dict[Cell, dict[str, Stand]] = {}
        self._dated: dict[Sku, dict[StockPoint, Stand]] = {}  # receipt lines with free units
        self._used_up: dict[StockPoint, int] = {}  # receipt lines without: the version that said so
        self._closed: dict[Method, NDArray[np.intp]] = {}  # nodes that never do it
        self._off: dict[Method, dict[int, NDArray[np.intp]]] = {}  # SKU: nodes that do not
        self._hidden: Mapping[tuple[ChannelId, Sku], int] = {}
        self._taken: dict[StockPoint, int] = {}
        self._taken_cells: dict[Cell, int] = {}

    def apply(self, changed: StockChanged) -> None:
        """Take over newer figures; older ones, and SKUs or nodes not on the axes, are passed by."""
        for sku, node, lot, line, due_at, available, expected, version in zip(
            changed.sku,
            changed.node,
            changed.lot,
            changed.receipt_line,
            changed.due_at,
            changed.available,
            changed.expected,
            changed.version,
            strict=True,
        ):
            row, column = self.sku_place.get(sku), self.node_place.get(node)
            if row is None or column is None:
                continue
            self._stocked[row] |= line is None
            if line is not None:
                point = StockPoint(sku, node, lot, line)
                self._learn_dated(point, Stand(expected, version, due_at))
            elif lot is not None:
                lots = self._lots.setdefault((row, column), {})
                gained = _newer(lots, lot, Stand(available, version, None))
                self._available[row, column] += gained
                self._settle((row, column))
            elif version > self._version[row, column]:
                self._version[row, column] = version
                self._available[row, column] = available + self._in_lots((row, column))
                self._settle((row, column))

    def set_safety_stock(self, units: Ints) -> None:
        """Hide so many units of each [SKU, node] from everybody."""
        self._safety[:] = units
        self._free[:] = np.maximum(self._available - self._safety, 0)
        for cell in self._taken_cells:
            self._settle(cell)

    def set_thresholds(self, hidden: Mapping[tuple[ChannelId, Sku], int]) -> None:
        """Hide the last so many units of a SKU in the whole network from one channel."""
        self._hidden = dict(hidden)

    def set_methods(self, nodes: Iterable[Node], toggles: Iterable[Toggle]) -> None:
        """Say which nodes ship and offer pickup at all, and where single SKUs are taken out."""
        closed: dict[Method, list[int]] = {"ship": [], "pickup": []}
        off: dict[Method, dict[int, list[int]]] = {"ship": {}, "pickup": {}}
        for node in nodes:
            for method in closed.keys() - node.methods:
                closed[method].append(self.node_place[node.node_id])
        for toggle in toggles:
            row, column = self.sku_place.get(toggle.sku), self.node_place.get(toggle.node_id)
            if row is None or column is None:
                continue
            for method in off.keys() - toggle.methods:
                off[method].setdefault(row, []).append(column)
        self._closed = {m: np.array(places, np.intp) for m, places in closed.items() if places}
        self._off = {
            method: {row: np.array(places, np.intp) for row, places in rows.items()}
            for method, rows in off.items()
        }

    def on_shelf(self, skus: Sequence[Sku]) -> Ints:
        """Return the units on the shelf and not taken, buffers included, [nodes, SKUs]."""
        places = [self.sku_place[sku] for sku in skus]
        units = self._available[places].astype(np.int64)
        for (row, column), taken in self._taken_cells.items():
            for line, place in enumerate(places):
                if place == row:
                    units[line, column] = max(0, units[line, column] - taken)
        return units.T

    def available(self, point: StockPoint) -> int:
        """Return the units of a shelf, lots included, as last told."""
        row, column = self.sku_place.get(point.sku), self.node_place.get(point.node)
        return 0 if row is None or column is None else int(self._available[row, column])

    def free(
        self,
        skus: Sequence[Sku],
        channel: ChannelId | None,
        method: Method,
        buffers: Literal["kept", "opened"] = "kept",
    ) -> Ints:
        """Return the units that the channel may sell by this method now, [nodes, SKUs].

        buffers: `opened` lets safety stock and thresholds be sold too (orders already paid).
        """
        places = [self.sku_place[sku] for sku in skus]
        free = self._free.take(places, axis=0) if buffers == "kept" else self.on_shelf(skus).T
        if method in self._closed:
            free[:, self._closed[method]] = 0
        if off := self._off.get(method):
            for line, place in enumerate(places):
                if place in off:
                    free[line, off[place]] = 0
        if self._hidden and channel is not None and buffers == "kept":
            for line, sku in enumerate(skus):
                if hidden := self._hidden.get((channel, sku), 0):
                    free[line] = _without_last(free[line], self._free[places[line]], hidden)
        return free.T

    def free_at(
        self,
        rows: Ints,
        columns: Ints,
        channel: ChannelId | None,
        method: Method,
    ) -> Ints:
        """Return the units that the channel may sell at each (SKU, node): `free`, cell by cell."""
        free = self._free[rows, columns]
        if method in self._closed:
            free[np.isin(columns, self._closed[method])] = 0
        if off := self._off.get(method):
            for at, row in enumerate(rows.tolist()):
                if row in off and columns[at] in off[row]:
                    free[at] = 0
        if self._hidden and channel is not None:
            for at, row in enumerate(rows.tolist()):
                if (channel, self.skus[row]) in self._hidden:
                    free[at] = self.free([self.skus[row]], channel, method)[columns[at], 0]
        return free

    def dated(self, skus: Sequence[Sku]) -> tuple[DatedSupply, ...]:
        """Return what is still free on receipt lines of these SKUs, earliest first."""
        supplies = [
            DatedSupply(sku, point.node, stand.due_at, units, point.receipt_line, point)
            for sku in skus
            for point, stand in tuple(self._dated.get(sku, {}).items())  # others may tell meanwhile
            if stand.due_at is not None
            and point.receipt_line is not None
            and (units := stand.units - self._taken.get(point, 0)) > 0
        ]
        return tuple(sorted(supplies, key=lambda s: (s.due_at, s.receipt_line, s.sku)))

    def coming(self, skus: Iterable[Sku]) -> list[ReceiptLineId]:
        """Return the receipt lines of these SKUs that are known to have free units."""
        return [
            point.receipt_line
            for sku in skus
            for point in tuple(self._dated.get(sku, ()))  # others may tell meanwhile
            if point.receipt_line is not None
        ]

    def totals(self) -> tuple[tuple[Sku, ...], Ints]:
        """Return the SKUs that ever had a shelf, and their free units in all nodes together."""
        places = self._stocked.nonzero()[0]
        return tuple(self.skus[place] for place in places), self._free[places].sum(axis=1)

    def choose_points(
        self, sku: Sku, node: NodeId, units: int
    ) -> tuple[tuple[StockPoint, int], ...]:
        """Return which shelf points give the units: lots in their order, then the plain shelf.

        What does not stand on the shelf is missing in the answer. Ignores buffers: `free` decided.
        """
        cell = (self.sku_place[sku], self.node_place[node])
        lots = self._lots.get(cell, {})
        standing = [(StockPoint(sku, node, lot), lots[lot].units) for lot in sorted(lots)]
        plain = int(self._available[cell]) - self._in_lots(cell)
        chosen = []
        for point, there in [*standing, (StockPoint(sku, node), plain)]:
            part = min(units, there - self._taken.get(point, 0))
            if part > 0:
                chosen.append((point, part))
                units -= part
        return tuple(chosen)

    def take(self, points: Iterable[tuple[StockPoint, int]]) -> None:
        """Take units for the running batch: the next request sees them gone."""
        for point, units in points:
            self._taken[point] = self._taken.get(point, 0) + units
            if point.receipt_line is None:
                cell = (self.sku_place[point.sku], self.node_place[point.node])
                self._taken_cells[cell] = self._taken_cells.get(cell, 0) + units
                self._settle(cell)

    def forget_overlay(self) -> None:
        """Give back what the batch took: its commit is applied as changes like any other."""
        cells = list(self._taken_cells)
        self._taken.clear()
        self._taken_cells.clear()
        for cell in cells:
            self._settle(cell)

    def _learn_dated(self, point: StockPoint, stand: Stand) -> None:
        """Keep lines that are used up out of the way of plans: in time they are nearly all."""
        if stand.version <= self._used_up.get(point, NEVER_TOLD):
            return
        dated = self._dated.setdefault(point.sku, {})
        _newer(dated, point, stand)
        if not dated[point].units:
            self._used_up[point] = dated.pop(point).version

    def _settle(self, cell: Cell) -> None:
        free = max(0, int(self._available[cell]) - int(self._safety[cell]))
        self._free[cell] = max(0, free - self._taken_cells.get(cell, 0))

    def _in_lots(self, cell: Cell) -> int:
        return sum(stand.units for stand in self._lots.get(cell, {}).values())


def _newer(stands: dict[Key, Stand], key: Key, stand: Stand) -> int:
    """Keep the newer of both; return by how many units the figure grew."""
    before = stands.get(key)
    if before is not None and before.version >= stand.version:
        return 0
    stands[key] = stand
    return stand.units - (before.units if before else 0)


def _without_last(sellable: Ints, everywhere: Ints, hidden: int) -> Ints:
    """Hide the network's last units where fewest stand, so that a whole order still finds most."""
    surplus = int(sellable.sum()) - max(0, int(everywhere.sum()) - hidden)
    if surplus <= 0:
        return sellable
    fewest_first = np.argsort(sellable, kind="stable")
    units = sellable[fewest_first]
    before = np.cumsum(units) - units
    left = np.empty_like(sellable)
    left[fewest_first] = units - np.clip(surplus - before, 0, units)
    return left
