"""Read the week's result from the tables. Plain SELECTs."""

from dataclasses import dataclass

from oneshelf.base.database import Transaction


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """Orders of one channel and method."""

    channel: str
    method: str
    orders: int
    units: int
    total_minor: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the orders, over all channels. units_unsourced: sold, and nobody had them."""

    orders: int
    units_unsourced: int
    units_cancelled: int
    orders_sent: int
    units_sent: int
    orders_split: int
    orders_resourced: int


@dataclass(frozen=True, slots=True)
class Parcels:
    """What was sent. late: arrived after the day the parcel was promised for."""

    sent: int
    late: int
    cost_minor: int


def read_channels(tx: Transaction) -> list[ChannelRow]:
    """Return orders by channel and method."""
    return tx.rows(
        ChannelRow,
        """
        SELECT channel, method, count(DISTINCT order_id) AS orders, sum(units)::bigint AS units,
               sum(units * price_minor)::bigint AS total_minor
          FROM orders.sales_order JOIN orders.line USING (order_id)
         GROUP BY channel, method
         ORDER BY channel, method
        """,
    )


def read_outcome(tx: Transaction) -> Outcome:
    """Return what became of all orders."""
    [outcome] = tx.rows(
        Outcome,
        """
        WITH sent AS (
            SELECT order_id, count(DISTINCT parcel_id) AS parcels, sum(units) AS units
              FROM orders.quantity
             WHERE parcel_id IS NOT NULL AND status NOT IN ('cancelled', 'unsourced')
             GROUP BY order_id
        )
        SELECT (SELECT count(*) FROM orders.sales_order) AS orders,
               coalesce(sum(units) FILTER (WHERE status = 'unsourced'), 0)::bigint
                   AS units_unsourced,
               coalesce(sum(units) FILTER (WHERE status = 'cancelled'), 0)::bigint
                   AS units_cancelled,
               (SELECT count(*) FROM sent) AS orders_sent,
               (SELECT coalesce(sum(units), 0)::bigint FROM sent) AS units_sent,
               (SELECT count(*) FROM sent WHERE sent.parcels > 1) AS orders_split,
               (SELECT count(DISTINCT order_id) FROM matching.decision WHERE kind = 'resource')
                   AS orders_resourced
          FROM orders.quantity
        """,
    )
    return outcome


def read_parcels(tx: Transaction) -> Parcels:
    """Return what was sent and what it cost."""
    [parcels] = tx.rows(
        Parcels,
        """
        SELECT count(*) AS sent,
               count(*) FILTER (WHERE delivered_on > arrives_on) AS late,
               coalesce(sum(cost_minor), 0)::bigint AS cost_minor
          FROM orders.parcel LEFT JOIN outbound.shipment USING (parcel_id)
         WHERE EXISTS (SELECT FROM orders.quantity
                        WHERE quantity.parcel_id = parcel.parcel_id
                          AND status NOT IN ('cancelled', 'unsourced'))
        """,
    )
    return parcels


def find_oversold(tx: Transaction) -> dict[str, int]:
    """Return by SKU the units promised to customers beyond what ever stood on a shelf.

    From orders on one side and movements on the other; no balance is asked.
    """
    return dict(
        tx.tuples(
            """
        WITH promised AS (
            SELECT coalesce(part_sku, sku) AS sku,
                   sum(quantity.units * coalesce(kit_part.units, 1)) AS units
              FROM orders.quantity
              JOIN orders.line USING (line_id)
              LEFT JOIN catalog.kit_part ON kit_sku = sku
             WHERE status NOT IN ('unsourced', 'backordered', 'cancelled', 'returned')
             GROUP BY 1
        ), stood AS (
            SELECT sku, sum(CASE WHEN source = 'outside' THEN units ELSE -units END) AS units
              FROM inventory.movement JOIN inventory.point USING (point_id)
             WHERE receipt_line_id IS NULL AND 'outside' IN (source, target)
               AND reason NOT IN ('shipped', 'handed_over', 'sold_at_till', 'returned')
             GROUP BY sku
        )
        SELECT sku, (promised.units - coalesce(stood.units, 0))::bigint
          FROM promised LEFT JOIN stood USING (sku)
         WHERE promised.units > coalesce(stood.units, 0)
        """
        )
    )


def find_telling_order(tx: Transaction) -> int:
    """Return an order worth a look: sent in several parcels, and sourced again if there is one."""
    found = tx.scalars(
        """
        SELECT order_id
          FROM orders.parcel
         GROUP BY order_id
         ORDER BY (SELECT count(*) FROM matching.decision
                    WHERE decision.order_id = parcel.order_id AND kind = 'resource') DESC,
                  count(*) DESC, order_id
         LIMIT 1
        """
    )
    return int(found[0]) if found else 0
