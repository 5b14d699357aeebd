"""What stands on the shelves when the week opens, and what trucks bring, by the seed. Pure.

The world knows its demand: most SKUs have more than the week asks for, a few have less, so that
the fill rate is good but not perfect. Till sales and pickups are stocked in their store, the rest
in the warehouses; stores also hold a few units of what sells best.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from math import ceil
from random import Random

from oneshelf.base.identifiers import NodeId, Sku
from oneshelf.catalog.nodes import Node
from oneshelf.catalog.products import KitPart, Product
from oneshelf.simulation.retailer.accidents import truck_late_minutes
from oneshelf.simulation.retailer.baskets import Basket
from oneshelf.simulation.retailer.chance import dice
from oneshelf.simulation.retailer.packaged import LONDON

SCARCE_SHARE = 0.06  # of the SKUs
SCARCE_COVER = (0.3, 0.85)  # units that exist for each unit wanted
COVER = (1.1, 1.6)
STORE_GAP_SHARE = 0.02  # of the shelves that a store should have filled, but only half did
POPULAR_UNITS = 60  # wanted in the week: such a SKU stands in every store
STORE_EXTRA_UNITS_MAX = 3
UNWANTED_UNITS = (2, 12)
FIRST_WAREHOUSE_SHARES = (0.45, 0.75)
INBOUND_SHARE = 0.35  # of the SKUs with at least so many units in a warehouse:
INBOUND_UNITS_MIN = 12
INBOUND_SHARES = (0.2, 0.6)  # of that warehouse's units
TRUCK_DAYS = tuple(date(2010, 12, day) for day in range(6, 11))
TRUCK_TIMES = (time(8), time(13))
SUPPLIERS = ("Acorn Imports", "Brindle Trading", "Copperfield Wares", "Dovetail Supply")


@dataclass(frozen=True, slots=True, order=True)
class Shelf:
    """Units of one SKU at one node, at least 1."""

    node: NodeId
    sku: Sku
    units: int


@dataclass(frozen=True, slots=True, order=True)
class TruckLine:
    """Units of one SKU on a truck, at least 1."""

    sku: Sku
    units: int


@dataclass(frozen=True, slots=True)
class Truck:
    """One inbound receipt. The warehouse was told expected_at; it comes at arrives_at."""

    reference: str
    supplier: str
    node: NodeId
    expected_at: datetime
    arrives_at: datetime
    lines: tuple[TruckLine, ...]


@dataclass(frozen=True, slots=True)
class Supply:
    """All units of the week: on shelves at its start, and on trucks."""

    opening: tuple[Shelf, ...]
    trucks: tuple[Truck, ...]


@dataclass(slots=True)
class _Wanted:
    """Units of one SKU that the week asks for: in each store, and from anywhere."""

    tills: Counter[NodeId] = field(default_factory=Counter)
    pickups: Counter[NodeId] = field(default_factory=Counter)
    shipped: int = 0

    def units(self) -> int:
        """Return all of them."""
        return self.tills.total() + self.pickups.total() + self.shipped


def supply(
    baskets: Iterable[Basket], products: Iterable[Product], nodes: Sequence[Node], seed: int
) -> Supply:
    """Size the stock for these baskets."""
    singles = [product for product in products if not product.parts]
    kits = {product.sku: product for product in products if product.parts}
    wanted = _wanted(baskets, kits)
    stores = [node.node_id for node in nodes if node.kind == "store"]
    warehouses = [node.node_id for node in nodes if node.kind == "warehouse"]
    opening: list[Shelf] = []
    loads: defaultdict[str, list[TruckLine]] = defaultdict(list)
    due = _timetable(warehouses)
    for product in singles:
        sku = product.sku
        chance = dice(seed, "stock", sku)
        want = wanted.get(sku, _Wanted())
        in_stores, in_warehouses = _size(want, stores, chance)
        opening += [Shelf(node, sku, units) for node, units in in_stores.items() if units]
        first = round(in_warehouses * chance.uniform(*FIRST_WAREHOUSE_SHARES))
        for node, units in zip(warehouses, (first, in_warehouses - first), strict=True):
            inbound = 0
            if units >= INBOUND_UNITS_MIN and chance.random() < INBOUND_SHARE:
                inbound = round(units * chance.uniform(*INBOUND_SHARES))
            if inbound:
                reference = chance.choice([r for r, (where, _) in due.items() if where == node])
                loads[reference].append(TruckLine(sku, inbound))
            if units > inbound:
                opening.append(Shelf(node, sku, units - inbound))
    trucks = tuple(
        _truck(reference, node, expected_at, loads[reference], seed)
        for reference, (node, expected_at) in due.items()
        if loads[reference]
    )
    return Supply(tuple(sorted(opening)), trucks)


def _wanted(baskets: Iterable[Basket], kits: Mapping[Sku, Product]) -> dict[Sku, _Wanted]:
    wanted: defaultdict[Sku, _Wanted] = defaultdict(_Wanted)
    for basket in baskets:
        for line in basket.lines:
            kit = kits.get(line.sku)
            for part in kit.parts if kit else (KitPart(line.sku, 1),):
                want, units = wanted[part.sku], line.units * part.units
                if basket.store is None:
                    want.shipped += units
                else:
                    here = want.tills if basket.handover == "till" else want.pickups
                    here[basket.store] += units
    return wanted


def _size(want: _Wanted, stores: Sequence[NodeId], chance: Random) -> tuple[Counter[NodeId], int]:
    """Return the units of each store, and of the warehouses together. Scarcity spares the tills."""
    total = want.units()
    if not total:
        return Counter(), chance.randint(*UNWANTED_UNITS)
    scarce = chance.random() < SCARCE_SHARE
    cover = chance.uniform(*(SCARCE_COVER if scarce else COVER))
    in_stores: Counter[NodeId] = Counter()
    for store in stores:
        units = want.tills[store] + int(want.pickups[store] * min(cover, 1))
        if chance.random() < STORE_GAP_SHARE:
            units //= 2
        if total >= POPULAR_UNITS and not scarce:
            units += chance.randint(0, STORE_EXTRA_UNITS_MAX)
        in_stores[store] = units
    if scarce:
        return in_stores, max(0, int(total * cover) - in_stores.total())
    return in_stores, ceil(want.shipped * cover)


def _timetable(warehouses: Iterable[NodeId]) -> dict[str, tuple[NodeId, datetime]]:
    return {
        f"ASN-{node}-{day:%m%d}-{at:%H}".upper(): (node, datetime.combine(day, at, LONDON))
        for node in warehouses
        for day in TRUCK_DAYS
        for at in TRUCK_TIMES
    }


def _truck(
    reference: str, node: NodeId, expected: datetime, lines: Iterable[TruckLine], seed: int
) -> Truck:
    expected_at = expected.astimezone(UTC)
    late = timedelta(minutes=truck_late_minutes(seed, reference))
    return Truck(
        reference=reference,
        supplier=dice(seed, "supplier", reference).choice(SUPPLIERS),
        node=node,
        expected_at=expected_at,
        arrives_at=expected_at + late,
        lines=tuple(sorted(lines)),
    )
