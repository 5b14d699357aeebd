"""PostgreSQL transactions. The only file that knows the driver."""

import select
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, LiteralString, TypeVar, assert_never
from uuid import UUID

import msgspec
import psycopg
import psycopg_pool
from psycopg.adapt import Dumper
from psycopg.conninfo import make_conninfo
from psycopg.rows import RowFactory, RowMaker, args_row, class_row, scalar_row, tuple_row
from psycopg.sql import SQL, Identifier
from psycopg.types.numeric import Int8Dumper

from oneshelf.base.errors import (
    ContendedError,
    DatabaseUnavailableError,
    OneshelfError,
    ValueRefusedError,
)
from oneshelf.base.facts import Fact
from oneshelf.base.waiting.deadlines import Deadlines
from oneshelf.base.waiting.outage import Outage

Row = TypeVar("Row")
Value = str | int | float | bytes | date | datetime | UUID  # bool is an int, datetime a date

BETWEEN = "\x00"  # no text in PostgreSQL can hold it, so it separates texts until they are escaped
AS_IN_JSON = frozenset({str, int, bool, date, datetime, UUID, type(None)})  # not NaN, not bytes

CONTENDED = frozenset({"40001", "40P01", "55P03", "57014"})
SLOW_S = 2.0  # who has waited so long has the database looked at
TRUSTED_S = 1.0  # a connection that answered so lately is not asked whether it still does
WHY_AWAY = {
    "Connection refused": "nothing listens there",
    "No such file": "there is no such socket",
    "failed to resolve": "its host is not known",
    "timeout expired": "nobody answers there",
}
GREETING_S_MAX = 2  # a connection that is not up and asked for its health by then never will be


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a kind of transaction may take.

    connection_s: until a connection is free. lock_s, statement_s, idle_s: the database ends what
    takes longer. whole_s: we cut the connection then, even if the database is silent.
    """

    connection_s: float
    lock_s: float
    statement_s: float
    idle_s: float
    whole_s: float


# Somebody waits at a door: answered long before a load balancer gives up (30 to 60 s).
AT_A_DOOR = Patience(connection_s=3, lock_s=2, statement_s=5, idle_s=10, whole_s=8)
# A batch of the worker's: nobody waits, but its rows are locked.
AT_WORK = Patience(connection_s=5, lock_s=2, statement_s=20, idle_s=20, whole_s=30)
# Loading everything, a file, an audit, a change of tables: a person sits in front of it.
AT_LENGTH = Patience(connection_s=10, lock_s=2, statement_s=900, idle_s=60, whole_s=3_600)


@dataclass(frozen=True, slots=True)
class Transaction:
    """An open transaction. Actions receive one; only doors and the worker open one.

    by:        who acts: a staff member, an API key, the worker.
    because:   the request or fact that caused it.
    announced: the facts it has written, for who takes them over once it has committed.
    """

    connection: psycopg.Connection[Any]
    by: str
    because: str
    announced: list[Fact] = field(default_factory=list, kw_only=True)

    def rows(self, kind: type[Row], query: LiteralString, **values: object) -> list[Row]:
        """Return every row of the query, as instances of `kind` (columns match fields by name)."""
        with self.connection.cursor(row_factory=_rows_of(kind)) as cursor:
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
        standing = len(self.announced)
        try:
            with translated_errors(), self.connection.transaction():
                yield
        except BaseException:
            del self.announced[standing:]
            raise


def _rows_of(kind: type[Row]) -> RowFactory[Row]:
    """Fill rows by place where the columns are the fields in their order, else by name.

    By name each row costs a dictionary, and a batch of orders reads thousands of rows.
    """

    def make(cursor: psycopg.Cursor[Any]) -> RowMaker[Row]:
        columns = tuple(column.name for column in cursor.description or ())
        by_place = columns == getattr(kind, "__match_args__", None)
        return args_row(kind)(cursor) if by_place else class_row(kind)(cursor)

    return make


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


class _Connection(psycopg.Connection[Any]):
    """A connection of the pool. answered_at_s: when the database last answered on it."""

    answered_at_s = 0.0


class Database:
    """A pool of connections to one PostgreSQL. While it is away, nobody waits for it."""

    def __init__(
        self, url: str, *, connections_max: int = 8, patience: Patience = AT_LENGTH
    ) -> None:
        """Open lazily: the first transaction connects. patience: of transactions, if not told."""
        self._url = url
        self._connections_max = connections_max
        self._patience = patience
        self._outage = Outage(self._probe, self._give_up, self._start_afresh)
        self._deadlines = Deadlines(SLOW_S, self._outage.suspect)
        self._pool = self._make_pool()

    @contextmanager
    def transaction(
        self, by: str, because: str, patience: Patience | None = None
    ) -> Iterator[Transaction]:
        """Commit if the block ends, roll back if it raises. Raises our own errors only."""
        if self._outage.is_known:
            self._outage.suspect()
            raise DatabaseUnavailableError("it is away and being waited for")
        allowed = patience or self._patience
        try:
            with (
                translated_errors(),
                self._pool.connection(allowed.connection_s) as connection,
                self._deadlines.within(connection.fileno(), allowed.whole_s),
            ):
                if allowed is not self._patience:
                    _limit(connection, allowed, only_now=True)
                yield Transaction(connection, by, because)
                connection.answered_at_s = time.monotonic()
        except DatabaseUnavailableError:
            self._outage.suspect()
            raise
        self._outage.answered()

    def close(self) -> None:
        """Close every connection."""
        self._outage.stop()
        self._deadlines.stop()
        self._pool.close()

    def _make_pool(self) -> psycopg_pool.ConnectionPool[_Connection]:
        return psycopg_pool.ConnectionPool(
            self._url,
            connection_class=_Connection,
            min_size=0,
            max_size=self._connections_max,
            open=True,
            configure=self._configure,
            check=self._check,
            kwargs=CONNECTING,
        )

    def _configure(self, connection: psycopg.Connection[Any]) -> None:
        connection.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
        connection.adapters.register_dumper(int, Int8Dumper)  # one prepared form whatever the size
        connection.adapters.register_dumper(list, _ListDumper)
        with self._deadlines.within(connection.fileno(), GREETING_S_MAX):
            _limit(connection, self._patience, only_now=False)
            connection.commit()

    def _check(self, connection: _Connection) -> None:
        """Refuse a connection that the database has left: a round trip, unless it is trusted."""
        if time.monotonic() - connection.answered_at_s < TRUSTED_S and not _has_news(connection):
            return
        try:
            with self._deadlines.within(connection.fileno(), GREETING_S_MAX / 2):
                psycopg_pool.ConnectionPool.check_connection(connection)
        except psycopg.Error:
            self._outage.suspect()
            raise

    def _probe(self) -> None:
        with (
            translated_errors(),
            psycopg.connect(self._url, autocommit=True, **CONNECTING) as connection,
            self._deadlines.within(connection.fileno(), GREETING_S_MAX),
        ):
            connection.execute("SELECT 1")

    def _give_up(self) -> None:
        """End all that waits for a database that is away."""
        self._pool.close(timeout=0)
        self._deadlines.cut_all()

    def _start_afresh(self) -> None:
        """Connect anew: the old pool would ask again only after ever longer pauses."""
        self._pool = self._make_pool()


def _has_news(connection: _Connection) -> bool:
    """Say whether the database sent something unasked, as it does before it hangs up."""
    incoming = select.poll()
    incoming.register(connection.fileno(), select.POLLIN)
    return bool(incoming.poll(0))


def array_literal(values: Sequence[Value | None]) -> bytes:
    """Return a list as PostgreSQL reads an array. Raises ValueError for a NUL in a text.

    Set-based statements send a batch as a few long lists, and looking at each value, as the driver
    does, was a third of the time of a batch of holds. As JSON a list is written in one call, and
    where nothing had to be escaped, an array differs from it by its brackets.
    """
    kinds = set(map(type, values))
    if kinds <= AS_IN_JSON:
        written = msgspec.json.encode(values)
        if b"\\" not in written:
            return b"{" + written[1:-1] + b"}"
    inner = _texts(values) if kinds == {str} else ",".join(map(_element, values))
    return f"{{{inner}}}".encode()


def _element(value: Value | None) -> str:
    match value:
        case None:
            return "NULL"
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


def _texts(values: Sequence[object]) -> str:
    joined = BETWEEN.join(map(str, values))
    if joined.count(BETWEEN) >= len(values):
        raise ValueError("a text with a NUL character cannot be stored")
    quoted = joined.replace("\\", "\\\\").replace('"', '\\"').replace(BETWEEN, '","')
    return f'"{quoted}"'


class _ListDumper(Dumper):
    """A list as a literal of no type: the statement's own cast says what it is a list of."""

    def dump(self, obj: Sequence[Any]) -> bytes:
        try:
            return array_literal(obj)
        except ValueError as error:
            raise psycopg.DataError(str(error)) from None


