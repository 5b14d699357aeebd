"""Look at facts. Plain SELECTs."""

from dataclasses import dataclass
from datetime import datetime

import msgspec

from oneshelf.base.database import Transaction
from oneshelf.base.identifiers import FactId


@dataclass(frozen=True, slots=True)
class FactTold:
    """What happened. body: ids, zones and amounts; never a name or an address."""

    fact_id: FactId
    name: str
    subject: str
    happened_at: datetime
    body: msgspec.Raw


@dataclass(frozen=True, slots=True)
class FactRow:
    """A fact as it stands in the table."""

    fact_id: FactId
    name: str
    subject: str
    happened_at: datetime
    body: str


def find_facts(
    tx: Transaction, after: int, safe: int, names: list[str] | None, limit: int
) -> list[FactTold]:
    """Return the next facts behind a place, none above the safe id; names: None is all."""
    rows = tx.rows(
        FactRow,
        """
        SELECT fact_id, name, subject, happened_at, body::text
          FROM base.fact
         WHERE fact_id > %(after)s AND fact_id <= %(safe)s
           AND (%(names)s::text[] IS NULL OR name = ANY(%(names)s))
         ORDER BY fact_id
         LIMIT %(limit)s
        """,
        after=after,
        safe=safe,
        names=names,
        limit=limit,
    )
    return [
        FactTold(
            row.fact_id, row.name, row.subject, row.happened_at, msgspec.Raw(row.body.encode())
        )
        for row in rows
    ]
