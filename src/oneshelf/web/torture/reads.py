"""What stands in the end. Plain SELECTs; nothing is decided here."""

from collections.abc import Iterator, Sequence
from typing import LiteralString
from uuid import UUID

from oneshelf.base.database import Transaction
from oneshelf.base.identifiers import PointId, Sku
from oneshelf.simulation.torture.answers import Deed, OrderStanding

FACTS_PER_PAGE = 20_000


def find_points(tx: Transaction, skus: Sequence[Sku]) -> list[PointId]:
    """Return every shelf of these SKUs."""
    return tx.scalars(
        "SELECT point_id FROM inventory.point"
        " WHERE sku = ANY(%(skus)s) AND receipt_line_id IS NULL ORDER BY point_id",
        skus=list(skus),
    )


def find_orders(tx: Transaction) -> list[OrderStanding]:
    """Return every order and what it asks for."""
    return tx.rows(
        OrderStanding,
        """
        SELECT channel, key, order_id AS number, total_minor,
               method || ' ' || coalesce(node, '-') || ' ' || (
                   SELECT string_agg(sku || ':' || units || ':' || price_minor, ','
                                     ORDER BY line_no)
                     FROM orders.line WHERE line.order_id = sales_order.order_id) AS content
          FROM orders.sales_order
        """,
    )


def find_holds(tx: Transaction) -> dict[UUID, str]:
    """Return how every hold stands."""
    return dict(tx.tuples("SELECT public_id, status FROM inventory.reservation"))


def sum_deeds(tx: Transaction) -> dict[Deed, dict[str, int]]:
    """Return units by deed and by what they concern."""
    return {
        "cancelled": _summed(
            tx,
            "SELECT order_id::text, sum(units)::bigint FROM orders.quantity"
            " WHERE status = 'cancelled' GROUP BY order_id",
        ),
        "received": _summed(
            tx,
            "SELECT receipt_line_id::text, units_received FROM inventory.receipt_line"
            " WHERE units_received > 0",
        ),
        "returned": _summed(
            tx,
            "SELECT order_id || '/' || line_no, sum(units)::bigint"
            "  FROM post_purchase.received_return GROUP BY order_id, line_no",
        ),
        "shipped": _summed(tx, "SELECT parcel_id::text, 1 FROM outbound.shipment"),
        "delivered": _summed(
            tx,
            "SELECT parcel_id::text, 1 FROM outbound.shipment WHERE delivered_on IS NOT NULL",
        ),
        "handed_over": _summed(
            tx,
            "SELECT DISTINCT parcel_id::text, 1 FROM orders.progress"
            " WHERE status = 'handed_over' AND parcel_id IS NOT NULL",
        ),
        "reserved": _summed(
            tx,
            "SELECT substr(subject, 13) || ' ' || sku || '@' || node, sum(movement.units)::bigint"
            "  FROM inventory.movement JOIN inventory.point USING (point_id)"
            " WHERE reason = 'reserved' GROUP BY 1",
        ),
        "regraded": _moved(tx, "regraded", "available"),
        "sent": _moved(tx, "sent", "available"),
        "arrived": _moved(tx, "arrived", "in_transit"),
        "adjusted": _corrected(tx, "torture"),
        "counted": _corrected(tx, "counted"),
    }


def sum_sold(tx: Transaction) -> dict[Sku, int]:
    """Return units by SKU that customers have or were promised from shelves; of kits the parts."""
    return dict(
        tx.tuples(
            """
            SELECT coalesce(part_sku, sku),
                   sum(quantity.units * coalesce(kit_part.units, 1))::bigint
              FROM orders.quantity
              JOIN orders.line USING (line_id)
              LEFT JOIN catalog.kit_part ON kit_sku = sku
             WHERE status NOT IN ('unsourced', 'backordered', 'cancelled', 'returned')
             GROUP BY 1
            """
        )
    )


def sum_found(tx: Transaction) -> dict[Sku, int]:
    """Return units by SKU that tills sold where no shelf showed any."""
    return dict(
        tx.tuples(
            "SELECT sku, sum(units)::bigint"
            "  FROM inventory.movement JOIN inventory.point USING (point_id)"
            " WHERE reason = 'found_at_till' GROUP BY sku"
        )
    )


