"""Open the database a command works on: the embedded one starts when it is first needed."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from oneshelf.base.database import (
    AT_LENGTH,
    Database,
    Patience,
    Transaction,
    find_why_away,
)
from oneshelf.base.embedded_server import database_url
from oneshelf.base.errors import DatabaseUnavailableError, OneshelfError
from oneshelf.base.migrating import migrate, pending, read_tables
from oneshelf.base.settings import Settings, read_settings

BY = "command"  # who acts; the name of whoever sits there is nobody's business
CONNECTIONS_MAX = 20

Tables = Literal[
    "as_they_are",  # an outdated schema is refused; a new embedded database gets its tables
    "brought_up_to_date",
    "whatever_they_are",
]


@contextmanager
def opened(tables: Tables = "as_they_are", patience: Patience = AT_LENGTH) -> Iterator[Database]:
    """Yield the database with the tables this Oneshelf expects."""
    settings = read_settings()
    database = Database(database_url(settings), connections_max=CONNECTIONS_MAX, patience=patience)
    try:
        if tables == "brought_up_to_date":
            migrate(database)
        elif tables == "as_they_are":
            _check_tables(database, settings)
        yield database
    except DatabaseUnavailableError:
        if settings.database is not None:
            refuse_if_away(settings.database)
        raise
    finally:
        database.close()


def refuse_if_away(url: str) -> None:
    """Raise with the reason if the database of ONESHELF_DATABASE cannot be reached now."""
    why = find_why_away(url)
    if why is not None:
        raise OneshelfError(
            "database_unavailable",
            f"The database of ONESHELF_DATABASE cannot be reached: {why}.",
            "See that it runs, then check host, port, name, role and password of that address.",
        )


@contextmanager
def transaction(because: str) -> Iterator[Transaction]:
    """Yield one transaction; because: the command, as it stands in audit rows."""
    with opened() as database, database.transaction(BY, f"oneshelf {because}") as tx:
        yield tx


def _check_tables(database: Database, settings: Settings) -> None:
    missing = pending(database)
    if not missing:
        return
    if settings.database is None and missing == [name for name, _ in read_tables()]:
        migrate(database)
        return
    raise OneshelfError(
        "schema_outdated",
        f"The database lacks {', '.join(missing[:3])}{' and more' if missing[3:] else ''};"
        " expected the tables of this Oneshelf.",
        "Run `oneshelf migrate`.",
    )
