"""Open the shop that is tortured: its catalog, its stock, its clock, a key for everybody."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import islice

from oneshelf.base.clock import set_clock
from oneshelf.base.database import Database
from oneshelf.base.identifiers import new_id
from oneshelf.catalog.access.actions import IssuedKey, issue_key
from oneshelf.catalog.actions import (
    put_brands,
    put_channels,
    put_nodes,
    put_products,
    put_services,
)
from oneshelf.catalog.carriage.actions import put_carriers
from oneshelf.inventory.counting.actions import adjust
from oneshelf.inventory.counting.saying import Adjusted
from oneshelf.inventory.ledger import StockPoint
from oneshelf.simulation.network import BRAND
from oneshelf.simulation.torture.world import World

MONDAY = datetime(2026, 1, 5, 9, tzinfo=UTC)
BY = "torture"
SHELVES_PER_COMMIT = 5_000


def open_world(database: Database, world: World, speed: float) -> IssuedKey:
    """Write the world and let the clock run; return a key that opens every door."""
    network = world.network
    with database.transaction(BY, "opening") as tx:
        set_clock(tx, MONDAY, speed)
        put_brands(tx, [BRAND], MONDAY)
        put_carriers(tx, network.carriers, MONDAY)
        put_products(tx, network.products, MONDAY)
        put_nodes(tx, network.nodes, MONDAY)
        put_services(tx, network.services, MONDAY)
        put_channels(tx, network.channels, MONDAY)
    left = iter(world.shelves)
    while part := list(islice(left, SHELVES_PER_COMMIT)):
        rows: Sequence[Adjusted] = [
            Adjusted(new_id(), StockPoint(one.sku, one.node), one.units, "opening") for one in part
        ]
        with database.transaction(BY, "opening") as tx:
            adjust(tx, rows, MONDAY)
    with database.transaction(BY, "key") as tx:
        return issue_key(tx, "torture", ["admin"], None, MONDAY)
