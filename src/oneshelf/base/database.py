"""PostgreSQL transactions. The only file that knows the driver."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, LiteralString, TypeVar, assert_never
from uuid import UUID

import psycopg
import psycopg_pool
from psycopg.adapt import Dumper
from psycopg.rows import class_row, scalar_row, tuple_row
from psycopg.types.numeric import Int8Dumper

from oneshelf.base.errors import (
    ContendedError,
    DatabaseUnavailableError,
    OneshelfError,
    ValueRefusedError,
)

Row = TypeVar("Row")
Value = str | int | float | bytes | date | datetime | UUID  # bool is an int, datetime a date

BETWEEN = "\x00"  # no text in PostgreSQL can hold it, so it separates texts until they are escaped
BARE = frozenset({int, float, bool, date, UUID})  # kinds that never need quotes

STATEMENT_TIMEOUT_MS = 30_000
LOCK_TIMEOUT_MS = 2_000
IDLE_IN_TRANSACTION_TIMEOUT_MS = 60_000
CONTENDED = frozenset({"40001", "40P01", "55P03", "57014"})


@dataclass(frozen=True, slots=True)
class Transaction:
    """An open transaction. Actions receive one; only doors and the worker open one.

    by:      who acts: a staff member, an API key, the worker.
    because: the request or fact that caused it.
    """

    connection: psycopg.Connection[Any]
    by: str
    because: str

    def rows(self, kind: type[Row], query: LiteralString, **values: object) -> list[Row]:
        """Return every row of the query, as instances of `kind` (columns match fields by name)."""
        with self.connection.cursor(row_factory=class_row(kind)) as cursor:
            return cursor.execute(query, values).fetchall()

    def tuples(self, query: LiteralString, **values: object) -> list[tuple[Any, ...]]:
        """Return every row as a tuple: for hot statements, where building objects costs."""
        with self.connection.cursor(row_factory=tuple_row) as cursor:
            return cursor.execute(query, values).fetchall()

    def scalars(self, query: LiteralString, **values: object) -> list[Any]:
        """Return the first column of every row."""
        with self.connection.cursor(row_factory=scalar_row) as cursor:
            return cursor.execute(query, values).fetchall()

    def run(self, query: LiteralString, **values: object) -> int:
        """Run a statement; return how many rows it touched."""
        return self.connection.execute(query, values).rowcount

    def copy_in(self, query: LiteralString, rows: Iterable[Sequence[object]]) -> None:
        """Send rows by COPY ... FROM STDIN."""
        with self.connection.cursor() as cursor, cursor.copy(query) as copy:
            for row in rows:
                copy.write_row(row)

    def run_script(self, script: str) -> None:
        """Run the statements of one of our own SQL files."""
        self.connection.execute(script.encode())

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undo the block alone if it raises; a refusal of the database becomes our own error."""
        with translated_errors(), self.connection.transaction():
            yield


@contextmanager
def translated_errors() -> Iterator[None]:
    """Turn the driver's errors into ours: the law that was broken, never the row's contents."""
    try:
        yield
    except psycopg_pool.PoolTimeout as error:
        raise DatabaseUnavailableError("no connection became free in time") from error
    except psycopg.Error as error:
        raise _translate(error) from None


def _translate(error: psycopg.Error) -> OneshelfError:
    sqlstate = error.sqlstate or ""
    if sqlstate in CONTENDED:
        return ContendedError(sqlstate)
    if sqlstate[:2] in {"22", "23"}:
        return ValueRefusedError(sqlstate, error.diag.constraint_name or "")
    if isinstance(error, psycopg.DataError):  # refused by the client, before it was sent
        return ValueRefusedError("22000", "")
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return DatabaseUnavailableError(f"SQLSTATE {sqlstate or 'unknown'}")
    return OneshelfError(
        "server_failed",
        f"The database refused a statement (SQLSTATE {sqlstate or 'unknown'}).",
        "This is a defect of ours: please report it with the SQLSTATE.",
    )


class Database:
    """A pool of connections to one PostgreSQL."""

    def __init__(self, url: str, *, connections_max: int = 8) -> None:
        """Open lazily: the first transaction connects."""
        self._pool = psycopg_pool.ConnectionPool(
            url,
            min_size=0,
            max_size=connections_max,
            timeout=10,
            open=True,
            configure=_configure,
            check=psycopg_pool.ConnectionPool.check_connection,
            kwargs={"application_name": "oneshelf"},
        )

    @contextmanager
    def transaction(self, by: str, because: str) -> Iterator[Transaction]:
        """Commit if the block ends, roll back if it raises. Raises our own errors only."""
        with translated_errors(), self._pool.connection() as connection:
            yield Transaction(connection, by, because)

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()


def array_literal(values: Sequence[Value | None]) -> str:
    """Return a list as PostgreSQL reads an array. Raises ValueError for a NUL in a text.

    Set-based statements send a batch as a few long lists. Here a whole list is joined in one call;
    the driver looks at each value, and that was a third of the time of a batch of holds.
    """
    kinds = set(map(type, values))
    if kinds <= BARE:
        inner = ",".join(map(str, values))
    elif kinds == {str}:
        inner = _texts([one for one in values if isinstance(one, str)])
    else:
        inner = ",".join("NULL" if one is None else _element(one) for one in values)
    return f"{{{inner}}}"


def _element(value: Value) -> str:
    match value:
        case str():
            return _texts([value])
        case bytes():
            return f'"\\\\x{value.hex()}"'
        case int() | float() | UUID():
            return str(value)
        case date():
            return f'"{value}"'
        case _:
            assert_never(value)


def _texts(values: Sequence[str]) -> str:
    joined = BETWEEN.join(values)
    if joined.count(BETWEEN) >= len(values):
        raise ValueError("a text with a NUL character cannot be stored")
    quoted = joined.replace("\\", "\\\\").replace('"', '\\"').replace(BETWEEN, '","')
    return f'"{quoted}"'


class _ListDumper(Dumper):
    """A list as a literal of no type: the statement's own cast says what it is a list of."""

    def dump(self, obj: Sequence[Any]) -> bytes:
        try:
            return array_literal(obj).encode()
        except ValueError as error:
            raise psycopg.DataError(str(error)) from None


def _configure(connection: psycopg.Connection[Any]) -> None:
    connection.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
    connection.adapters.register_dumper(int, Int8Dumper)  # one prepared form whatever the size
    connection.adapters.register_dumper(list, _ListDumper)
    connection.execute(
        "SELECT set_config('statement_timeout', %s, false),"
        "       set_config('lock_timeout', %s, false),"
        "       set_config('idle_in_transaction_session_timeout', %s, false)",
        (str(STATEMENT_TIMEOUT_MS), str(LOCK_TIMEOUT_MS), str(IDLE_IN_TRANSACTION_TIMEOUT_MS)),
    )
    connection.commit()
