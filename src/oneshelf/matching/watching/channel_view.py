"""What one channel may sell by one method, node by node: stock, buffers, toggles and policy. Pure.

The same rules as a plan's, so that no shop shows units that no order of one unit could get; what a
cart needs together, and by when, only a promise tells.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

import numpy as np

from oneshelf.base.identifiers import ChannelId, NodeId, Sku
from oneshelf.catalog.nodes import Method
from oneshelf.catalog.products import Product
from oneshelf.matching.eligibility import allowed_nodes
from oneshelf.matching.outlook import Known
from oneshelf.matching.stock_view import slice_of
from oneshelf.matching.world import Ints, Marks, Needs, World, fit_for, needs_of


class ChannelView:
    """One channel's sight of everything known at one moment."""

    def __init__(self, known: Known, channel: ChannelId, method: Method) -> None:
        """Look through the channel's eyes; rules that speak of categories are looked up once."""
        self._known = known
        self._channel = channel
        self._method: Method = method
        self._slice = slice_of(known.world, known.policy.pools, channel)
        self._open = known.world.parcels_per_day_max > 0
        self._nodes: dict[tuple[str, Needs], list[bool]] = {}

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

    def at_places(self, places: Sequence[tuple[Sku, NodeId]]) -> list[int | None]:
        """Return the units at each place; None where SKU or node is unknown."""
        world, stock = self._known.world, self._known.stock
        products, index = world.products, world.node_index
        units: list[int | None] = [None] * len(places)
        plain: list[int] = []
        rows: list[int] = []
        columns: list[int] = []
        for at, (sku, node) in enumerate(places):
            product, column = products.get(sku), index.get(node)
            if product is None or column is None:
                continue
            if product.parts:
                units[at] = int(self.by_node(product)[column])
            elif self._serves(product)[column]:
                plain.append(at)
                rows.append(stock.sku_place[sku])
                columns.append(column)
            else:
                units[at] = 0
        free = stock.free_at(rows, columns, self._channel, self._method)
        for at, column, there in zip(plain, columns, free, strict=True):
            units[at] = there if self._slice is None else self._slice.at(column, there)
        return units

    def in_network(self, products: Iterable[Product]) -> list[int]:
        """Return the units of each product in all nodes together."""
        return [int(self.by_node(product).sum()) for product in products]

    def may_serve(self, product: Product) -> Marks:
        """Return the nodes [N] that rules let serve the channel with such a product."""
        return np.array(self._serves(product), np.bool_)

    def _serves(self, product: Product) -> list[bool]:
        known = self._known
        kind = (product.category, needs_of(known.world, product.sku))
        serves = self._nodes.get(kind)
        if serves is None:
            allowed = allowed_nodes(
                known.world, known.policy, self._channel, self._method, {product.category}
            )
            fit = fit_for(known.world, product.sku)
            serves = self._nodes[kind] = (allowed & fit & self._open).tolist()
        return serves


def with_their_kits(world: World, skus: Iterable[Sku]) -> list[Sku]:
    """Return these SKUs and the kits that contain one of them, in rising order."""
    kits = _kits_by_part(world)
    changed = set(skus)
    return sorted(changed.union(*(kits.get(sku, ()) for sku in changed)))


@lru_cache(maxsize=2)
def _kits_by_part(world: World) -> Mapping[Sku, Sequence[Sku]]:
    kits: dict[Sku, list[Sku]] = {}
    for product in world.products.values():
        for part in product.parts:
            kits.setdefault(part.sku, []).append(product.sku)
    return kits
