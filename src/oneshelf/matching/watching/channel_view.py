"""What one channel may sell by one method, node by node: stock, buffers, toggles and policy. Pure.

The same rules as a plan's, so that no shop shows units that no order of one unit could get; what a
cart needs together, and by when, only a promise tells.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from oneshelf.base.identifiers import ChannelId, NodeId, Sku
from oneshelf.catalog.nodes import Method
from oneshelf.catalog.products import Product
from oneshelf.matching.eligibility import allowed_nodes
from oneshelf.matching.outlook import Known
from oneshelf.matching.policy import SourcingPolicy
from oneshelf.matching.stock_view import slice_of
from oneshelf.matching.world import Ints, Marks, Needs, World, kept, licensed, needs_of, remembering


@dataclass(frozen=True, slots=True)
class Kinds:
    """What rules tell products apart by. of_product, is_kit: by place in the stock [SKU]."""

    kinds: tuple[tuple[str, Needs], ...]
    of_product: Ints
    is_kit: Marks


class ChannelView:
    """One channel's sight of everything known at one moment."""

    def __init__(self, known: Known, channel: ChannelId, method: Method) -> None:
        """Look through the channel's eyes."""
        self._known = known
        self._channel = channel
        self._method: Method = method
        self._slice = slice_of(known.world, known.policy.pools, channel)
        self._kinds = _kinds_of(known.world)
        self._serving = _serving(known.world, known.policy, channel, method)

    def by_node(self, product: Product) -> Ints:
        """Return the units of a product at every node [N]: whole kits, each from one node."""
        known, parts = self._known, product.components()
        free = known.stock.free([part.sku for part in parts], self._channel, self._method)
        pooled = free if self._slice is None else self._slice.of(free)
        units: Ints = (pooled // np.array([part.units for part in parts])).min(axis=1)
        units[~self.may_serve(product)] = 0
        for node, methods in known.world.toggled.get(product.sku, ()):
            if self._method not in methods:
                units[node] = 0
        return units

    def at_places(self, skus: Sequence[Sku], nodes: Sequence[NodeId]) -> list[int | None]:
        """Return the units of each SKU at its node; None where either is unknown."""
        world, stock = self._known.world, self._known.stock
        all_rows = np.array([stock.sku_place.get(sku, -1) for sku in skus], np.int64)
        all_columns = np.array([world.node_index.get(node, -1) for node in nodes], np.int64)
        known = ((all_rows >= 0) & (all_columns >= 0)).nonzero()[0]
        rows, columns = all_rows[known], all_columns[known]
        units = stock.free_at(rows, columns, self._channel, self._method)
        if self._slice is not None:
            units = self._slice.at(columns, units)
        units[~self._serving[self._kinds.of_product[rows], columns]] = 0
        for at in self._kinds.is_kit[rows].nonzero()[0].tolist():
            kit = world.products[stock.skus[rows[at]]]
            units[at] = self.by_node(kit)[columns[at]]
        if len(known) == len(skus):
            return list(units.tolist())
        told: list[int | None] = [None] * len(skus)
        for at, there in zip(known.tolist(), units.tolist(), strict=True):
            told[at] = there
        return told

    def in_network(self, products: Iterable[Product]) -> list[int]:
        """Return the units of each product in all nodes together."""
        return [int(self.by_node(product).sum()) for product in products]

    def may_serve(self, product: Product) -> Marks:
        """Return the nodes [N] that rules let serve the channel with such a product."""
        place = self._known.stock.sku_place[product.sku]
        may: Marks = self._serving[self._kinds.of_product[place]]
        return may


@remembering(maxsize=2)
def _kinds_of(world: World) -> Kinds:
    numbers: dict[tuple[str, Needs], int] = {}
    products = [world.products[sku] for sku in sorted(world.products)]
    of_product = [
        numbers.setdefault((one.category, needs_of(world, one.sku)), len(numbers))
        for one in products
    ]
    is_kit = [bool(one.parts) for one in products]
    return Kinds(tuple(numbers), np.array(of_product, np.int64), np.array(is_kit, np.bool_))


@remembering(maxsize=64)
def _serving(world: World, policy: SourcingPolicy, channel: ChannelId, method: Method) -> Marks:
    """Return which nodes rules let serve the channel with products of each kind [K, N]."""
    takes_parcels = world.parcels_per_day_max > 0
    serving = [
        allowed_nodes(world, policy, channel, method, {category})
        & licensed(world, needs)
        & kept(world, needs)
        & takes_parcels
        for category, needs in _kinds_of(world).kinds
    ]
    return np.array(serving, np.bool_).reshape(len(serving), len(world.nodes))


def with_their_kits(world: World, skus: Iterable[Sku]) -> list[Sku]:
    """Return these SKUs and the kits that contain one of them, in rising order."""
    kits = _kits_by_part(world)
    changed = set(skus)
    return sorted(changed.union(*(kits.get(sku, ()) for sku in changed)))


@remembering(maxsize=2)
def _kits_by_part(world: World) -> Mapping[Sku, Sequence[Sku]]:
    kits: dict[Sku, list[Sku]] = {}
    for product in world.products.values():
        for part in product.parts:
            kits.setdefault(part.sku, []).append(product.sku)
    return kits
