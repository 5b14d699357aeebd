"""What the driver says becomes one of our own errors, and never tells a row; lists go whole."""

import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import psycopg
import psycopg_pool
import pytest
from psycopg.sql import SQL, Identifier

from oneshelf.base.database import Database, database_beside
from oneshelf.base.errors import (
    ContendedError,
    DatabaseUnavailableError,
    OneshelfError,
    ValueRefusedError,
)

CANARY = "Wilhelmina.Canary@example.org"


@pytest.fixture
def shop(database):
    with database.transaction("test", "shop") as tx:
        tx.run("CREATE TABLE person (person_id integer PRIMARY KEY, mail text, age integer)")
        tx.run("ALTER TABLE person ADD CONSTRAINT nobody_is_unborn CHECK (age >= 0)")
        tx.run("INSERT INTO person VALUES (1, 'a', 1), (2, 'b', 2)")
    return database


@dataclass(frozen=True, slots=True)
class PersonRow:
    person_id: int
    mail: str
    age: int = 18


@pytest.mark.parametrize(
    ("query", "age"),
    [
        ("SELECT person_id, mail, age FROM person WHERE person_id = 1", 7),
        ("SELECT age, mail, person_id FROM person WHERE person_id = 1", 7),
        ("SELECT mail, person_id FROM person WHERE person_id = 1", 18),
    ],
)
def test_columns_go_to_the_fields_of_their_names_in_whatever_order(shop, query, age):
    with shop.transaction("test", "rows") as tx:
        tx.run("UPDATE person SET age = 7")
        assert tx.rows(PersonRow, query) == [PersonRow(1, "a", age)]


def test_a_column_without_a_field_is_refused(shop):
    with pytest.raises(TypeError, match="height"), shop.transaction("test", "rows") as tx:
        tx.rows(PersonRow, "SELECT person_id, mail, age AS height FROM person")


def change(tx, person_id):
    tx.run("UPDATE person SET age = age + 1 WHERE person_id = %(p)s", p=person_id)


def test_a_broken_law_is_named_and_the_row_is_not(shop):
    with pytest.raises(ValueRefusedError) as refusal, shop.transaction("test", "insert") as tx:
        tx.run("INSERT INTO person VALUES (3, %(mail)s, -1)", mail=CANARY)

    assert refusal.value.constraint == "nobody_is_unborn"
    assert CANARY not in str(refusal.value)
    assert refusal.value.__cause__ is None


def test_text_that_cannot_be_stored_is_a_refused_value(shop):
    with pytest.raises(ValueRefusedError), shop.transaction("test", "insert") as tx:
        tx.run("INSERT INTO person VALUES (3, %(mail)s, 1)", mail="a\0b")


def test_a_block_that_raises_changes_nothing(shop):
    with pytest.raises(LookupError), shop.transaction("test", "update") as tx:
        change(tx, 1)
        raise LookupError

    with shop.transaction("test", "read") as tx:
        assert tx.scalars("SELECT age FROM person ORDER BY person_id") == [1, 2]


def test_a_savepoint_undoes_itself_alone(shop):
    with shop.transaction("test", "update") as tx:
        change(tx, 1)
        with pytest.raises(ValueRefusedError), tx.savepoint():
            change(tx, 2)
            tx.run("INSERT INTO person VALUES (3, 'c', -1)")

    with shop.transaction("test", "read") as tx:
        assert tx.scalars("SELECT age FROM person ORDER BY person_id") == [2, 2]


def test_what_an_undone_savepoint_announced_is_not_taken_over(shop):
    with shop.transaction("test", "two") as tx:
        tx.announced.append("kept")
        with pytest.raises(LookupError), tx.savepoint():
            tx.announced.append("undone")
            raise LookupError

    assert tx.announced == ["kept"]


def test_a_lock_that_does_not_come_free_in_time_is_contention(shop):
    with shop.transaction("test", "first") as first:
        change(first, 1)
        with pytest.raises(ContendedError) as refusal, shop.transaction("test", "second") as second:
            second.run("SET LOCAL lock_timeout = '20ms'")
            change(second, 1)

    assert refusal.value.sqlstate == "55P03"


def test_a_statement_that_takes_too_long_is_contention(shop):
    with pytest.raises(ContendedError), shop.transaction("test", "sleep") as tx:
        tx.run("SET LOCAL statement_timeout = '20ms'")
        tx.run("SELECT pg_sleep(5)")


