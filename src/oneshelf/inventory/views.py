"""What one channel sees by one method: units now, units by date, kits and whole carts. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from oneshelf.base.identifiers import ChannelId, Sku
from oneshelf.catalog.nodes import Method
from oneshelf.catalog.products import KitPart
from oneshelf.inventory.availability import DatedSupply, StockSnapshot


@dataclass(frozen=True, slots=True)
class Portion:
    """Units to be had from an instant on; None is now."""

    due_at: datetime | None
    units: int


def units_to_sell(
    snapshot: StockSnapshot, parts: Sequence[KitPart], channel: ChannelId, method: Method
) -> int:
    """Return how many units of a product the network can sell: whole kits, each from one node."""
    free = snapshot.free([part.sku for part in parts], channel, method)
    return sum(
        whole_kits(parts, {part.sku: int(units) for part, units in zip(parts, node, strict=True)})
        for node in free
    )


def whole_kits(parts: Iterable[KitPart], free: Mapping[Sku, int]) -> int:
    """Return how many kits the free components make: the scarcest one decides."""
    return min(max(0, free.get(part.sku, 0)) // part.units for part in parts)


def cart_lacks(
    cart: Iterable[tuple[Sequence[KitPart], int]], free: Mapping[Sku, int]
) -> dict[Sku, int]:
    """Return the components a cart wants beyond what is free; lines may share components."""
    wanted = Counter[Sku]()
    for parts, units in cart:
        for part in parts:
            wanted[part.sku] += part.units * units
    return {
        sku: units - free.get(sku, 0) for sku, units in wanted.items() if units > free.get(sku, 0)
    }


def break_up(wanted: int, units_now: int, dated: Iterable[DatedSupply]) -> tuple[Portion, ...]:
    """Say when the wanted units of one SKU can be had: now, then by date, as few as needed."""
    portions: dict[datetime | None, int] = {None: min(wanted, max(0, units_now))}
    left = wanted - portions[None]
    for supply in sorted(dated, key=lambda supply: (supply.due_at, supply.receipt_line)):
        units = min(left, supply.units)
        left -= units
        portions[supply.due_at] = portions.get(supply.due_at, 0) + units
    return tuple(Portion(due_at, units) for due_at, units in portions.items() if units)
