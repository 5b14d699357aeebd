"""Read and write holds, and find what is due for release. Nothing is decided here."""

from collections.abc import Sequence
from datetime import datetime

from oneshelf.base.database import Transaction
from oneshelf.base.identifiers import OrderId


def add_holds(
    tx: Transaction, holds: Sequence[tuple[OrderId, str]], now: datetime
) -> list[tuple[OrderId, str]]:
    """Write the reasons that do not stand yet, under the orders' locks; return them."""
    return [
        (OrderId(order), str(reason))
        for order, reason in tx.tuples(
            """
            INSERT INTO orders.hold (order_id, reason, placed_by, placed_at)
            SELECT order_id, reason, %(by)s, %(now)s
              FROM unnest(%(orders)s::bigint[], %(reasons)s::text[]) AS given (order_id, reason)
             ORDER BY order_id, reason
                ON CONFLICT (order_id, reason) WHERE lifted_at IS NULL DO NOTHING
            RETURNING order_id, reason
            """,
            orders=[order_id for order_id, _ in holds],
            reasons=[reason for _, reason in holds],
            by=tx.by,
            now=now,
        )
    ]


def lift_holds(
    tx: Transaction, holds: Sequence[tuple[OrderId, str]], now: datetime
) -> list[tuple[OrderId, str]]:
    """Lift the reasons that stand, under the orders' locks; return them."""
    return [
        (OrderId(order), str(reason))
        for order, reason in tx.tuples(
            """
            UPDATE orders.hold
               SET lifted_at = %(now)s, lifted_by = %(by)s
              FROM unnest(%(orders)s::bigint[], %(reasons)s::text[]) AS given (order_id, reason)
             WHERE hold.order_id = given.order_id
               AND hold.reason = given.reason
               AND lifted_at IS NULL
            RETURNING hold.order_id, hold.reason
            """,
            orders=[order_id for order_id, _ in holds],
            reasons=[reason for _, reason in holds],
            by=tx.by,
            now=now,
        )
    ]


def lock_due(tx: Transaction, now: datetime, orders_max: int) -> list[OrderId]:
    """Lock orders whose grace period is over and that wait for their release.

    Orders that somebody else has are left for the next time.
    """
    return tx.scalars(
        """
        SELECT order_id
          FROM orders.sales_order
         WHERE awaits_release AND grace_until <= %(now)s
         ORDER BY grace_until, order_id
         LIMIT %(orders_max)s
           FOR NO KEY UPDATE SKIP LOCKED
        """,
        now=now,
        orders_max=orders_max,
    )
