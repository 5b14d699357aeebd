"""Write what customers were promised. Nothing is decided here."""

from collections.abc import Mapping
from datetime import date

from oneshelf.base.database import Transaction
from oneshelf.base.identifiers import OrderId


def set_promises(tx: Transaction, promises: Mapping[OrderId, date | None]) -> None:
    """Write the days by which locked orders arrive; none while a line has no date."""
    tx.run(
        """
        UPDATE orders.sales_order
           SET promised_on = given.promised_on
          FROM unnest(%(ids)s::bigint[], %(days)s::date[]) AS given (order_id, promised_on)
         WHERE sales_order.order_id = given.order_id
        """,
        ids=list(promises),
        days=list(promises.values()),
    )
