"""Read facts in id order, each once per reaction, never past one that may still appear.

Ids are drawn before they commit, so a higher id can be visible before a lower one. A reader
remembers pairs (highest id drawn so far, then who was writing facts): whoever drew such an id was
writing then, or had ended. Once none of them writes any more, all ids up to the pair's are visible
or will never be.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from oneshelf.base.database import Database, Transaction
from oneshelf.base.errors import ContendedError, DatabaseUnavailableError, OneshelfError
from oneshelf.base.facts import Fact
from oneshelf.base.identifiers import FactId

FACTS_PER_BATCH = 500
ATTEMPTS_MAX = 8
CONTENDED_MAX = 20
FIRST_RETRY_S = 2

Reaction = Callable[[Transaction, Sequence[Fact], datetime], None]


@dataclass(frozen=True, slots=True)
class FactRow:
    """A fact as it stands in the table."""

    fact_id: FactId
    name: str
    subject: str
    body: str


class SafeIds:
    """How far the facts are complete. One per reading process."""

    def __init__(self) -> None:
        """Start knowing nothing."""
        self._pairs: list[tuple[int, frozenset[str]]] = []
        self.complete_to = 0

    def look(self, database: Database) -> int:
        """Return the highest fact id up to which no fact can appear any more."""
        with database.transaction("reader", "safe id") as tx:
            return self.look_within(tx)

    def look_within(self, tx: Transaction) -> int:
        """Do the same in a transaction that is open."""
        drawn, writing = _find_writing(tx)
        if drawn > max([self.complete_to, *(pair[0] for pair in self._pairs)]):
            self._pairs.append((drawn, writing))
        passed = [drawn for drawn, writers in self._pairs if writers.isdisjoint(writing)]
        self._pairs = [pair for pair in self._pairs if not pair[1].isdisjoint(writing)]
        self.complete_to = max([self.complete_to, *passed])
        return self.complete_to


def _find_writing(tx: Transaction) -> tuple[int, frozenset[str]]:
    """Find the highest id drawn (0: none), then who has written a fact, or is about to.

    By the lock on the table that each takes before it draws an id and holds until what it wrote is
    visible. A snapshot does not tell: its xmax follows the newest transaction that has ended, so
    the newest one that still writes is not in it.
    """
    [(drawn, called, writing)] = tx.tuples(
        """
        SELECT drawn.last_value, drawn.is_called, writing.transactions
          FROM base.fact_fact_id_seq AS drawn
         CROSS JOIN LATERAL (
               SELECT coalesce(array_agg(virtualtransaction), '{}') AS transactions
                 FROM pg_locks
                WHERE drawn.last_value > 0  -- asks for the locks once the id has been read
                  AND locktype = 'relation' AND relation = 'base.fact'::regclass
                  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                  AND mode = 'RowExclusiveLock' AND granted) AS writing
        """
    )
    return int(drawn) if called else 0, frozenset(writing)


def newest_fact(tx: Transaction) -> int:
    """Return the highest visible fact id, 0 before the first."""
    return int(tx.scalars("SELECT coalesce(max(fact_id), 0) FROM base.fact")[0])


def visible_facts(
    tx: Transaction, kinds: Sequence[str], above: int, known: Collection[int]
) -> list[FactRow]:
    """Return every visible fact of these kinds that is not known; up to an id all are.

    For readers to whom order is no matter: a lower one may appear later.
    """
    return tx.rows(
        FactRow,
        """
        SELECT fact_id, name, subject, body::text
          FROM base.fact
         WHERE fact_id > %(above)s AND name = ANY(%(kinds)s)
           AND fact_id NOT IN (SELECT unnest(%(known)s::bigint[]))  -- hashed, as ALL is not
         ORDER BY fact_id
        """,
        above=above,
        kinds=list(kinds),
        known=list(known),
    )


def await_facts(
    tx: Transaction, kinds: Sequence[str], above: int, known: Collection[int], patience: timedelta
) -> list[FactRow]:
    """Wait in the database until facts of these kinds are visible; return those not known.

    above: as in `visible_facts`. Empty when patience has run out.
    """
    return tx.rows(
        FactRow,
        """
        SELECT fact_id, name, subject, body::text
          FROM base.await_facts(%(kinds)s::text[], %(above)s, %(known)s::bigint[], %(patience)s)
        """,
        kinds=list(kinds),
        above=above,
        known=list(known),
        patience=patience,
    )


@dataclass(frozen=True, slots=True)
class Reader:
    """One reaction to some kinds of facts, with a name that stays for ever: its cursors bear it."""

    name: str
    kinds: Mapping[str, type[Fact]]
    action: Reaction


def add_cursors(tx: Transaction, readers: Sequence[Reader], shards: int) -> None:
    """Give each reader its cursors; a new one starts with the first fact."""
    tx.run(
        """
        INSERT INTO base.cursor (reaction, shard)
        SELECT reaction, shard
          FROM unnest(%(names)s::text[]) AS reaction, generate_series(0, %(last)s) AS shard
         ORDER BY reaction, shard
            ON CONFLICT DO NOTHING
        """,
        names=[reader.name for reader in readers],
        last=shards - 1,
    )


def find_behind(tx: Transaction, readers: Sequence[Reader], safe: int) -> list[tuple[str, int]]:
    """Return (reaction, shard) of the cursors that have complete facts before them."""
    return [
        (reaction, shard)
        for reaction, shard in tx.tuples(
            """
            SELECT DISTINCT reaction, cursor.shard
              FROM unnest(%(names)s::text[], %(kinds)s::text[]) AS reader (reaction, kind)
              JOIN base.cursor USING (reaction)
             CROSS JOIN LATERAL (
                   SELECT FROM base.fact
                    WHERE name = reader.kind AND fact.shard = cursor.shard
                      AND fact_id > cursor.fact_id AND fact_id <= %(safe)s
                    ORDER BY fact_id
                    LIMIT 1  -- one look into the index a cursor; EXISTS would join all facts
              ) AS next
             ORDER BY reaction, cursor.shard
            """,
            names=[reader.name for reader in readers for _ in reader.kinds],
            kinds=[kind for reader in readers for kind in reader.kinds],
            safe=safe,
        )
    ]


def find_parked(tx: Transaction, now: datetime) -> list[str]:
    """Return the reactions that have a parked fact to try again."""
    return [
        str(reaction)
        for reaction in tx.scalars(
            "SELECT DISTINCT reaction FROM base.parked WHERE retry_at <= %(now)s OR attempts = 0",
            now=now,
        )
    ]


def react(
    database: Database,
    reader: Reader,
    shard: int,
    safe: int,
    now: datetime,
    contended: int = 0,
) -> int:
    """Hand the next facts of one shard to the reaction; return how many it passed.

    The cursor moves in the transaction of the effects. A batch that fails is tried in halves until
    the culprit stands alone; that fact is parked with its subject, the others go on. contended: how
    often in a row it met other writers; it is tried with ever fewer facts, which meet fewer, and
    after CONTENDED_MAX times it is no accident and counts as a failure.
    """
    size = max(1, FACTS_PER_BATCH >> contended)
    while True:
        try:
            return _pass_facts(database, reader, shard, safe, size, now)
        except DatabaseUnavailableError:
            raise
        except Exception as error:  # of any kind: its fact is parked with it, and no other waits
            if isinstance(error, ContendedError) and contended < CONTENDED_MAX:
                raise
            if size == 1:
                return _park_next(database, reader, shard, safe, error, now)
            size = max(1, size // 2) if size < FACTS_PER_BATCH else 8


def _pass_facts(
    database: Database, reader: Reader, shard: int, safe: int, size: int, now: datetime
) -> int:
    with database.transaction("worker", f"reaction {reader.name}") as tx:
        cursor = _lock_cursor(tx, reader, shard)
        if cursor is None:
            return 0
        rows = _next_facts(tx, reader, shard, cursor, safe, size)
        if not rows:
            return 0
        waiting = set(
            tx.scalars(
                "SELECT DISTINCT subject FROM base.parked"
                " WHERE reaction = %(name)s AND shard = %(shard)s AND subject = ANY(%(subjects)s)",
                name=reader.name,
                shard=shard,
                subjects=[row.subject for row in rows],
            )
        )
        _park(tx, reader, shard, [row for row in rows if row.subject in waiting])
        if ready := [_read(reader, row) for row in rows if row.subject not in waiting]:
            reader.action(tx, ready, now)
        _move_cursor(tx, reader, shard, rows[-1].fact_id)
        return len(rows)


def _park_next(
    database: Database, reader: Reader, shard: int, safe: int, error: Exception, now: datetime
) -> int:
    with database.transaction("worker", f"reaction {reader.name}") as tx:
        cursor = _lock_cursor(tx, reader, shard)
        if cursor is None:
            return 0
        rows = _next_facts(tx, reader, shard, cursor, safe, 1)
        _park(tx, reader, shard, rows)
        for row in rows:
            _note_failure(tx, reader, row.fact_id, 1, error, now)
            _move_cursor(tx, reader, shard, row.fact_id)
        return len(rows)


def retry_parked(database: Database, reader: Reader, now: datetime) -> int:
    """Try each parked subject's first fact again when its time has come; return how many passed."""
    passed = 0
    while (head := _try_head(database, reader, now)) != "none":
        passed += head == "passed"
    return passed


