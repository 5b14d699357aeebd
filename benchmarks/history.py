"""Years of orders in minutes: what really happened to a sample is written down so many times more.

Every copy has orders, lines, parcels, contacts and keys of its own, and comes later than the one
before. Its units come in again in the same copy, so points stay as they are and the audit holds.
The sample must have left whole. A copied fact keeps the shard of its original; the worker's cursors
are set behind all of them.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from random import Random
from typing import LiteralString

import psycopg
from psycopg.sql import SQL, Identifier

from chain import Chain, draw_orders
from oneshelf.base.clock import set_clock
from oneshelf.base.database import Database
from oneshelf.outbound.shipping.actions import Delivery, deliver
from oneshelf.simulation.network import Network
from worlds import MONDAY, Shelf, open_network

FIRST = MONDAY - timedelta(days=400)
COPIES_A_COMMIT = 20
DECISIONS_KEPT = timedelta(days=90)

GREW: dict[str, LiteralString] = {  # what only grows: so many rows an order, whatever its status
    "inventory.movement": """
        INSERT INTO inventory.movement (point_id, source, target, units, reason, subject, transfer,
                                        by, because, moved_at)
        SELECT point_id, source, target, units, reason, subject, transfer, by, because, moved_at
          FROM (SELECT copy, movement_id, point_id, source, target, units, reason,
                       'line:' || substr(subject, 6)::bigint + copy * lines AS subject, transfer,
                       by, because, moved_at + copy * gap AS moved_at
                  FROM movement, copied
                 WHERE subject <> ''
                 UNION ALL
                SELECT copy, 0, point_id, 'outside', 'available', sum(units), 'counted', '', '',
                       'benchmark', 'history', min(moved_at) + copy * gap
                  FROM movement, copied
                 WHERE reason = 'shipped'
                 GROUP BY copy, gap, point_id) AS moved
         ORDER BY copy, movement_id
    """,
    "base.fact": """
        INSERT INTO base.fact (name, subject, shard, body, by, because, happened_at)
        SELECT name,
               CASE WHEN body ? 'order_id'
                    THEN 'order:' || (body ->> 'order_id')::bigint + copy * orders
                    ELSE subject END,
               shard,
               CASE WHEN body ? 'parcel_id' THEN body || jsonb_build_object(
                         'order_id', (body ->> 'order_id')::bigint + copy * orders,
                         'parcel_id', (body ->> 'parcel_id')::bigint + copy * parcels)
                    WHEN body ? 'order_id' THEN body || jsonb_build_object(
                         'order_id', (body ->> 'order_id')::bigint + copy * orders)
                    ELSE body END,
               by, because, happened_at + copy * gap
          FROM fact, copied
         WHERE fact_id >= first_fact
         ORDER BY copy, fact_id
    """,
    "orders.progress": """
        INSERT INTO orders.progress (order_id, line_id, units, was, status, parcel_id, reason, by,
                                     because, changed_at)
        SELECT order_id + copy * orders, line_id + copy * lines, units, was, status,
               parcel_id + copy * parcels, reason, by, because, changed_at + copy * gap
          FROM progress, copied
         ORDER BY copy, progress_id
    """,
}
ORDERS: dict[str, LiteralString] = {
    "base.repeat_key": """
        INSERT INTO base.repeat_key
        SELECT channel, key || '-' || copy, body_hash, answer
          FROM repeat_key, copied
    """,
    "orders.sales_order": """
        INSERT INTO orders.sales_order
               (order_id, public_id, channel, key, customer, standing, method, node, country,
                postcode, latitude, longitude, wanted_by, preference, splitting, backorder,
                currency, goods_minor, discount_minor, tax_minor, shipping_minor, total_minor,
                placed_at, promised_on, grace_until, awaits_release, status, version)
        SELECT order_id + copy * orders, gen_random_uuid(), channel, key || '-' || copy, customer,
               standing, method, node, country, postcode, latitude, longitude, wanted_by,
               preference, splitting, backorder, currency, goods_minor, discount_minor, tax_minor,
               shipping_minor, total_minor, placed_at + copy * gap,
               promised_on + (copy * gap)::interval, grace_until + copy * gap, awaits_release,
               status, version
          FROM sales_order, copied
         ORDER BY copy, order_id
    """,
    "orders.contact": """
        INSERT INTO orders.contact
        SELECT order_id + copy * orders, name, copy || '.' || mail, phone || ' ' || copy, street,
               city, postcode, country, erased_at
          FROM contact, copied
         ORDER BY copy, order_id
    """,
    "orders.line": """
        INSERT INTO orders.line
        SELECT line_id + copy * lines, order_id + copy * orders, line_no, sku, units, price_minor,
               discount_minor, tax_minor
          FROM line, copied
         ORDER BY copy, line_id
    """,
    "orders.parcel": """
        INSERT INTO orders.parcel
        SELECT parcel_id + copy * parcels, order_id + copy * orders, node, service,
               ready_at + copy * gap, collected_at + copy * gap,
               arrives_on + (copy * gap)::interval, capacity_on, cost_millis, cost_minor
          FROM parcel, copied
         ORDER BY copy, parcel_id
    """,
    "orders.quantity": """
        INSERT INTO orders.quantity (order_id, line_id, units, was, status, parcel_id, changed_at)
        SELECT order_id + copy * orders, line_id + copy * lines, units, was, status,
               parcel_id + copy * parcels, changed_at + copy * gap
          FROM quantity, copied
         ORDER BY copy, order_id
    """,
    "outbound.shipment": """
        INSERT INTO outbound.shipment
        SELECT parcel_id + copy * parcels, service, 'TRACK-' || parcel_id + copy * parcels,
               shipped_at + copy * gap, delivered_on + (copy * gap)::interval
          FROM shipment, copied
         ORDER BY copy, parcel_id
    """,
    "matching.decision": """
        INSERT INTO matching.decision (order_id, kind, decided_at, policy_version, record)
        SELECT order_id + copy * orders, kind, decided_at + copy * gap, policy_version, record
          FROM decision, copied
         WHERE decided_at + copy * gap > decisions_since
         ORDER BY copy, decision_id
    """,
}
COPIED: LiteralString = """
    CREATE TEMPORARY TABLE sample AS
    SELECT %(gap)s::interval AS gap, %(decisions_since)s::timestamptz AS decisions_since,
           (SELECT count(*) FROM orders.sales_order) AS orders,
           (SELECT max(line_id) FROM orders.line) AS lines,
           (SELECT max(parcel_id) FROM orders.parcel) AS parcels,
           (SELECT min(fact_id) FROM base.fact WHERE name = 'OrderPlaced') AS first_fact
