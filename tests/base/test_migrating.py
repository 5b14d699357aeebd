"""A database is made from the tables, or brought forward to them; both are the same database."""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from oneshelf.base.database import Database
from oneshelf.base.errors import OneshelfError
from oneshelf.base.migrating import (
    MIGRATIONS,
    PACKAGE,
    build,
    migrate,
    pending,
    read_migrations,
    read_tables,
    refuse_old_server,
)

FIRST_RELEASE = Path(__file__).parent / "first_release.sql"  # every tables.sql as first released

# Everything that makes a schema, a line each, whatever the order in which it was made.
SCHEMA = """
WITH ours AS (
    SELECT c.oid, c.relname, c.reloptions, c.relkind, n.nspname || '.' || c.relname AS name
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname NOT LIKE 'pg\\_%%' AND n.nspname <> 'information_schema')
SELECT concat_ws(' ', name, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
                 a.attidentity, a.attgenerated, pg_get_expr(d.adbin, d.adrelid)) AS line
  FROM ours JOIN pg_attribute a ON a.attrelid = ours.oid AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN pg_attrdef d ON d.adrelid = ours.oid AND d.adnum = a.attnum
UNION ALL SELECT concat_ws(' ', name, relkind::text, reloptions::text) FROM ours
UNION ALL SELECT concat_ws(' ', name, pg_get_indexdef(oid)) FROM ours WHERE relkind IN ('i', 'I')
UNION ALL SELECT concat_ws(' ', name, pg_get_viewdef(oid)) FROM ours WHERE relkind IN ('v', 'm')
UNION ALL SELECT concat_ws(' ', name, conname, pg_get_constraintdef(k.oid))
  FROM ours JOIN pg_constraint k ON k.conrelid = ours.oid
UNION ALL SELECT pg_get_functiondef(p.oid)
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
 WHERE n.nspname NOT LIKE 'pg\\_%%' AND n.nspname <> 'information_schema'
 ORDER BY line
"""


@pytest.fixture
def empty(empty_url):
    database = Database(empty_url)
    yield database
    database.close()


@pytest.fixture
def migrations(tmp_path):
    """A folder of migrations of some later release."""
    (tmp_path / "0001_lamps.sql").write_text(
        "CREATE TABLE base.lamp (units integer); INSERT INTO base.lamp VALUES (1);"
    )
    (tmp_path / "0002_lamps_have_watts.sql").write_text(
        "ALTER TABLE base.lamp ADD COLUMN watts integer; UPDATE base.lamp SET watts = 40;"
    )
    return tmp_path


def schema(database):
    with database.transaction("test", "schema") as tx:
        return tx.scalars(SCHEMA)


def lamps(database):
    with database.transaction("test", "lamps") as tx:
        return tx.tuples("SELECT units, watts FROM base.lamp")


def test_a_new_database_gets_every_folders_tables(empty):
    folders = [name for name, _ in read_tables()]

    assert migrate(empty) == folders
    assert migrate(empty) == []
    assert any(line.startswith("base.fact ") for line in schema(empty))


def test_folders_come_in_the_order_in_which_they_may_refer_to_each_other(tmp_path):
    for folder in ("orders", "matching/capacity", "matching", "base", "matching_house"):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        (tmp_path / folder / "tables.sql").touch()
    names = [name for name, _ in read_tables(tmp_path)]

    assert names == ["base", "matching", "matching/capacity", "matching_house", "orders"]


def test_a_new_database_needs_none_of_the_migrations(empty, migrations):
    migrate(empty, migrations=migrations)

    assert pending(empty, migrations=migrations) == []
    assert not any("base.lamp" in line for line in schema(empty))


def test_an_old_database_is_brought_forward_in_order_and_once(database, migrations):
    names = ["0001_lamps", "0002_lamps_have_watts"]

    assert pending(database, migrations=migrations) == names
    assert migrate(database, migrations=migrations) == names
    assert migrate(database, migrations=migrations) == []
    assert lamps(database) == [(1, 40)]


@pytest.mark.parametrize("kind", ["new", "old"])
def test_processes_that_migrate_at_once_do_everything_once(
    kind, empty_url, migrations, tmp_path_factory
):
    databases = [Database(empty_url) for _ in range(4)]
    if kind == "old":
        migrate(databases[0], migrations=tmp_path_factory.mktemp("none"))
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda each: migrate(each, migrations=migrations), databases))
    for database in databases:
        database.close()

    expected = (
        ["0001_lamps", "0002_lamps_have_watts"]
        if kind == "old"
        else [name for name, _ in read_tables()]
    )
    assert sorted(name for names in done for name in names) == sorted(expected)


def test_a_migration_that_fails_changes_nothing_and_is_named(database, migrations):
    (migrations / "0002_lamps_have_watts.sql").write_text(
        "ALTER TABLE base.lamp ADD COLUMN watts integer; SELECT 1 / 0;"
    )
    with pytest.raises(OneshelfError, match="0002_lamps_have_watts changed nothing"):
        migrate(database, migrations=migrations)

    assert pending(database, migrations=migrations) == ["0002_lamps_have_watts"]
    assert not any("watts" in line for line in schema(database))


def test_a_database_newer_than_the_code_is_refused(database, migrations, tmp_path_factory):
    migrate(database, migrations=migrations)
    with pytest.raises(OneshelfError, match="0002_lamps_have_watts") as refusal:
        migrate(database, migrations=tmp_path_factory.mktemp("older"))

    assert refusal.value.code == "schema_outdated"


def test_a_database_that_others_use_is_refused(empty):
    with empty.transaction("test", "stranger") as tx:
        tx.run("CREATE SCHEMA base")
    with pytest.raises(OneshelfError, match="already holds base, not made by Oneshelf"):
        migrate(empty)


@pytest.mark.parametrize("version", [90_624, 140_022])
def test_a_server_that_is_too_old_is_refused(version):
    with pytest.raises(OneshelfError, match="expected 15 or newer"):
        refuse_old_server(version)


@pytest.mark.parametrize("version", [150_000, 180_004])
def test_a_server_that_is_new_enough_is_taken(version):
    refuse_old_server(version)


@pytest.mark.parametrize("name", ["lamps.sql", "1_lamps.sql", "0001.sql", "0003_a.sql"])
def test_a_migration_without_a_clear_number_and_name_is_a_bug(migrations, name):
    (migrations / name).touch()
    (migrations / "0003_b.sql").touch()
    with pytest.raises(ValueError, match=r"NNNN_sentence|two migrations"):
        read_migrations(migrations)


def test_the_comparison_sees_what_a_migration_forgot(database, empty, migrations):
    with empty.transaction("test", "build") as tx:
        build(tx, [])
        tx.run("CREATE TABLE base.lamp (watts integer, units integer CHECK (units > 0))")
    migrate(database, migrations=migrations)
    [forgotten] = set(schema(empty)) - set(schema(database))

    assert re.fullmatch(r"base\.lamp \w+ CHECK \(\(units > 0\)\)", forgotten)


@pytest.mark.skipif(not FIRST_RELEASE.exists(), reason="nothing was released yet")
def test_the_first_release_brought_forward_is_what_the_tables_say(empty, database):
    with empty.transaction("test", "first release") as tx:
        tx.run_script(FIRST_RELEASE.read_text())
    migrate(empty)

    assert schema(empty) == schema(database)


def test_there_are_no_migrations_before_the_first_release():
    assert FIRST_RELEASE.exists() or read_migrations(MIGRATIONS) == []
    assert MIGRATIONS.is_relative_to(PACKAGE)