def _try_head(database: Database, reader: Reader, now: datetime) -> str:
    with database.transaction("worker", f"reaction {reader.name}") as tx:
        heads = tx.tuples(
            """
            SELECT fact_id, name, subject, fact.body::text, attempts
              FROM base.parked JOIN base.fact USING (fact_id, subject)
             WHERE reaction = %(reaction)s
               AND (retry_at <= %(now)s OR attempts = 0)
               AND NOT EXISTS (SELECT FROM base.parked AS earlier
                                WHERE earlier.reaction = parked.reaction
                                  AND earlier.subject = parked.subject
                                  AND earlier.fact_id < parked.fact_id)
             ORDER BY fact_id LIMIT 1
               FOR UPDATE OF parked SKIP LOCKED
            """,
            reaction=reader.name,
            now=now,
        )
        if not heads:
            return "none"
        [(fact_id, name, subject, body, attempts)] = heads
        try:
            with tx.savepoint():
                reader.action(tx, [_read(reader, FactRow(fact_id, name, subject, body))], now)
        except DatabaseUnavailableError:
            raise
        except Exception as error:  # noqa: BLE001 - as in react
            _note_failure(tx, reader, fact_id, attempts + 1, error, now)
            return "failed"
        tx.run(
            "DELETE FROM base.parked WHERE reaction = %(reaction)s AND fact_id = %(fact_id)s",
            reaction=reader.name,
            fact_id=fact_id,
        )
        return "passed"


