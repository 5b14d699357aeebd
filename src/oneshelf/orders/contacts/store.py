"""Find and empty contact rows of orders."""

from collections.abc import Sequence
from datetime import datetime

from oneshelf.base.database import Transaction
from oneshelf.base.identifiers import BrandId, OrderId
from oneshelf.catalog.contacts.customers import CustomerKey
from oneshelf.orders.contacts.erasing import OrderContact

ENDED = ("cancelled", "shipped", "delivered", "handed_over", "returned")


def find_orders_of(tx: Transaction, customers: Sequence[CustomerKey]) -> list[OrderId]:
    """Find the orders of customers, by reference and the brand of the order's channel."""
    found = tx.scalars(
        """
        SELECT DISTINCT order_id
          FROM unnest(%(brands)s::text[], %(refs)s::text[]) AS given (brand, customer_ref)
          JOIN catalog.channel ON channel.brand = given.brand
          JOIN orders.sales_order
            ON sales_order.customer = given.customer_ref AND sales_order.channel = channel_id
         ORDER BY order_id
        """,
        brands=[one.brand for one in customers],
        refs=[one.customer_ref for one in customers],
    )
    return [OrderId(order_id) for order_id in found]


def find_brands_of(tx: Transaction, customer_ref: str) -> list[BrandId]:
    """Find the brands that know a customer by this reference, from rows or from orders."""
    found = tx.scalars(
        """
        SELECT brand_id
          FROM catalog.brand
         WHERE EXISTS (SELECT FROM catalog.customer
                        WHERE customer.brand = brand_id AND customer_ref = %(ref)s)
            OR EXISTS (SELECT FROM orders.sales_order
                         JOIN catalog.channel ON channel_id = sales_order.channel
                        WHERE sales_order.customer = %(ref)s AND channel.brand = brand_id)
         ORDER BY brand_id
        """,
        ref=customer_ref,
    )
    return [BrandId(brand) for brand in found]


def find_contacts(tx: Transaction, orders: Sequence[OrderId]) -> list[OrderContact]:
    """Find how the contact rows of orders stand; unknown orders are missing."""
    return tx.rows(
        OrderContact,
        """
        SELECT order_id, channel,
               CASE WHEN contact.order_id IS NULL THEN 'none'
                    WHEN erased_at IS NULL THEN 'kept' ELSE 'erased' END AS contact,
               CASE WHEN EXISTS (SELECT FROM orders.quantity
                                  WHERE quantity.order_id = sales_order.order_id
                                    AND status <> ALL(%(ended)s::text[]))
                    THEN 'open' ELSE 'ended' END AS progress
          FROM orders.sales_order LEFT JOIN orders.contact USING (order_id)
         WHERE order_id = ANY(%(orders)s::bigint[])
         ORDER BY order_id
        """,
        orders=list(orders),
        ended=list(ENDED),
    )


def erase(tx: Transaction, orders: Sequence[OrderId], now: datetime) -> list[OrderId]:
    """Empty contact rows; return those that were not empty before. Locks in key order."""
    erased = tx.scalars(
        """
        WITH kept AS (
            SELECT order_id
              FROM orders.contact
             WHERE order_id = ANY(%(orders)s::bigint[]) AND erased_at IS NULL
             ORDER BY order_id
               FOR NO KEY UPDATE
        )
        UPDATE orders.contact
           SET name = '', mail = '', phone = '', street = '', city = '', postcode = '',
               country = '', erased_at = %(now)s
          FROM kept
         WHERE contact.order_id = kept.order_id
        RETURNING contact.order_id
        """,
        orders=list(orders),
        now=now,
    )
    return sorted(OrderId(order_id) for order_id in erased)
