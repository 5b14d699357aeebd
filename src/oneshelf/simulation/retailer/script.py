"""The week, minute by minute: what is asked, taken back and delivered. Pure."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Literal

from oneshelf.catalog.carriers import Service
from oneshelf.catalog.channels import Channel
from oneshelf.catalog.nodes import Node
from oneshelf.catalog.products import Product
from oneshelf.simulation.retailer import last_unit
from oneshelf.simulation.retailer.assortment import products
from oneshelf.simulation.retailer.baskets import Basket, cut, draw_map
from oneshelf.simulation.retailer.cancellations import Cancellation, Cancelled, cancel
from oneshelf.simulation.retailer.carriers import SERVICES
from oneshelf.simulation.retailer.chance import dice
from oneshelf.simulation.retailer.cleaning import Cleaned, clean
from oneshelf.simulation.retailer.packaged import invoice_lines, outcodes
from oneshelf.simulation.retailer.places import nodes
from oneshelf.simulation.retailer.selling import CHANNELS
from oneshelf.simulation.retailer.stock import Supply, Truck, supply

OPENS_AT = datetime(2010, 12, 5, tzinfo=UTC)  # midnight in London too, in winter
CLOSES_AT = datetime(2010, 12, 12, tzinfo=UTC)
Step = Literal["minute", "round"]  # a minute's requests, or a round of the floor


@dataclass(frozen=True, slots=True)
class Minute:
    """What happens within a minute, in this order: trucks come, requests, cancellations."""

    at: datetime
    trucks: tuple[Truck, ...]
    requests: tuple[Basket, ...]
    cancellations: tuple[Cancellation, ...]


@dataclass(frozen=True, slots=True)
class Week:
    """The retailer and its week. Only minutes in which something happens, in order.

    Load first: products, nodes, services, channels; then supply.opening; then announce every truck
    of supply.trucks for its expected_at. cleaned and cancelled say what the excerpt held.
    """

    seed: int
    products: tuple[Product, ...]
    nodes: tuple[Node, ...]
    services: tuple[Service, ...]
    channels: tuple[Channel, ...]
    supply: Supply
    minutes: tuple[Minute, ...]
    moment: last_unit.Moment
    cleaned: Cleaned
    cancelled: Cancelled

    def digest(self) -> str:
        """Return a fingerprint of all that the seed decides."""
        return sha256(repr((self.products, self.supply, self.minutes)).encode()).hexdigest()


def week(seed: int) -> Week:
    """Make the world and its week; the same seed makes the same."""
    cleaned = clean(invoice_lines())
    codes = outcodes()
    places = nodes(codes)
    assortment = products(cleaned, seed)
    by_sku = {product.sku: product for product in assortment}
    returners = {line.customer for line in cleaned.cancellations}
    baskets = cut(cleaned.sales, returners, draw_map(codes, places), seed)
    cancelled = cancel(cleaned.cancellations, baskets)
    stock = last_unit.leave_one(supply(baskets, assortment, places, seed))
    scripted = last_unit.requests(by_sku, codes, seed)
    return Week(
        seed=seed,
        products=assortment,
        nodes=places,
        services=SERVICES,
        channels=CHANNELS,
        supply=stock,
        minutes=_minutes((*baskets, *scripted), cancelled.cancellations, stock.trucks, seed),
        moment=last_unit.moment(by_sku),
        cleaned=cleaned,
        cancelled=cancelled,
    )


def server_of(seed: int, servers: int, step: Step, at: datetime) -> int:
    """Return which of several servers a step is sent to, by the seed: 0 to servers - 1.

    A step goes to one server whole: within it the order of requests is the seed's, and between
    steps every server has seen what the others wrote.
    """
    return dice(seed, "server", step, at.isoformat()).randrange(servers)


def _minutes(
    baskets: Iterable[Basket],
    cancellations: Iterable[Cancellation],
    trucks: Iterable[Truck],
    seed: int,
) -> tuple[Minute, ...]:
    asked: defaultdict[datetime, list[Basket]] = defaultdict(list)
    taken_back: defaultdict[datetime, list[Cancellation]] = defaultdict(list)
    arriving: defaultdict[datetime, list[Truck]] = defaultdict(list)
    for basket in baskets:
        asked[basket.at].append(basket)
    for cancellation in cancellations:
        taken_back[cancellation.at].append(cancellation)
    for truck in trucks:
        arriving[truck.arrives_at].append(truck)
    for at, requests in asked.items():
        dice(seed, "minute", at.isoformat()).shuffle(requests)
    return tuple(
        Minute(at, tuple(arriving[at]), tuple(asked[at]), tuple(taken_back[at]))
        for at in sorted({*asked, *taken_back, *arriving})
    )