def _lock_cursor(tx: Transaction, reader: Reader, shard: int) -> int | None:
    found = tx.scalars(
        "SELECT fact_id FROM base.cursor WHERE reaction = %(name)s AND shard = %(shard)s"
        " FOR NO KEY UPDATE SKIP LOCKED",
        name=reader.name,
        shard=shard,
    )
    return int(found[0]) if found else None


def _move_cursor(tx: Transaction, reader: Reader, shard: int, fact_id: int) -> None:
    tx.run(
        "UPDATE base.cursor SET fact_id = %(fact_id)s"
        " WHERE reaction = %(name)s AND shard = %(shard)s",
        fact_id=fact_id,
        name=reader.name,
        shard=shard,
    )


def _next_facts(
    tx: Transaction, reader: Reader, shard: int, cursor: int, safe: int, size: int
) -> list[FactRow]:
    return tx.rows(
        FactRow,
        """
        SELECT fact_id, name, subject, body::text
          FROM base.fact
         WHERE fact_id > %(cursor)s AND fact_id <= %(safe)s
           AND shard = %(shard)s AND name = ANY(%(kinds)s)
         ORDER BY fact_id
         LIMIT %(size)s
        """,
        cursor=cursor,
        safe=safe,
        shard=shard,
        kinds=list(reader.kinds),
        size=size,
    )


def _read(reader: Reader, row: FactRow) -> Fact:
    return msgspec.json.decode(row.body, type=reader.kinds[row.name])


def _park(tx: Transaction, reader: Reader, shard: int, rows: Sequence[FactRow]) -> None:
    if rows:
        tx.run(
            """
            INSERT INTO base.parked (reaction, fact_id, shard, subject)
            SELECT %(reaction)s, fact_id, %(shard)s, subject
              FROM unnest(%(ids)s::bigint[], %(subjects)s::text[]) AS given (fact_id, subject)
                ON CONFLICT DO NOTHING
            """,
            reaction=reader.name,
            shard=shard,
            ids=[row.fact_id for row in rows],
            subjects=[row.subject for row in rows],
        )


def _note_failure(
    tx: Transaction, reader: Reader, fact_id: int, attempts: int, error: Exception, now: datetime
) -> None:
    retry_at = now + timedelta(seconds=FIRST_RETRY_S * 2**attempts)
    tx.run(
        "UPDATE base.parked SET attempts = %(attempts)s, retry_at = %(retry_at)s, error = %(error)s"
        " WHERE reaction = %(reaction)s AND fact_id = %(fact_id)s",
        attempts=attempts,
        retry_at=retry_at if attempts < ATTEMPTS_MAX else None,
        error=describe(error),
        reaction=reader.name,
        fact_id=fact_id,
    )


def describe(error: Exception) -> str:
    """Return the kind of an error, and its words only where they are ours and hold no values."""
    return str(error) if isinstance(error, OneshelfError) else type(error).__name__