def count_points(tx: Transaction) -> int:
    """Return how many points there are."""
    return int(tx.scalars("SELECT count(*) FROM inventory.point")[0])


def count_deadlocks(tx: Transaction) -> int:
    """Return the deadlocks since the database was last started."""
    return int(
        tx.scalars("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")[0]
    )


def find_unread(tx: Transaction) -> list[str]:
    """Return facts that a reaction failed on, or that wait behind such a one."""
    return [
        f"{reaction} of {name} {fact_id} ({error})"
        for reaction, name, fact_id, error in tx.tuples(
            "SELECT reaction, name, fact_id, error FROM base.parked JOIN base.fact USING (fact_id)"
            " ORDER BY fact_id"
        )
    ]


def find_unwritten(tx: Transaction) -> list[str]:
    """Return changes that do not have exactly one fact: orders, cancellations, parcels, holds."""
    return [
        f"{kind} of {subject}: {due} due, {told} told"
        for kind, subject, due, told in tx.tuples(
            """
            WITH told AS (
                SELECT name, subject,
                       sum(CASE name WHEN 'OrderCancelled' THEN (body->>'units')::bigint
                           ELSE 1 END) AS units
                  FROM base.fact
                 WHERE name IN ('OrderPlaced', 'OrderCancelled', 'ParcelShipped',
                                'ReservationLapsed')
                 GROUP BY name, subject
            ), due AS (
                SELECT 'OrderPlaced' AS name, 'order:' || order_id AS subject, 1::bigint AS units
                  FROM orders.sales_order
                 UNION ALL
                SELECT 'OrderCancelled', 'order:' || order_id, sum(units)
                  FROM orders.quantity WHERE status = 'cancelled' GROUP BY order_id
                 UNION ALL
                SELECT 'ParcelShipped', 'order:' || order_id, count(*)
                  FROM outbound.shipment JOIN orders.parcel USING (parcel_id) GROUP BY order_id
                 UNION ALL
                SELECT 'ReservationLapsed', 'reservation:' || public_id, 1
                  FROM inventory.reservation WHERE status IN ('lapsed', 'lapsing')
            )
            SELECT name, subject, coalesce(due.units, 0)::bigint, coalesce(told.units, 0)::bigint
              FROM due FULL JOIN told USING (name, subject)
             WHERE coalesce(due.units, 0) <> coalesce(told.units, 0)
             ORDER BY name, subject
             LIMIT 1000
            """
        )
    ]


def find_versions(tx: Transaction) -> dict[PointId, int]:
    """Return how often each point has changed."""
    return dict(tx.tuples("SELECT point_id, version FROM inventory.point"))


def announced_versions(tx: Transaction, newest: int) -> Iterator[tuple[PointId, int]]:
    """Return each (point, version) that was announced, page by page of facts."""
    for above in range(0, newest, FACTS_PER_PAGE):
        yield from tx.tuples(
            """
            SELECT point_id::bigint, version::bigint
              FROM base.fact
             CROSS JOIN LATERAL ROWS FROM (jsonb_array_elements_text(body->'point_id'),
                                           jsonb_array_elements_text(body->'version'))
                   AS changed (point_id, version)
             WHERE name = 'StockChanged' AND fact_id > %(above)s AND fact_id <= %(to)s
            """,
            above=above,
            to=above + FACTS_PER_PAGE,
        )


def _moved(tx: Transaction, reason: str, source: str) -> dict[str, int]:
    return dict(
        tx.tuples(
            "SELECT sku || '@' || node, sum(units)::bigint"
            "  FROM inventory.movement JOIN inventory.point USING (point_id)"
            " WHERE reason = %(reason)s AND source = %(source)s::text::inventory.state GROUP BY 1",
            reason=reason,
            source=source,
        )
    )


def _corrected(tx: Transaction, reason: str) -> dict[str, int]:
    return dict(
        tx.tuples(
            "SELECT sku || '@' || node,"
            "       sum(CASE WHEN source = 'outside' THEN units ELSE -units END)::bigint"
            "  FROM inventory.movement JOIN inventory.point USING (point_id)"
            " WHERE reason = %(reason)s AND 'outside' IN (source, target)"
            " GROUP BY 1",
            reason=reason,
        )
    )


def _summed(tx: Transaction, query: LiteralString) -> dict[str, int]:
    return dict(tx.tuples(query))
