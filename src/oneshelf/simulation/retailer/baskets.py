"""Cut wholesalers' invoices into consumer baskets, by the seed. Pure.

The account that pays is real (a number of the data set); the recipient is invented. Each unit of an
invoice is in exactly one basket, alone or as part of a kit.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from random import Random
from typing import Literal

from oneshelf.base.identifiers import ChannelId, NodeId, Sku
from oneshelf.catalog.nodes import Node
from oneshelf.simulation.retailer.assortment import KITS
from oneshelf.simulation.retailer.carriers import HIGHLANDS_AND_ISLANDS
from oneshelf.simulation.retailer.chance import dice
from oneshelf.simulation.retailer.packaged import InvoiceLine, Outcode
from oneshelf.simulation.retailer.places import SHOPS, distance_km
from oneshelf.simulation.retailer.recipients import Recipient, recipient
from oneshelf.simulation.retailer.selling import APP, REMOTE_WEIGHTS, TILL, WEB

Handover = Literal["ship", "pickup", "till"]
LINES_MAX = 6
UNITS_MAX = 12
KIT_SHARE = 0.5  # of the kits that an invoice could be sold as
PICKUP_SHARES: Mapping[ChannelId, float] = {WEB: 0.2, APP: 0.35}
PICKUP_DISTANCE_KM_MAX = 40
OVERSEAS = ("GY", "IM", "JE")  # not the United Kingdom


@dataclass(frozen=True, slots=True)
class BasketLine:
    """Units of one SKU at the price of the invoice, in pence."""

    sku: Sku
    units: int
    price_minor: int


@dataclass(frozen=True, slots=True)
class Basket:
    """One order, or one sale at a till.

    external_id: unique in the whole week: the invoice and a running number.
    customer_ref: the paying account; None at a till.
    store: where it is picked up or sold; None when shipped. recipient: None at a till.
    """

    external_id: str
    channel: ChannelId
    at: datetime
    customer_ref: str | None
    handover: Handover
    store: NodeId | None
    recipient: Recipient | None
    lines: tuple[BasketLine, ...]


@dataclass(frozen=True, slots=True)
class Map:
    """Where recipients live, and the store that each of them would go to."""

    outcodes: tuple[Outcode, ...]
    store_near: Mapping[str, NodeId]


def draw_map(outcodes: Iterable[Outcode], nodes: Iterable[Node]) -> Map:
    """Find the nearest store of every outcode, where there is one near enough."""
    stores = [node for node in nodes if node.kind == "store"]
    homes = tuple(outcode for outcode in outcodes if not outcode.code.startswith(OVERSEAS))
    near: dict[str, NodeId] = {}
    for home in homes:
        if home.code.startswith(HIGHLANDS_AND_ISLANDS):
            continue
        km, store = min((distance_km(home, store), store.node_id) for store in stores)
        if km <= PICKUP_DISTANCE_KM_MAX:
            near[home.code] = store
    return Map(homes, near)


def cut(
    sales: Sequence[InvoiceLine], returners: Collection[str], places: Map, seed: int
) -> tuple[Basket, ...]:
    """Return every basket, in the order of invoices.

    returners: accounts that cancel something in the week; they buy no kits, so that each of their
    cancellations finds the code that it names.
    """
    by_invoice = sorted(sales, key=attrgetter("invoice"))
    return tuple(
        basket
        for invoice, lines in groupby(by_invoice, key=attrgetter("invoice"))
        for basket in _cut_invoice(invoice, tuple(lines), returners, places, seed)
    )


def _cut_invoice(
    invoice: str, lines: Sequence[InvoiceLine], returners: Collection[str], places: Map, seed: int
) -> Iterator[Basket]:
    chance = dice(seed, "cut", invoice)
    wanted = [BasketLine(line.sku, line.units, line.price_minor) for line in lines]
    first = lines[0]
    if first.customer and first.customer not in returners:
        wanted = _sell_kits(wanted, chance)
    for number, chosen in enumerate(_chunks(wanted, chance), start=1):
        yield _basket(f"{invoice}-{number:03}", first, chosen, places, seed)


def _sell_kits(lines: Iterable[BasketLine], chance: Random) -> list[BasketLine]:
    """Replace parts that the invoice holds by kits, a share of those that are possible.

    Takes the first line of each part only; a kit costs what its parts cost in the invoice.
    """
    left = list(lines)
    for kit, (_, parts) in KITS.items():
        place = {part.sku: _first(left, part.sku) for part in parts}
        found = {sku: at for sku, at in place.items() if at is not None}
        if len(found) < len(parts):
            continue
        possible = min(left[found[part.sku]].units // part.units for part in parts)
        sold = sum(chance.random() < KIT_SHARE for _ in range(possible))
        if not sold:
            continue
        price = sum(left[found[part.sku]].price_minor * part.units for part in parts)
        for part in parts:
            line = left[found[part.sku]]
            units = line.units - sold * part.units
            left[found[part.sku]] = BasketLine(line.sku, units, line.price_minor)
        left = [line for line in left if line.units] + [BasketLine(kit, sold, price)]
    return left


def _first(lines: Sequence[BasketLine], sku: Sku) -> int | None:
    return next((place for place, line in enumerate(lines) if line.sku == sku), None)


def _chunks(lines: Iterable[BasketLine], chance: Random) -> Iterator[tuple[BasketLine, ...]]:
    """Cut lines into baskets of 1 to 6 lines of at most 12 units, no SKU twice in one."""
    rounds: defaultdict[int, list[BasketLine]] = defaultdict(list)
    seen: defaultdict[Sku, int] = defaultdict(int)
    for line in lines:
        for taken in range(0, line.units, UNITS_MAX):
            units = min(UNITS_MAX, line.units - taken)
            rounds[seen[line.sku]].append(BasketLine(line.sku, units, line.price_minor))
            seen[line.sku] += 1
    for pieces in rounds.values():
        chance.shuffle(pieces)
        while pieces:
            size = chance.randint(1, LINES_MAX)
            yield tuple(pieces[:size])
            del pieces[:size]


def _basket(
    external_id: str,
    first: InvoiceLine,
    lines: tuple[BasketLine, ...],
    places: Map,
    seed: int,
) -> Basket:
    chance = dice(seed, "basket", external_id)
    if not first.customer:
        [shop] = chance.choices(SHOPS, [shop.weight for shop in SHOPS])
        return Basket(external_id, TILL, first.at, None, "till", shop.node_id, None, lines)
    [channel] = chance.choices(tuple(REMOTE_WEIGHTS), tuple(REMOTE_WEIGHTS.values()))
    home = chance.choice(places.outcodes)
    fetches = chance.random() < PICKUP_SHARES.get(channel, 0)
    store = places.store_near.get(home.code) if fetches else None
    return Basket(
        external_id=external_id,
        channel=channel,
        at=first.at,
        customer_ref=first.customer,
        handover="pickup" if store else "ship",
        store=store,
        recipient=recipient(external_id, home, chance),
        lines=lines,
    )
