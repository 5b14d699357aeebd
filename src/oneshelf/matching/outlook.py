"""All that a plan sees in this process: catalog, policy, stock and capacity. Touches no database.

One lock: promises read under it, what became visible is taken over under it. A batch holds it from
its first plan until its units are locked, so that "more stands there than I planned on" has one
meaning.
"""

import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from typing import Literal, Protocol

import numpy as np

from oneshelf.base.identifiers import ChannelId, NodeId, Sku
from oneshelf.catalog.assortment import Catalog
from oneshelf.catalog.channels import Channel
from oneshelf.catalog.nodes import Toggle
from oneshelf.catalog.products import KitPart
from oneshelf.inventory.availability import StockSnapshot
from oneshelf.inventory.buffers import BufferPolicy, safety_stock, thresholds
from oneshelf.inventory.facts import StockChanged
from oneshelf.inventory.ledger import StockPoint
from oneshelf.matching.capacity.facts import CapacityChanged
from oneshelf.matching.capacity.holding import NodeDay
from oneshelf.matching.capacity.snapshot import CapacitySnapshot
from oneshelf.matching.plan import Plan, Refusal, Rejected, Rejection
from oneshelf.matching.planning import Option, plan, promise
from oneshelf.matching.policy import SourcingPolicy
from oneshelf.matching.request import SourcingRequest, WantedLine
from oneshelf.matching.stock_view import DatedSupply, StockView, less
from oneshelf.matching.world import World, compile_world, fit_for

LIKELY_NODES_MAX = 32
FOR_NOW: frozenset[Rejected] = frozenset(
    {
        *("out_of_stock", "no_capacity", "too_late"),
        *("no_licence", "wrong_temperature"),  # of the lines that stood there
    }
)


class OfProduct(Protocol):
    """Anything that names a SKU: a line of whatever kind."""

    @property
    def sku(self) -> Sku:
        """Return the SKU."""