def test_in_a_deadlock_one_is_told_of_contention_and_the_other_finishes(shop):
    both_hold_one = threading.Barrier(2)
    outcomes = []

    def cross(mine, theirs):
        try:
            with shop.transaction("test", "cross") as tx:
                tx.run("SET LOCAL deadlock_timeout = '20ms'")
                change(tx, mine)
                both_hold_one.wait()
                change(tx, theirs)
            outcomes.append("finished")
        except ContendedError as error:
            outcomes.append(error.sqlstate)

    threads = [threading.Thread(target=cross, args=pair) for pair in ((1, 2), (2, 1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["40P01", "finished"]


def test_a_lost_connection_says_so_and_the_next_transaction_gets_a_new_one(shop, url):
    with pytest.raises(DatabaseUnavailableError), shop.transaction("test", "lost") as tx:
        [process_id] = tx.scalars("SELECT pg_backend_pid()")
        with psycopg.connect(url, autocommit=True) as killer:
            killer.execute("SELECT pg_terminate_backend(%s, 5000)", (process_id,))
        change(tx, 1)

    with shop.transaction("test", "again") as tx:
        assert tx.scalars("SELECT age FROM person WHERE person_id = 1") == [1]


def test_a_connection_that_was_ended_while_it_waited_is_not_used_again(shop, url):
    with shop.transaction("test", "used") as tx:
        [process_id] = tx.scalars("SELECT pg_backend_pid()")
    with psycopg.connect(url, autocommit=True) as killer:
        killer.execute("SELECT pg_terminate_backend(%s, 5000)", (process_id,))

    with shop.transaction("test", "again") as tx:
        assert tx.scalars("SELECT pg_backend_pid()") != [process_id]


@pytest.mark.parametrize(("trusted_s", "questions"), [(60.0, 1), (0.0, 3)])
def test_a_connection_that_answered_lately_is_not_asked_again(
    database, trusted_s, questions, monkeypatch
):
    asked = []
    pool = psycopg_pool.ConnectionPool
    monkeypatch.setattr(pool, "check_connection", staticmethod(asked.append))
    monkeypatch.setattr("oneshelf.base.database.TRUSTED_S", trusted_s)

    for _ in range(3):
        with database.transaction("test", "used"):
            pass

    assert len(asked) == questions


AT, LATER = datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 3, 29, 2, 0, 0, 1, tzinfo=UTC)
LISTS = {
    "bigint": [[], [7], [7, 7, 7], [7, -8, 7], [None], [None, None], [7, None, 7]],
    "bool": [[True, True], [True, False, True]],
    "float8": [[0.1, 0.1], [0.1, 2.0, 0.1]],
    "text": [["", ""], ['a "b\\', 'a "b\\'], ["NULL", "{x},", "NULL"], ["é", None, "é"]],
    "bytea": [[b"\\x0\0", b"\\x0\0"], [b"", b"\xff", b""]],
    "date": [[AT.date(), AT.date()], [AT.date(), None]],
    "timestamptz": [[AT, AT], [AT, LATER, AT], [AT, None, AT]],
    "uuid": [[UUID(int=1)] * 2, [UUID(int=1), UUID(int=2), UUID(int=1)]],
}


@pytest.mark.parametrize(
    ("kind", "values"), [(kind, values) for kind, lists in LISTS.items() for values in lists]
)
def test_a_list_arrives_as_it_was_sent(database, kind, values):
    with database.transaction("test", "list") as tx:
        assert tx.scalars(f"SELECT %(values)s::{kind}[]", values=values) == [values]


def test_a_defect_of_ours_shows_its_sqlstate_alone(database):
    with pytest.raises(OneshelfError) as refusal, database.transaction("test", "typo") as tx:
        tx.run("SELECT 'Canary' FROM nowhere")

    assert refusal.value.code == "server_failed"
    assert "42P01" in str(refusal.value)
    assert "Canary" not in str(refusal.value)


def test_every_transaction_is_read_committed_whatever_the_server_prefers(url):
    with psycopg.connect(url, autocommit=True) as connection:
        name = psycopg.sql.Identifier(connection.info.dbname)
        preference = "ALTER DATABASE {} SET default_transaction_isolation = 'serializable'"
        connection.execute(psycopg.sql.SQL(preference).format(name))
    database = Database(url)
    with database.transaction("test", "isolation") as tx:
        [isolation] = tx.scalars("SHOW transaction_isolation")
    database.close()

    assert isolation == "read committed"


def test_a_database_beside_is_made_once_and_kept(empty_url):
    beside = database_beside(empty_url, "beside")
    try:
        with psycopg.connect(beside) as connection:
            connection.execute("CREATE TABLE kept ()")

        assert database_beside(empty_url, "beside") == beside
        with psycopg.connect(beside) as connection:
            assert connection.info.dbname.endswith("_beside")
            assert connection.execute("SELECT to_regclass('kept') IS NOT NULL").fetchone() == (
                True,
            )
    finally:
        with psycopg.connect(empty_url, autocommit=True) as connection:
            name = Identifier(f"{connection.info.dbname}_beside")
            connection.execute(SQL("DROP DATABASE IF EXISTS {}").format(name))
