"""A day of the retailer written by plain inserts, for looking at the live page."""

import zlib
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import cache
from random import Random

from oneshelf.base.clock import set_clock
from oneshelf.base.identifiers import new_id
from oneshelf.base.outbox import announce
from oneshelf.catalog.actions import put_brands, put_channels, put_nodes, put_products
from oneshelf.catalog.brands import Brand
from oneshelf.orders.facts import OrderPlaced
from oneshelf.simulation.retailer.script import week
from oneshelf.simulation.retailer.selling import BRAND_NAMES

NOW = datetime(2010, 12, 7, 10, 42, tzinfo=UTC)


@cache
def retailer():
    return week(1)


def open_shop(tx, speed=60):
    """Write the catalog, the opening stock and the demo's clock."""
    world = retailer()
    put_brands(tx, [Brand(key, name) for key, name in BRAND_NAMES.items()], NOW)
    put_products(tx, world.products, NOW)
    put_nodes(tx, world.nodes, NOW)
    put_channels(tx, world.channels, NOW)
    tx.copy_in(
        "COPY inventory.point (sku, node, available, outside) FROM STDIN",
        ((s.sku, s.node, s.units, -s.units) for s in world.supply.opening),
    )
    set_clock(tx, NOW, speed)


def baskets(seed=0):
    """Return the morning's baskets in a seeded order."""
    found = [
        basket
        for minute in retailer().minutes
        if minute.at.date() == NOW.date() and minute.at < NOW
        for basket in minute.requests
    ]
    Random(seed).shuffle(found)
    return found


def place(tx, basket, number, at):
    """Write one order with a plausible plan: the nearest places that have its units."""
    chance = Random(zlib.crc32(basket.external_id.encode()))
    lines = [(tx.scalars("SELECT nextval('orders.line_number')")[0], ln) for ln in basket.lines]
    method = {"ship": "ship", "pickup": "pickup"}.get(basket.handover, "carried")
    goods = sum(line.units * line.price_minor for _, line in lines)
    home = basket.recipient
    nodes = choose_nodes(chance, basket, len(lines))
    status = "handed_over" if method == "carried" else "sourced"
    fate = chance.random()
    if method == "ship" and fate < 0.04:
        status = "backordered"
    elif method == "ship" and fate < 0.05 and basket.channel == "marketplace":
        status = "unsourced"
    promised = at.date() + timedelta(days=1 + (chance.random() < 0.3))
    if status == "unsourced":
        promised = None
    elif method == "carried":
        promised = at.date()
    tx.run(
        """
        INSERT INTO orders.sales_order (
            order_id, public_id, channel, key, standing, method, node, country, postcode, latitude,
            longitude, preference, splitting, backorder, currency, goods_minor, discount_minor,
            tax_minor, shipping_minor, total_minor, placed_at, promised_on, grace_until)
        VALUES (%(number)s, %(public)s, %(channel)s, %(key)s, 'ask', %(method)s, %(node)s, 'GB',
                %(postcode)s, %(latitude)s, %(longitude)s, 'cheapest', 'allowed', 'accepted', 'GBP',
                %(goods)s, 0, 0, 0, %(goods)s, %(at)s, %(promised)s, %(at)s)
        """,
        number=number,
        public=new_id(),
        channel=basket.channel,
        key=basket.external_id,
        method=method,
        node=basket.store,
        postcode=home.postcode.split()[0] if home else None,
        latitude=home.latitude if home else None,
        longitude=home.longitude if home else None,
        goods=goods,
        at=at,
        promised=promised,
    )
    for place_no, (line_id, line) in enumerate(lines, 1):
        tx.run(
            "INSERT INTO orders.line VALUES (%(id)s, %(order)s, %(no)s, %(sku)s, %(units)s,"
            " %(price)s, 0, 0)",
            id=line_id,
            order=number,
            no=place_no,
            sku=line.sku,
            units=line.units,
            price=line.price_minor,
        )
    parcels = []
    if status in {"sourced", "handed_over"}:
        for node in nodes:
            parcel = tx.scalars("SELECT nextval('orders.parcel_number')")[0]
            tx.run(
                "INSERT INTO orders.parcel VALUES (%(id)s, %(order)s, %(node)s, %(service)s, %(at)s,"
                " NULL, %(on)s, NULL, 0, %(cost)s)",
                id=parcel,
                order=number,
                node=node,
                service="standard" if method == "ship" else None,
                at=at,
                on=promised,
                cost=chance.randint(290, 620) if method == "ship" else 0,
            )
            parcels.append((parcel, node))
    for place_no, (line_id, line) in enumerate(lines):
        parcel, node = parcels[place_no % len(parcels)] if parcels else (None, None)
        tx.run(
            "INSERT INTO orders.quantity (order_id, line_id, units, was, status, parcel_id,"
            " changed_at) VALUES (%(order)s, %(line)s, %(units)s, 'new', %(status)s, %(parcel)s,"
            " %(at)s)",
            order=number,
            line=line_id,
            units=line.units,
            status=status,
            parcel=parcel,
            at=at,
        )
        sell(tx, node, line, "outside" if method == "carried" else "committed")
    announce(
        tx,
        [
            OrderPlaced(
                order_id=number,
                channel=basket.channel,
                method=method,
                lines=len(lines),
                units=sum(line.units for _, line in lines),
                total_minor=goods,
                currency="GBP",
                nodes=tuple(node for _, node in parcels),
                postcode=home.postcode.split()[0] if home else "",
                latitude=home.latitude if home else None,
                longitude=home.longitude if home else None,
                promised_on=promised,
            )
        ],
        at,
    )


def sell(tx, node, line, state):
    """Move as many units as stand there."""
    tx.run(
        f"UPDATE inventory.point SET available = available - least(available, %(units)s),"
        f" {state} = {state} + least(available, %(units)s), version = version + 1"
        " WHERE sku = %(sku)s AND node = %(node)s",
        sku=line.sku,
        node=node,
        units=line.units,
    )


def choose_nodes(chance, basket, lines):
    if basket.store:
        return [basket.store]
    home = basket.recipient
    nearest = sorted(
        retailer().nodes,
        key=lambda node: (
            (node.latitude - home.latitude) ** 2
            + (0.6 * (node.longitude - home.longitude)) ** 2
            - (1.2 if node.kind == "warehouse" else 0)
        ),
    )
    first = nearest[0] if chance.random() < 0.7 else nearest[1]
    if lines > 2 and chance.random() < 0.15:
        return [first.node_id, nearest[2].node_id]
    return [first.node_id]


def spread(tx):
    """Put some of the best seller into carts and totes."""
    for state, share in (("reserved", 0.05), ("picked", 0.06)):
        tx.run(
            f"UPDATE inventory.point SET available = available - (available * %(share)s)::int,"
            f" {state} = {state} + (available * %(share)s)::int",
            share=share,
        )


def live_through_the_morning(tx, orders=120):
    """Place many orders, the last ones within the last minutes."""
    open_shop(tx)
    chosen = baskets()[:orders]
    for number, basket in enumerate(chosen):
        at = NOW - timedelta(minutes=(orders - number) / 3)
        place(tx, basket, 10_001 + number, at)
    spread(tx)
    return Counter(basket.channel for basket in chosen)
