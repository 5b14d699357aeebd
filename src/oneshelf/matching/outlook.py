"""All that a plan sees in this process: catalog, policy, stock and capacity. Touches no database.

One lock: what became visible is taken over under it, and a batch holds it from its first plan until
its units are locked, so that "more stands there than I planned on" has one meaning. Promises do not
take it, or they would wait while a batch waits for row locks: each figure they read is whole, a new
catalog comes with its stock, and what is promised is checked under row locks before it is sold.
"""

import threading
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal, Protocol

import numpy as np
from msgspec import structs

from oneshelf.base.identifiers import ChannelId, NodeId, ReceiptLineId, Sku
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
from oneshelf.matching.promise_dates import first_day, room_left
from oneshelf.matching.request import SourcingRequest, WantedLine
from oneshelf.matching.stock_view import DatedSupply, StockView, less
from oneshelf.matching.world import Ints, World, compile_world, fit_for, forget_worlds

LIKELY_NODES_MAX = 32
STAGES_AT_ONCE_MAX = 8
FOR_NOW: frozenset[Rejected] = frozenset(
    {
        *("out_of_stock", "other_channels", "no_capacity", "too_late", "toggled_off"),
        *("no_licence", "wrong_temperature"),  # of the lines that stood there
    }
)

Stages = Literal[
    "some",  # where others wait: what is left over is for claims, which take what stands there
    "all",
]


class OfProduct(Protocol):
    """Anything that names a SKU: a line of whatever kind."""

    @property
    def sku(self) -> Sku:
        """Return the SKU."""


@dataclass(frozen=True, slots=True)
class Known:
    """Catalog, policy, stock and capacity that belong together. safety: units by [SKU, node]."""

    world: World
    channels: Mapping[ChannelId, Channel]
    policy: SourcingPolicy
    stock: StockSnapshot
    safety: Ints
    capacity: CapacitySnapshot

    def view(
        self, request: SourcingRequest, buffers: Literal["kept", "opened"] = "kept"
    ) -> StockView:
        """Return the stock that a request may be served from."""
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
        return StockView(skus, free, dated)


@dataclass(frozen=True, slots=True)
class Levels:
    """Units of some SKUs. on_shelf: [nodes, SKUs]. dated: those to come of each SKU."""

    skus: tuple[Sku, ...]
    on_shelf: Ints
    dated: Mapping[Sku, int]

    def risen_since(self, before: "Levels") -> frozenset[Sku]:
        """Return the SKUs of which there is more; of all of them, where the catalog is another."""
        if self.skus != before.skus or self.on_shelf.shape != before.on_shelf.shape:
            return frozenset(self.skus)
        _, places = (self.on_shelf > before.on_shelf).nonzero()
        later = {sku for sku in self.skus if self.dated[sku] > before.dated[sku]}
        return frozenset({self.skus[place] for place in places} | later)


def compile_known(
    catalog: Catalog, sourcing: SourcingPolicy, buffers: BufferPolicy, today: date
) -> Known:
    """Compile a catalog and its policies; stock and capacity start empty and must be told."""
    toggles = [Toggle(node, sku, does) for (node, sku), does in catalog.toggles.items()]
    nodes, products = catalog.nodes, catalog.products
    node_ids = sorted(nodes)
    categories = {sku: products[sku].category for sku in sorted(products)}
    stock = StockSnapshot(list(categories), node_ids)
    stock.set_methods(nodes.values(), toggles)
    safety = safety_stock(buffers, categories, node_ids)
    stock.set_safety_stock(safety)
    stock.set_thresholds(thresholds(buffers, categories))
    return Known(
        world=compile_world(nodes.values(), catalog.services.values(), products.values(), toggles),
        channels=catalog.channels,
        policy=sourcing,
        stock=stock,
        safety=safety,
        capacity=CapacitySnapshot(node_ids, today),
    )