class Outlook:
    """What one process knows. Replaced whole when the catalog or a policy changes."""

    def __init__(
        self, catalog: Catalog, sourcing: SourcingPolicy, buffers: BufferPolicy, today: date
    ) -> None:
        """Compile the catalog; stock and capacity start empty and must be told."""
        self._lock = threading.RLock()
        self.load(catalog, sourcing, buffers, today)

    def load(
        self, catalog: Catalog, sourcing: SourcingPolicy, buffers: BufferPolicy, today: date
    ) -> None:
        """Take over another catalog or policy; stock and capacity must be told anew."""
        toggles = [Toggle(node, sku, does) for (node, sku), does in catalog.toggles.items()]
        nodes, products = catalog.nodes, catalog.products
        with self._lock:
            self.world: World = compile_world(
                nodes.values(), catalog.services.values(), products.values(), toggles
            )
            self.channels: Mapping[ChannelId, Channel] = catalog.channels
            self.policy = sourcing
            node_ids = sorted(nodes)
            categories = {sku: products[sku].category for sku in sorted(products)}
            self.stock = StockSnapshot(list(categories), node_ids)
            self.stock.set_methods(nodes.values(), toggles)
            self._safety = safety_stock(buffers, categories, node_ids)
            self.stock.set_safety_stock(self._safety)
            self.stock.set_thresholds(thresholds(buffers, categories))
            self._today = today
            self.capacity = CapacitySnapshot(node_ids, today)

    @contextmanager
    def planning(self, now: datetime) -> Iterator[None]:
        """Hold the outlook still for a batch; what the batch took is given back at its end."""
        with self._lock:
            if now.date() > self._today:
                self._today = now.date()
                self.capacity.advance(self._today)
            try:
                yield
            finally:
                self.give_back()

    def take(self, points: Iterable[tuple[StockPoint, int]], days: Iterable[NodeDay]) -> None:
        """Let the next request of the batch see these units and days gone."""
        self.stock.take(points)
        for day in days:
            self.capacity.take(day.node, day.on, 1)

    def give_back(self) -> None:
        """Forget what the batch took: its commit is told like any other change."""
        self.stock.forget_overlay()
        self.capacity.drop_overlay()

    def plan(self, request: SourcingRequest) -> Plan | Refusal:
        """Decide one request on what is free now, less the batch's own plans.

        What is sold already opens the buffers before it stays without units, and goes on in
        stages while anything can be found in more places than one plan may have.
        """
        with self._lock:
            first = self._plan(request, self._view(request, "kept"))
            if isinstance(first, Refusal) or not first.unserved:
                return first
            view = self._view(request, "opened")
            answer = stage = self._plan(request, view)
            while isinstance(stage, Plan) and stage.unserved and stage.parcels:
                view = less(view, stage.parcels, self.world.node_index)
                stage = self._plan(_for_the_rest(request, stage), view)
                if isinstance(stage, Plan) and isinstance(answer, Plan) and stage.parcels:
                    answer = answer.followed_by(stage)
            return answer

    def _plan(self, request: SourcingRequest, view: StockView) -> Plan | Refusal:
        return plan(request, self.world, view, self.capacity.view(), self.policy)

    def promise(self, request: SourcingRequest) -> tuple[Option, ...] | Refusal:
        """Return what a shopper can choose from; takes nothing."""
        with self._lock:
            view = self._view(request, "kept")
            return promise(request, self.world, view, self.capacity.view(), self.policy)

    def plan_held(
        self, request: SourcingRequest, held: Iterable[tuple[StockPoint, int]]
    ) -> Plan | Refusal:
        """Plan on exactly the units that a reservation holds."""
        skus = self.world.components(request.lines)
        free = np.zeros((len(self.world.nodes), len(skus)), np.int64)
        for point, units in held:
            if point.sku in skus and point.node in self.world.node_index:
                free[self.world.node_index[point.node], skus.index(point.sku)] += units
        view = StockView(skus, free, (), np.zeros_like(free))
        with self._lock:
            return plan(request, self.world, view, self.capacity.view(), self.policy)

    def learn_stock(self, changed: StockChanged) -> None:
        """Take over newer figures of points."""
        with self._lock:
            self.stock.apply(changed)

    def rises_by(self, changed: StockChanged) -> bool:
        """Take over newer figures; say whether any of them is higher than what was known."""
        with self._lock:
            skus = sorted(set(changed.sku) & self.stock.sku_place.keys())
            before = self.stock.on_shelf(skus)
            dated = sum(supply.units for supply in self.stock.dated(skus))
            self.stock.apply(changed)
            rose = bool((self.stock.on_shelf(skus) > before).any())
            return rose or sum(supply.units for supply in self.stock.dated(skus)) > dated

    def learn_capacity(self, changed: CapacityChanged) -> None:
        """Take over newer figures of nodes' days."""
        with self._lock:
            self.capacity.apply(changed)

    def parts(self, lines: Iterable[OfProduct]) -> dict[Sku, tuple[KitPart, ...]]:
        """Return what one unit of each line's SKU takes from the shelf."""
        products = self.world.products
        return {line.sku: products[line.sku].components() for line in lines if line.sku in products}

    def likely_nodes(self, skus: Sequence[Sku]) -> tuple[NodeId, ...]:
        """Return at most 32 nodes that stand the most of these SKUs, most first."""
        with self._lock:
            units = np.minimum(self.stock.on_shelf(skus), 1_000).sum(axis=1)
        ranked = np.argsort(-units, kind="stable")[:LIKELY_NODES_MAX]
        return tuple(self.world.nodes[place].node_id for place in ranked)

    def accepting(
        self, request: SourcingRequest, rejections: Collection[Rejection]
    ) -> dict[int, frozenset[NodeId]]:
        """Return the nodes that may serve each line if it waits: all but those that never could."""
        world, named = self.world, request.pickup_node or request.only_node
        if named:
            able = np.array([node.node_id == named for node in world.nodes], np.bool_)
        else:
            never = {node for one in rejections if one.reason not in FOR_NOW for node in one.nodes}
            never |= request.avoided
            allowed = np.array([node.node_id not in never for node in world.nodes], np.bool_)
            able = world.does[request.method] & allowed
        return {
            line.line_no: frozenset(
                world.nodes[at].node_id for at in (able & fit_for(world, line.sku)).nonzero()[0]
            )
            for line in request.lines
        }

    def floor(self, point: StockPoint) -> int:
        """Return the units of a shelf that nobody may promise: its safety stock."""
        if point.lot is not None or point.receipt_line is not None:
            return 0
        sku, node = self.stock.sku_place.get(point.sku), self.stock.node_place.get(point.node)
        return 0 if sku is None or node is None else int(self._safety[sku, node])

    def _view(self, request: SourcingRequest, buffers: Literal["kept", "opened"]) -> StockView:
        skus = self.world.components(request.lines)
        free = self.stock.free(skus, request.channel, request.method, buffers)
        place = {sku: number for number, sku in enumerate(skus)}
        dated = tuple(
            DatedSupply(
                place[supply.sku],
                self.world.node_index[supply.node],
                supply.due_at,
                supply.units,
                supply.receipt_line,
            )
            for supply in self.stock.dated(skus)
        )
        return StockView(skus, free, dated, np.zeros_like(free))


def _for_the_rest(request: SourcingRequest, stage: Plan) -> SourcingRequest:
    skus = {line.line_no: line.sku for line in request.lines}
    rest = tuple(WantedLine(one.line_no, skus[one.line_no], one.units) for one in stage.unserved)
    return replace(request, lines=rest)
