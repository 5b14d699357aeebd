"""Read and write decision records. Nothing is decided here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from oneshelf.base.database import Transaction
from oneshelf.base.identifiers import OrderId


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """One stored decision."""

    decision_id: int
    order_id: OrderId
    kind: str
    decided_at: datetime
    policy_version: int
    record: bytes


def insert(
    tx: Transaction,
    orders: Sequence[OrderId],
    kinds: Sequence[str],
    policy_versions: Sequence[int],
    records: Sequence[bytes],
    now: datetime,
) -> list[int]:
    """Append decisions; return their ids in the order given."""
    return tx.scalars(
        """
        INSERT INTO matching.decision (order_id, kind, decided_at, policy_version, record)
        SELECT order_id, kind, %(now)s, policy_version, record
          FROM unnest(%(orders)s::bigint[], %(kinds)s::text[], %(versions)s::bigint[],
                      %(records)s::bytea[])
               WITH ORDINALITY AS given (order_id, kind, policy_version, record, place)
         ORDER BY place
        RETURNING decision_id
        """,
        orders=list(orders),
        kinds=list(kinds),
        versions=list(policy_versions),
        records=list(records),
        now=now,
    )


def find(tx: Transaction, order_id: OrderId) -> list[DecisionRow]:
    """Read the decisions of an order, oldest first."""
    return tx.rows(
        DecisionRow,
        """
        SELECT decision_id, order_id, kind, decided_at, policy_version, record
          FROM matching.decision
         WHERE order_id = %(order_id)s
         ORDER BY decision_id
        """,
        order_id=order_id,
    )


def delete_before(tx: Transaction, until: datetime, rows_max: int) -> int:
    """Delete the oldest decisions from before an instant; return how many."""
    return tx.run(
        """
        DELETE FROM matching.decision
         WHERE decision_id IN (SELECT decision_id
                                 FROM matching.decision
                                WHERE decided_at < %(until)s
                                ORDER BY decided_at
                                LIMIT %(rows_max)s)
        """,
        until=until,
        rows_max=rows_max,
    )
