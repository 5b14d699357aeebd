"""Read and write customers' contact rows."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from oneshelf.base.database import Transaction
from oneshelf.catalog.contacts.customers import Customer, CustomerKey


def put_customers(tx: Transaction, customers: Sequence[Customer]) -> list[CustomerKey]:
    """Write customers in key order; return the keys of those that changed; not the erased."""
    rows = tx.tuples(
        """
        INSERT INTO catalog.customer AS old
        SELECT * FROM json_populate_recordset(NULL::catalog.customer, %(rows)s::json)
         ORDER BY brand, customer_ref
            ON CONFLICT (brand, customer_ref) DO UPDATE
           SET (name, mail, phone) = ROW (EXCLUDED.name, EXCLUDED.mail, EXCLUDED.phone)
         WHERE old.erased_at IS NULL AND ROW(old.*) IS DISTINCT FROM ROW(EXCLUDED.*)
        RETURNING brand, customer_ref
        """,
        rows=msgspec.json.encode(customers).decode(),
    )
    return [CustomerKey(*row) for row in rows]


def erase_customers(
    tx: Transaction, customers: Sequence[CustomerKey], now: datetime
) -> list[CustomerKey]:
    """Empty the contact rows; return those that were not empty before. Locks in key order."""
    rows = tx.tuples(
        """
        INSERT INTO catalog.customer AS old (brand, customer_ref, name, mail, phone, erased_at)
        SELECT DISTINCT brand, customer_ref, '', '', '', %(now)s::timestamptz
          FROM unnest(%(brands)s::text[], %(refs)s::text[]) AS given (brand, customer_ref)
         ORDER BY brand, customer_ref
            ON CONFLICT (brand, customer_ref) DO UPDATE
           SET name = '', mail = '', phone = '', erased_at = EXCLUDED.erased_at
         WHERE old.erased_at IS NULL
        RETURNING brand, customer_ref
        """,
        brands=[customer.brand for customer in customers],
        refs=[customer.customer_ref for customer in customers],
        now=now,
    )
    return [CustomerKey(*row) for row in rows]


def find_customers(tx: Transaction, customers: Sequence[CustomerKey]) -> list[Customer]:
    """Find contact rows that are not erased, in key order."""
    return tx.rows(
        Customer,
        """
        SELECT brand, customer_ref, name, mail, phone
          FROM catalog.customer
         WHERE (brand, customer_ref) IN (SELECT * FROM unnest(%(brands)s::text[], %(refs)s::text[]))
           AND erased_at IS NULL
         ORDER BY brand, customer_ref
        """,
        brands=[customer.brand for customer in customers],
        refs=[customer.customer_ref for customer in customers],
    )


def load_customers(tx: Transaction, after: tuple[str, str], rows_max: int) -> list[Customer]:
    """Load contact rows that are not erased, in key order, those after a (brand, reference)."""
    return tx.rows(
        Customer,
        """
        SELECT brand, customer_ref, name, mail, phone
          FROM catalog.customer
         WHERE (brand, customer_ref) > (%(brand)s::text, %(ref)s::text) AND erased_at IS NULL
         ORDER BY brand, customer_ref
         LIMIT %(rows_max)s
        """,
        brand=after[0],
        ref=after[1],
        rows_max=rows_max,
    )
