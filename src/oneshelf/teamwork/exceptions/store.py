"""Read and write exceptions. Nothing is decided here."""

from collections.abc import Collection, Sequence
from datetime import datetime

from oneshelf.base.database import Transaction
from oneshelf.base.identifiers import OrderId
from oneshelf.teamwork.exceptions.exceptions import ExceptionId, Kind, NewException


def add(tx: Transaction, exceptions: Sequence[NewException], now: datetime) -> None:
    """Write exceptions that are not open already, in their key order."""
    tx.run(
        """
        INSERT INTO teamwork.exception (kind, subject, order_id, node, detail, opened_at)
        SELECT kind, subject, order_id, node, detail, %(now)s
          FROM unnest(%(kinds)s::text[], %(subjects)s::text[], %(orders)s::bigint[],
                      %(nodes)s::text[], %(details)s::text[])
               WITH ORDINALITY AS given (kind, subject, order_id, node, detail, place)
         ORDER BY kind, subject, place
            ON CONFLICT (kind, subject) WHERE closed_at IS NULL DO NOTHING
        """,
        kinds=[exception.kind for exception in exceptions],
        subjects=[exception.subject for exception in exceptions],
        orders=[exception.order_id for exception in exceptions],
        nodes=[exception.node for exception in exceptions],
        details=[exception.detail for exception in exceptions],
        now=now,
    )


def close(
    tx: Transaction, exception_ids: Collection[ExceptionId], now: datetime
) -> list[ExceptionId]:
    """Close those that are open; return them."""
    return tx.scalars(
        """
        UPDATE teamwork.exception
           SET closed_at = %(now)s, closed_by = %(by)s
         WHERE exception_id IN (
                   SELECT exception_id
                     FROM teamwork.exception
                    WHERE exception_id = ANY(%(ids)s::bigint[]) AND closed_at IS NULL
                    ORDER BY exception_id
                      FOR NO KEY UPDATE)
        RETURNING exception_id
        """,
        ids=list(exception_ids),
        by=tx.by,
        now=now,
    )


def find_solved(tx: Transaction, kind: Kind, order_ids: Collection[OrderId]) -> list[ExceptionId]:
    """Find open exceptions of orders that have no unsourced units any more."""
    return tx.scalars(
        """
        SELECT exception_id
          FROM teamwork.exception
         WHERE kind = %(kind)s
           AND order_id = ANY(%(orders)s::bigint[])
           AND closed_at IS NULL
           AND NOT EXISTS (SELECT FROM orders.quantity
                            WHERE quantity.order_id = exception.order_id
                              AND quantity.status = 'unsourced')
        """,
        kind=kind,
        orders=list(order_ids),
    )