def database_beside(url: str, suffix: str) -> str:
    """Return the address of a database on the same server, made unless it is there.

    suffix: ends its name; the name before it is that of the database in the address.
    """
    with translated_errors(), psycopg.connect(url, autocommit=True) as connection:
        name = f"{connection.info.dbname}_{suffix}"
        known = connection.execute("SELECT FROM pg_database WHERE datname = %s", (name,)).fetchone()
        if known is None:
            try:
                connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
            except psycopg.errors.InsufficientPrivilege:
                raise OneshelfError(
                    "database_unavailable",
                    f"The database {name} is missing, and this role may not create it.",
                    f"Let the server's administrator run: CREATE DATABASE {name};",
                ) from None
    return make_conninfo(url, dbname=name)


def find_why_away(url: str) -> str | None:
    """Connect once; return why that fails, None if it does not. The pool only knows that it waited.

    In the server's words or ours: the driver's may hold a piece of the password.
    """
    try:
        psycopg.connect(url, **CONNECTING).close()
    except psycopg.Error as error:
        _, _, refusal = str(error).partition("FATAL:")
        if refusal:
            return refusal.strip().partition("\n")[0]
        known = (why for said, why in WHY_AWAY.items() if said in str(error))
        return next(known, "the address cannot be used as it is")
    return None


CONNECTING: dict[str, Any] = {
    "application_name": "oneshelf",
    "connect_timeout": GREETING_S_MAX,
    "keepalives_idle": 10,
    "keepalives_interval": 3,
    "keepalives_count": 3,
}


def _limit(connection: psycopg.Connection[Any], patience: Patience, *, only_now: bool) -> None:
    connection.execute(
        "SELECT set_config('statement_timeout', %(statement)s, %(only_now)s),"
        "       set_config('lock_timeout', %(lock)s, %(only_now)s),"
        "       set_config('idle_in_transaction_session_timeout', %(idle)s, %(only_now)s)",
        {
            "statement": f"{patience.statement_s}s",
            "lock": f"{patience.lock_s}s",
            "idle": f"{patience.idle_s}s",
            "only_now": only_now,
        },
    )
