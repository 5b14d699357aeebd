"""The whole catalog as one frozen value, for decisions. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from oneshelf.base.identifiers import BrandId, CarrierId, ChannelId, NodeId, ServiceId, Sku
from oneshelf.catalog.brands import Brand
from oneshelf.catalog.carriers import Carrier, Service
from oneshelf.catalog.channels import Channel
from oneshelf.catalog.nodes import Method, Node
from oneshelf.catalog.products import Product


@dataclass(frozen=True, slots=True)
class Catalog:
    """Everything a promise needs to know besides stock and capacity. Never changed in place."""

    brands: Mapping[BrandId, Brand]
    products: Mapping[Sku, Product]
    nodes: Mapping[NodeId, Node]
    toggles: Mapping[tuple[NodeId, Sku], frozenset[Method]]
    carriers: Mapping[CarrierId, Carrier]
    services: Mapping[ServiceId, Service]
    channels: Mapping[ChannelId, Channel]

    def methods(self, node_id: NodeId, sku: Sku) -> frozenset[Method]:
        """Return what this node does for this SKU."""
        own = self.nodes[node_id].methods
        return own & self.toggles.get((node_id, sku), own)
