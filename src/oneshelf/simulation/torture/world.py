"""The shop that is tortured: a drawn network with kits, small nodes and too few units. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random

from oneshelf.base.identifiers import NodeId, Sku
from oneshelf.catalog.nodes import Node
from oneshelf.catalog.products import KitPart, Product
from oneshelf.simulation.network import Network, draw_network
from oneshelf.simulation.torture.focus import Focus

KITS_PER_SKUS = 10
SMALL_NODE_EVERY = 5
PARCELS_OF_A_SMALL_NODE = 30


@dataclass(frozen=True, slots=True)
class Shelf:
    """Units of one SKU at one node when the run begins."""

    sku: Sku
    node: NodeId
    units: int


@dataclass(frozen=True, slots=True)
class World:
    """Everything that can be named, and what stands where. hot: what everybody wants."""

    network: Network
    shelves: tuple[Shelf, ...]
    hot: tuple[Sku, ...]
    cold: tuple[Sku, ...]
    kits: tuple[Product, ...]

    def nodes(self) -> tuple[NodeId, ...]:
        """Return the nodes' names."""
        return tuple(node.node_id for node in self.network.nodes)

    def stores(self) -> tuple[NodeId, ...]:
        """Return where tills stand; a world of one node has its till there."""
        stores = tuple(node.node_id for node in self.network.nodes if node.kind == "store")
        return stores or self.nodes()

    def parts(self) -> dict[Sku, tuple[KitPart, ...]]:
        """Return what one unit of each SKU takes from shelves."""
        return {product.sku: product.components() for product in self.network.products}


def draw_world(seed: int, focus: Focus) -> World:
    """Draw the shop."""
    drawn = draw_network(seed, focus.nodes, focus.skus)
    skus = [product.sku for product in drawn.products]
    hot, cold = skus[: focus.hot], skus[focus.hot :]
    chance = Random(f"{seed}/kits")
    kits = tuple(
        _kit(number, drawn.products, chance) for number in range(focus.skus // KITS_PER_SKUS)
    )
    network = replace(
        drawn,
        nodes=tuple(_limited(number, node) for number, node in enumerate(drawn.nodes)),
        products=(*drawn.products, *kits),
    )
    shelves = tuple(_shelves(seed, focus, network.nodes, skus))
    return World(network, shelves, tuple(hot), tuple(cold), kits)


def _limited(number: int, node: Node) -> Node:
    small = number % SMALL_NODE_EVERY == SMALL_NODE_EVERY - 1
    return replace(node, parcels_per_day_max=PARCELS_OF_A_SMALL_NODE if small else None)


def _kit(number: int, products: tuple[Product, ...], chance: Random) -> Product:
    parts = sorted(chance.sample([product.sku for product in products], 2))
    return replace(
        products[0],
        sku=Sku(f"kit-{number:02}"),
        name=f"Kit {number}",
        parts=tuple(KitPart(sku, chance.choice((1, 1, 2))) for sku in parts),
    )


def _shelves(seed: int, focus: Focus, nodes: tuple[Node, ...], skus: list[Sku]) -> Iterator[Shelf]:
    chance = Random(f"{seed}/shelves")
    for number, sku in enumerate(skus):
        units = focus.units_hot if number < focus.hot else focus.units_cold
        for node in nodes:
            there = chance.randint(0, 2 * units // len(nodes)) if len(nodes) > 1 else units
            if there:
                yield Shelf(sku, node.node_id, there)