class Outlook:
    """What one process knows. Replaced whole when the catalog or a policy changes."""

    def __init__(self, known: Known, today: date) -> None:
        """Start with what is known."""
        self._lock = threading.RLock()
        self._known = known
        self._today = today

    def replace(self, known: Known, today: date) -> None:
        """Take over another catalog or policy, with its stock and capacity."""
        with self._lock:
            self._known = known
            self._today = today
            forget_worlds()

    @property
    def known(self) -> Known:
        """Return everything of one moment, for several looks that must agree."""
        return self._known

    @property
    def world(self) -> World:
        """Return the compiled catalog."""
        return self._known.world

    @property
    def channels(self) -> Mapping[ChannelId, Channel]:
        """Return the channels."""
        return self._known.channels

    @property
    def policy(self) -> SourcingPolicy:
        """Return the sourcing policy in force."""
        return self._known.policy

    @property
    def stock(self) -> StockSnapshot:
        """Return the picture of stock."""
        return self._known.stock

    @property
    def capacity(self) -> CapacitySnapshot:
        """Return the picture of capacity."""
        return self._known.capacity

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

    def hand_on(self, days: Iterable[NodeDay]) -> None:
        """Let the next request of the batch see days free that a cart gave up to its order."""
        for day in days:
            self.capacity.take(day.node, day.on, -1)

    def give_back(self) -> None:
        """Forget what the batch took: its commit is told like any other change."""
        self.stock.forget_overlay()
        self.capacity.drop_overlay()

    def plan(self, request: SourcingRequest, stages: Stages = "some") -> Plan | Refusal:
        """Decide one request on what is free now, less the batch's own plans.

        What is sold already opens the buffers before it stays without units, and goes on in
        stages while anything can be found in more places than one plan may have.
        """
        known = self._known
        with self._lock:
            capacity = self.capacity.view()
            first = plan(request, known.world, known.view(request), capacity, known.policy)
            if isinstance(first, Refusal) or not first.unserved:
                return first
            return self._plan_on(request, known.view(request, "opened"), known.policy, stages)

    def _plan_on(
        self, request: SourcingRequest, view: StockView, policy: SourcingPolicy, stages: Stages
    ) -> Plan | Refusal:
        world, capacity = self.world, self.capacity.view()
        answer = stage = plan(request, world, view, capacity, policy)
        planned = 1
        while isinstance(stage, Plan) and stage.unserved and stage.parcels:
            if stages == "some" and planned == STAGES_AT_ONCE_MAX:
                break
            view = less(view, stage.parcels, world.node_index)
            stage = plan(_for_the_rest(request, stage), world, view, capacity, policy)
            if isinstance(stage, Plan) and isinstance(answer, Plan) and stage.parcels:
                answer = answer.followed_by(stage)
            planned += 1
        return answer

    def promise(self, request: SourcingRequest) -> tuple[Option, ...] | Refusal:
        """Return what a shopper can choose from; takes nothing, waits for nobody."""
        known = self._known
        return promise(
            request, known.world, known.view(request), known.capacity.view(), known.policy
        )

    def plan_held(
        self,
        request: SourcingRequest,
        held: Iterable[tuple[StockPoint, int]],
        days: Iterable[NodeDay],
        stages: Stages = "some",
    ) -> Plan | Refusal:
        """Plan on exactly the units that a reservation holds; days: those it holds have room.

        Of what is sold already as much as goes, in stages like `plan`.
        """
        skus = self.world.components(request.lines)
        free = np.zeros((len(self.world.nodes), len(skus)), np.int64)
        for point, units in held:
            if point.sku in skus and point.node in self.world.node_index:
                free[self.world.node_index[point.node], skus.index(point.sku)] += units
        view = StockView(skus, free, ())
        mine = self.policy
        if mine.pools:  # held units are no share of anybody's
            mine = replace(mine, pools=())
        with self._lock, self._cleared(Counter(days)):
            return self._plan_on(request, view, mine, stages)

    @contextmanager
    def _cleared(self, own: Mapping[NodeDay, int]) -> Iterator[None]:
        """Let a plan find room for its own parcels, even on a day that sold orders overfilled."""
        view, index = self.capacity.view(), self.world.node_index
        more = {
            day: parcels - min(0, room_left(self.world, view, index[day.node], day.on.toordinal()))
            for day, parcels in own.items()
            if day.node in index
        }
        for day, parcels in more.items():
            self.capacity.take(day.node, day.on, -parcels)
        try:
            yield
        finally:
            for day, parcels in more.items():
                self.capacity.take(day.node, day.on, parcels)

    def first_day(self, node: NodeId, now: datetime) -> date | None:
        """Return the first day on which a node can work on one more parcel; None: none in reach."""
        place = self.world.node_index.get(node)
        with self._lock:
            if place is None:
                return None
            return first_day(self.world, self.capacity.view(), place, now)

    def learn_stock(self, changed: StockChanged) -> None:
        """Take over newer figures of points."""
        with self._lock:
            self.stock.apply(changed)

    def coming(self, skus: Iterable[Sku]) -> list[ReceiptLineId]:
        """Return the receipt lines of these SKUs that are believed to have free units."""
        with self._lock:
            return self.stock.coming(skus)

    def levels(self, skus: Iterable[Sku]) -> Levels:
        """Return what is known of these SKUs now, to tell later whether there is more."""
        with self._lock:
            known = tuple(sorted(set(skus) & self.stock.sku_place.keys()))
            dated = dict.fromkeys(known, 0)
            for supply in self.stock.dated(known):
                dated[supply.sku] += supply.units
            return Levels(known, self.stock.on_shelf(known), dated)

    def rises_by(self, changed: StockChanged) -> bool:
        """Take over newer figures; say whether any of them is higher than what was known."""
        with self._lock:
            before = self.levels(changed.sku)
            self.stock.apply(changed)
            return bool(self.levels(changed.sku).risen_since(before))

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
        return 0 if sku is None or node is None else int(self._known.safety[sku, node])


def _for_the_rest(request: SourcingRequest, stage: Plan) -> SourcingRequest:
    skus = {line.line_no: line.sku for line in request.lines}
    rest = tuple(WantedLine(one.line_no, skus[one.line_no], one.units) for one in stage.unserved)
    return structs.replace(request, lines=rest)