"""
NUMBERS: LiteralString = """
    SELECT setval('orders.order_number', max(order_id)) FROM orders.sales_order
     UNION ALL SELECT setval('orders.line_number', max(line_id)) FROM orders.line
     UNION ALL SELECT setval('orders.parcel_number', max(parcel_id)) FROM orders.parcel
"""
AWAKE: LiteralString = "UPDATE base.cursor SET fact_id = (SELECT max(fact_id) FROM base.fact)"


def open_with_past(url: str, network: Network, shelves: Iterable[Shelf], sample: int) -> None:
    """Open a network in which so many orders were shipped, and nearly all delivered, at FIRST."""
    open_network(url, network, shelves)
    _set_clock(url, FIRST)
    chain = Chain(url, FIRST)
    chain.worker.settle()
    chain.run(draw_orders(network, Random(0), sample))
    chain.worker.settle()
    with chain.database.transaction("benchmark", "deliver") as tx:
        parcels = tx.scalars("SELECT parcel_id FROM outbound.shipment ORDER BY parcel_id")
        arrived = parcels[: len(parcels) * 95 // 100]
        deliver(tx, [Delivery(one, FIRST.date() + timedelta(days=2)) for one in arrived], FIRST)
    chain.worker.settle()
    chain.close()
    _set_clock(url, MONDAY)


def _set_clock(url: str, now: datetime) -> None:
    database = Database(url)
    with database.transaction("benchmark", "clock") as tx:
        set_clock(tx, now, 0)
    database.close()


def multiply(url: str, copies: int, tables: dict[str, LiteralString]) -> None:
    """Write the sample down so many times more, evenly from FIRST until Monday."""
    sample = {"gap": (MONDAY - FIRST) / (copies + 1), "decisions_since": MONDAY - DECISIONS_KEPT}
    with psycopg.connect(url, autocommit=True) as connection:
        # What is copied was checked when it was written; foreign keys would be, row by row.
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET synchronous_commit = off")
        connection.execute("SET work_mem = '256MB'")
        connection.execute(COPIED, sample)
        for table in tables:  # read from what was there before: what is written grows
            schema, name = map(Identifier, table.split("."))
            make = SQL("CREATE TEMPORARY TABLE {} AS TABLE {}.{}")
            connection.execute(make.format(name, schema, name))
        for start in range(1, copies + 1, COPIES_A_COMMIT):
            end = min(copies, start + COPIES_A_COMMIT - 1)
            connection.execute("DROP TABLE IF EXISTS copied")
            connection.execute(
                "CREATE TEMPORARY TABLE copied AS"
                " SELECT * FROM sample CROSS JOIN generate_series(%s::bigint, %s) AS copy",
                (start, end),
            )
            for statement in tables.values():
                connection.execute(SQL(statement))
        connection.execute(NUMBERS)
        connection.execute(AWAKE)
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")
