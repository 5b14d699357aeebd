"""Bring a database to the tables this code expects. Forward only; any number may do it at once."""

from dataclasses import dataclass
from pathlib import Path

from oneshelf.base.database import AT_LENGTH, Database, Transaction
from oneshelf.base.errors import OneshelfError

PACKAGE = Path(__file__).parent.parent
MIGRATIONS = Path(__file__).parent / "migrations"
POSTGRESQL_MIN = 15
LOCK_KEY = 0x6F6E6573  # "ones"
WAIT_FOR_ANOTHER = "10min"  # another process may be migrating
WAIT_FOR_TABLES = "5s"  # readers queue behind a change of their table that waits


@dataclass(frozen=True, slots=True)
class Migration:
    """One file NNNN_sentence.sql."""

    number: int
    name: str
    script: str


def migrate(database: Database, *, migrations: Path = MIGRATIONS) -> list[str]:
    """Make a new database or bring an old one forward; return the names of what was done."""
    known = read_migrations(migrations)
    done: list[str] = []
    while news := _step(database, known):
        done += news
    return done


def pending(database: Database, *, migrations: Path = MIGRATIONS) -> list[str]:
    """Return the names of what `migrate` would do now, without doing it."""
    known = read_migrations(migrations)
    with database.transaction("migrate", "pending", AT_LENGTH) as tx:
        applied = _applied(tx)
    if applied is None:
        return [name for name, _ in read_tables()]
    return [migration.name for migration in _missing(known, applied)]


def read_tables(package: Path = PACKAGE) -> list[tuple[str, str]]:
    """Return every folder's name and `tables.sql`, in the order in which folders may refer."""
    files = {file.parent.relative_to(package): file for file in package.rglob("tables.sql")}
    return [(str(name), files[name].read_text()) for name in sorted(files, key=lambda n: n.parts)]


def read_migrations(folder: Path) -> list[Migration]:
    """Return a folder's migrations in order; refuse a name or a number that is not clear."""
    found: dict[int, Migration] = {}
    for file in sorted(folder.glob("*.sql")):
        number, _, sentence = file.stem.partition("_")
        if not (len(number) == len("0001") and number.isdigit() and sentence):
            raise ValueError(f"a migration is called NNNN_sentence.sql, got {file.name}")
        if int(number) in found:
            raise ValueError(f"two migrations have the number {number}")
        found[int(number)] = Migration(int(number), file.stem, file.read_text())
    return list(found.values())


def build(tx: Transaction, migrations: list[Migration]) -> list[str]:
    """Make every table in an empty database, and note that it needs none of the migrations."""
    tables = read_tables()
    ours = sorted({name.partition("/")[0] for name, _ in tables})
    strangers = tx.scalars("SELECT nspname FROM pg_namespace WHERE nspname = ANY(%(o)s)", o=ours)
    if strangers:
        raise OneshelfError(
            "conflict",
            f"The database already holds {', '.join(strangers)}, not made by Oneshelf.",
            "Give Oneshelf an empty database of its own.",
        )
    for _, script in tables:
        tx.run_script(script)
    for migration in migrations:
        _note(tx, migration)
    return [name for name, _ in tables]


def clear_demo(database: Database) -> None:
    """Take all our tables out of a demo's database; refuse a database that is not a demo's.

    A demo's database has a clock of its own; an empty one is left as it is.
    """
    with database.transaction("demo", "clear") as tx:
        if _applied(tx) is None:
            return
        if not tx.scalars("SELECT EXISTS (SELECT FROM base.clock)")[0]:
            raise OneshelfError(
                "conflict",
                "The database holds a shop that is not the demo's.",
                "Give the demo a database of its own: set ONESHELF_HOME to another folder.",
            )
        for schema in sorted({name.partition("/")[0] for name, _ in read_tables()}):
            tx.run_script(f"DROP SCHEMA IF EXISTS {schema} CASCADE")


def refuse_old_server(version: int) -> None:
    """Refuse a PostgreSQL that misses what our tables need. version: as server_version_num."""
    if version // 10_000 < POSTGRESQL_MIN:
        raise OneshelfError(
            "database_unavailable",
            f"The server is PostgreSQL {version // 10_000}; expected {POSTGRESQL_MIN} or newer.",
            "Upgrade it, or leave ONESHELF_DATABASE out to use the embedded one.",
        )


def _step(database: Database, known: list[Migration]) -> list[str]:
    """Do the next thing alone and commit it; nothing left: the empty list."""
    with database.transaction("migrate", "step", AT_LENGTH) as tx:
        [version] = tx.scalars("SELECT current_setting('server_version_num')::int")
        refuse_old_server(version)
        _wait_at_most(tx, WAIT_FOR_ANOTHER)
        tx.run("SELECT pg_advisory_xact_lock(%(key)s)", key=LOCK_KEY)
        _wait_at_most(tx, WAIT_FOR_TABLES)
        applied = _applied(tx)
        if applied is None:
            return build(tx, known)
        for migration in _missing(known, applied)[:1]:
            _apply(tx, migration)
            return [migration.name]
        return []


def _wait_at_most(tx: Transaction, lock_timeout: str) -> None:
    tx.run(
        "SELECT set_config('lock_timeout', %(limit)s, true),"
        "       set_config('statement_timeout', '0', true)",
        limit=lock_timeout,
    )


def _applied(tx: Transaction) -> dict[int, str] | None:
    """Return number and name of what this database has seen; None: it is not one of ours."""
    [is_ours] = tx.scalars("SELECT to_regclass('base.migration') IS NOT NULL")
    if not is_ours:
        return None
    return dict(tx.tuples("SELECT number, name FROM base.migration"))


def _missing(known: list[Migration], applied: dict[int, str]) -> list[Migration]:
    unknown = sorted(set(applied) - {migration.number for migration in known})
    if unknown:
        raise OneshelfError(
            "schema_outdated",
            f"The database is newer than this Oneshelf: it has seen {applied[unknown[-1]]}.",
            "Start the newer Oneshelf that changed it; going back is not possible.",
        )
    return [migration for migration in known if migration.number not in applied]


def _apply(tx: Transaction, migration: Migration) -> None:
    try:
        with tx.savepoint():
            tx.run_script(migration.script)
    except OneshelfError as error:
        raise OneshelfError(
            error.code,
            f"The migration {migration.name} changed nothing: {error.message}",
            error.hint,
        ) from error
    _note(tx, migration)


def _note(tx: Transaction, migration: Migration) -> None:
    tx.run(
        "INSERT INTO base.migration (number, name) VALUES (%(number)s, %(name)s)",
        number=migration.number,
        name=migration.name,
    )
