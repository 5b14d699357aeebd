"""Orders as placing leaves them, with their units committed: for tests of what comes after."""

from datetime import date, timedelta

from oneshelf.base.identifiers import BrandId, LineId, NodeId, OrderId, ParcelId, Sku, new_id
from oneshelf.catalog.actions import put_brands, put_nodes, put_products
from oneshelf.catalog.brands import Brand
from oneshelf.inventory.ledger import Movement, StockPoint, Take
from oneshelf.inventory.shelf.actions import commit_units, lock_points, move
from oneshelf.orders.lifecycle import order_status
from oneshelf.orders.progress.actions import read_orders
from shop import node as place
from shop import product

BERLIN = NodeId("berlin")
LAMP = Sku("LAMP")
RUG = Sku("RUG")


def stock(tx, now, sku=LAMP, node=BERLIN, units=10):
    """Put units on a shelf, of goods and at a place that stand in the catalog."""
    put_brands(tx, [Brand(BrandId("house"), "House")], now)
    put_products(tx, [product(sku)], now)
    put_nodes(tx, [place(node)], now)
    point = StockPoint(sku, node)
    [balance] = lock_points(tx, [point], now).values()
    move(tx, [Movement(balance.point_id, "outside", "available", units, "counted")], now)
    return balance.point_id


def make_order(tx, now, lines, **chosen):
    """Write an order. lines: (sku, units, status, node) each; a node gives a parcel and units."""
    order_id = OrderId(tx.scalars("SELECT nextval('orders.order_number')")[0])
    columns = {
        "order_id": order_id,
        "public_id": new_id(),
        "key": str(order_id),
        "method": "ship",
        "splitting": "allowed",
        "node": None,
        "grace_until": now,
        "placed_at": now,
        "status": order_status({status: units for _, units, status, _ in lines}),
    } | chosen
    tx.run(
        """
        INSERT INTO orders.sales_order
               (order_id, public_id, channel, key, standing, method, node, country, postcode,
                latitude, longitude, preference, splitting, backorder, currency, goods_minor,
                discount_minor, tax_minor, shipping_minor, total_minor, placed_at, grace_until,
                status)
        VALUES (%(order_id)s, %(public_id)s, 'shop', %(key)s, 'ask', %(method)s, %(node)s, 'DE',
                '101', 52.5, 13.4, 'cheapest', %(splitting)s, 'refused', 'EUR', 0, 0, 0, 0, 0,
                %(placed_at)s, %(grace_until)s, %(status)s)
        """,
        **columns,
    )
    parcels = {}
    takes = []
    for number, (sku, units, status, node) in enumerate(lines, 1):
        line_id = LineId(tx.scalars("SELECT nextval('orders.line_number')")[0])
        tx.run(
            """
            INSERT INTO orders.line
            VALUES (%(line)s, %(order)s, %(no)s, %(sku)s, %(units)s, 0, 0, 0)
            """,
            line=line_id,
            order=order_id,
            no=number,
            sku=sku,
            units=units,
        )
        if node is not None and node not in parcels:
            parcels[node] = make_parcel(tx, order_id, node, now, chosen.get("method", "ship"))
        tx.run(
            """
            INSERT INTO orders.quantity
                   (order_id, line_id, units, was, status, parcel_id, changed_at)
            VALUES (%(order)s, %(line)s, %(units)s, 'new', %(status)s, %(parcel)s, %(now)s)
            """,
            order=order_id,
            line=line_id,
            units=units,
            status=status,
            parcel=parcels.get(node),
            now=now,
        )
        if status == "sourced":
            [balance] = lock_points(tx, [StockPoint(sku, node)], now).values()
            takes.append(Take(line_id, order_id, balance.point_id, units))
    commit_units(tx, takes, now)
    return order_id


def make_parcel(tx, order_id, node, now, method="ship"):
    parcel_id = ParcelId(tx.scalars("SELECT nextval('orders.parcel_number')")[0])
    tx.run(
        """
        INSERT INTO orders.parcel (parcel_id, order_id, node, service, ready_at, arrives_on,
                                   cost_millis, cost_minor)
        VALUES (%(parcel)s, %(order)s, %(node)s, %(service)s, %(ready)s, %(arrives)s, 0, 0)
        """,
        parcel=parcel_id,
        order=order_id,
        node=node,
        service="post" if method == "ship" else None,
        ready=now + timedelta(hours=2),
        arrives=date(2026, 1, 8),
    )
    return parcel_id


def standing(tx, order_id):
    """Return the units of each line number by status."""
    order = read_orders(tx, [order_id])[order_id]
    found = {}
    for quantity in order.quantities:
        place = (order.lines[quantity.line_id].line_no, quantity.status)
        found[place] = found.get(place, 0) + quantity.units
    return found


def facts(tx):
    """Return the names of all facts about orders, in their order."""
    return tx.scalars("SELECT name FROM base.fact WHERE subject LIKE 'order:%%' ORDER BY fact_id")
