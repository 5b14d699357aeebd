"""The retailer's Tuesday morning, really placed: something to look at on the live page."""

from datetime import UTC, datetime, timedelta
from functools import cache
from random import Random

from oneshelf.base.clock import set_clock
from oneshelf.catalog.actions import (
    put_brands,
    put_channels,
    put_nodes,
    put_products,
    put_services,
)
from oneshelf.catalog.brands import Brand
from oneshelf.catalog.carriage.actions import put_carriers
from oneshelf.catalog.carriers import Carrier
from oneshelf.orders.canonical import DeliveryPlace, NewOrder, OrderLine
from oneshelf.simulation.retailer.script import week
from oneshelf.simulation.retailer.selling import BRAND_NAMES, CURRENCY
from shop import Shop

ORDERS_MAX = 150
NOW = datetime(2010, 12, 7, 10, 42, tzinfo=UTC)


@cache
def retailer():
    return week(1)


@cache
def assortment():
    """Return the products of the orders that tests place, and one kit with its parts."""
    wanted = {line.sku for order in tuesday()[:ORDERS_MAX] for line in order.lines}
    kits = [p for p in retailer().products if p.parts and p.sku in wanted | {"KIT-CAKE-PARTY"}]
    wanted |= {"22469", *(kit.sku for kit in kits)}
    wanted |= {part.sku for kit in kits for part in kit.parts}
    return [product for product in retailer().products if product.sku in wanted]


@cache
def tuesday():
    """Return the day's orders; shuffled, so that the first hundred are of every channel."""
    found = [
        basket
        for minute in retailer().minutes
        if minute.at.date() == NOW.date()
        for basket in minute.requests
    ]
    Random(7).shuffle(found)
    return [new_order(basket) for basket in found]


def open_shop(database, speed=60):
    """Write the catalog, the opening stock and the demo's clock; return the shop."""
    world = retailer()
    known = {product.sku for product in assortment()}
    carriers = sorted({service.carrier_id for service in world.services})
    with database.transaction("test", "open") as tx:
        put_brands(tx, [Brand(key, name) for key, name in BRAND_NAMES.items()], NOW)
        put_products(tx, assortment(), NOW)
        put_nodes(tx, world.nodes, NOW)
        put_carriers(tx, [Carrier(carrier, carrier.title()) for carrier in carriers], NOW)
        put_services(tx, world.services, NOW)
        put_channels(tx, world.channels, NOW)
        tx.copy_in(
            "COPY inventory.point (sku, node, available, outside) FROM STDIN",
            ((s.sku, s.node, s.units, -s.units) for s in world.supply.opening if s.sku in known),
        )
        set_clock(tx, NOW, speed)
    return Shop(database, NOW)


def sell_all_morning(shop, orders=120):
    """Place orders, one batch for every few minutes of the morning."""
    batches = [tuesday()[first : first + 12] for first in range(0, orders, 12)]
    for number, batch in enumerate(batches, 1):
        shop.now = NOW - timedelta(minutes=3 * (len(batches) - number))
        shop.place(*batch)
    with shop.database.transaction("test", "carts") as tx:  # some units in carts, some picked
        tx.run(
            "UPDATE inventory.point SET reserved = available / 20, available = available"
            " - available / 20 - available / 16, picked = available / 16"
        )


def new_order(basket):
    return NewOrder(
        channel=basket.channel,
        key=basket.external_id,
        method="carried" if basket.handover == "till" else basket.handover,
        node=basket.store,
        place=home_of(basket) if basket.handover == "ship" else None,
        lines=tuple(
            OrderLine(sku=line.sku, units=line.units, price_minor=line.price_minor)
            for line in basket.lines
        ),
        currency=CURRENCY,
        backorder="accepted",
    )


def home_of(basket):
    home = basket.recipient
    return DeliveryPlace(
        country="GB",
        postcode=home.postcode.split()[0],
        latitude=home.latitude,
        longitude=home.longitude,
    )
