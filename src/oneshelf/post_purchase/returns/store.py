"""Read and write received returns. Nothing is decided here."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from oneshelf.base.database import Transaction
from oneshelf.post_purchase.returns.receiving import Return


def find_received(tx: Transaction, requests: Sequence[UUID]) -> set[UUID]:
    """Return those of the requests that were received, under their orders' locks."""
    return set(
        tx.scalars(
            "SELECT request_id FROM post_purchase.received_return"
            " WHERE request_id = ANY(%(ids)s::uuid[])",
            ids=list(requests),
        )
    )


def add(tx: Transaction, returns: Sequence[Return], now: datetime) -> None:
    """Write received returns, under their orders' locks."""
    tx.run(
        """
        INSERT INTO post_purchase.received_return
               (request_id, order_id, line_no, units, node, condition, by, received_at)
        SELECT request_id, order_id, line_no, units, node, condition, %(by)s, %(now)s
          FROM unnest(%(ids)s::uuid[], %(orders)s::bigint[], %(lines)s::bigint[],
                      %(units)s::bigint[], %(nodes)s::text[], %(conditions)s::text[])
               AS given (request_id, order_id, line_no, units, node, condition)
         ORDER BY request_id
        """,
        ids=[one.request for one in returns],
        orders=[one.order_id for one in returns],
        lines=[one.line_no for one in returns],
        units=[one.units for one in returns],
        nodes=[one.node for one in returns],
        conditions=[one.condition for one in returns],
        by=tx.by,
        now=now,
    )
