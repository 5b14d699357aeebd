"""Write facts down in the same transaction as the change they tell of."""

from collections.abc import Sequence
from datetime import datetime
from zlib import crc32

import msgspec

from oneshelf.base.database import Transaction
from oneshelf.base.facts import Fact

SHARDS = 4


def shard_of(subject: str) -> int:
    """Return the shard of a subject, 0 to SHARDS - 1; the same for ever."""
    return crc32(subject.encode()) % SHARDS


def announce(tx: Transaction, facts: Sequence[Fact], now: datetime) -> None:
    """Write facts, each with who and what caused it; the worker knows what happens next."""
    if not facts:
        return
    subjects = [fact.subject() for fact in facts]
    tx.run(
        """
        INSERT INTO base.fact (name, subject, shard, body, by, because, happened_at)
        SELECT name, subject, shard, body::jsonb, %(by)s, %(because)s, %(now)s
          FROM unnest(%(names)s::text[], %(subjects)s::text[], %(shards)s::bigint[],
                      %(bodies)s::text[])
               WITH ORDINALITY AS given (name, subject, shard, body, place)
         ORDER BY place
        """,
        names=[type(fact).__name__ for fact in facts],
        subjects=subjects,
        shards=[shard_of(subject) for subject in subjects],
        bodies=[msgspec.json.encode(fact).decode() for fact in facts],
        by=tx.by,
        because=tx.because,
        now=now,
    )
    tx.announced.extend(facts)
