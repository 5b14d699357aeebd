"""What PostgreSQL means to do with the hot statements, when every table is large."""

from pathlib import Path
from random import Random

import pytest
from hearing import draw, plans_of, steps_of
from hot_statements import CALLS, LOCKING, NEWS, NOW, PAGES

from oneshelf.base.database import Database
from oneshelf.inventory.ledger import STATES, Movement
from oneshelf.inventory.shelf import store as shelf

pytestmark = pytest.mark.xdist_group("plans")  # filling the tables takes longer than looking

ROWS_LARGE_MIN = 4_000
LARGE = "SELECT relname FROM pg_class WHERE relkind IN ('r', 'i') AND reltuples >= %(rows)s"
INDEXED_COLUMNS = """
    SELECT index.relname, array_agg(attname::text ORDER BY attnum)
      FROM pg_class AS index JOIN pg_attribute ON attrelid = index.oid
     WHERE relkind = 'i'
     GROUP BY index.relname
"""
UPDATED = """
    SELECT n_tup_upd, n_tup_hot_upd
      FROM pg_stat_xact_user_tables
     WHERE relid = 'inventory.point'::regclass
"""
FIGURES_INDEXED = """
    SELECT pg_get_indexdef(pg_depend.objid)
      FROM pg_depend
      JOIN pg_index ON indexrelid = objid
      JOIN pg_attribute ON attrelid = refobjid AND attnum = refobjsubid
     WHERE refobjid = 'inventory.point'::regclass AND attname = ANY(%(figures)s)
"""


@pytest.fixture(scope="module")
def crowded_url(module_url):
    """Address of a database with large tables."""
    database = Database(module_url)
    with database.transaction("test", "test") as tx:
        tx.run_script(Path(__file__).with_name("crowded.sql").read_text())
        tx.run_script("ANALYZE")
    database.close()
    return module_url


@pytest.fixture
def crowd(crowded_url):
    """A large database on a connection of its own, so that it has prepared nothing yet."""
    database = Database(crowded_url, connections_max=1)
    yield database
    database.close()


@pytest.fixture(scope="module")
def large(crowded_url):
    database = Database(crowded_url)
    with database.transaction("test", "test") as tx:
        names = set(tx.scalars(LARGE, rows=ROWS_LARGE_MIN))
    database.close()
    return names


def reads_whole(step, large):
    """Say whether a step may look at every row of a large table.

    It does if nothing bounds it, or only from below: `parcel_id > $1` is all of them for 0.
    """
    if step["Node Type"] == "Seq Scan":
        return step["Relation Name"] in large
    if step["Node Type"] in {"Index Scan", "Index Only Scan", "Bitmap Index Scan"}:
        bounded = {"=", "<", "<="} & set(step.get("Index Cond", "").split())
        return step["Index Name"] in large and not bounded
    return False


def test_the_tables_are_large(large):
    assert large > {
        *("point", "receipt_line", "movement", "reservation", "commitment", "claim"),
        *("fact", "repeat_key", "capacity_day", "cart_capacity", "decision", "exception"),
        *("sales_order", "line", "parcel", "quantity", "progress", "contact", "shipment"),
        *("point_pkey", "fact_pkey", "sales_order_by_placed"),
    }


@pytest.mark.parametrize("name", CALLS)
def test_a_hot_statement_reads_no_large_table_whole(crowd, large, name):
    plans = plans_of(crowd, CALLS[name])
    whole = [plan for plan in plans if any(reads_whole(step, large) for step in steps_of(plan))]

    assert len(plans) > 1
    assert not whole, "\n\n".join(map(draw, whole))


@pytest.mark.parametrize("name", PAGES)
def test_a_page_walks_one_index_until_it_is_full(crowd, large, name):
    index, call = PAGES[name]
    plans = plans_of(crowd, call)
    steps = [step for plan in plans for step in steps_of(plan)]
    kinds = [step["Node Type"] for step in steps]
    walked = {step.get("Index Name") for step in steps if reads_whole(step, large)}

    assert (kinds.count("Limit"), kinds.count("Sort")) == (2, 0)
    assert walked <= {index}


@pytest.mark.parametrize("name", NEWS)
def test_news_are_read_from_the_place_of_the_reader(crowd, large, name):
    plans = plans_of(crowd, NEWS[name])
    steps = [step for plan in plans for step in steps_of(plan) if reads_whole(step, large)]

    assert [step.get("Index Name") for step in steps] == ["fact_pkey"] * len(plans)
    assert all("fact_id > " in step["Index Cond"] for step in steps)


@pytest.mark.parametrize("name", LOCKING)
def test_rows_are_locked_in_the_order_of_their_key(crowd, name):
    key, call = LOCKING[name]
    plans = plans_of(crowd, call)
    with crowd.transaction("test", "test") as tx:
        columns = dict(tx.tuples(INDEXED_COLUMNS))
    locks = [s for plan in plans for s in steps_of(plan) if s["Node Type"] == "LockRows"]

    assert len(locks) == 2
    for lock in locks:
        [locked] = [s for s in lock["Plans"] if s["Parent Relationship"] == "Outer"]
        assert order_of(locked, columns)[: len(key)] == key


def order_of(step, columns):
    """Return the columns by which a step's rows come sorted."""
    if "Sort Key" in step:
        return [column.rpartition(".")[2] for column in step["Sort Key"]]
    if "Index Name" in step and step["Scan Direction"] == "Forward":
        return columns[step["Index Name"]]
    if step["Node Type"] in {"Nested Loop", "Subquery Scan", "Unique"}:
        return order_of(step["Plans"][0], columns)
    return []


@pytest.mark.parametrize("points_max", [20_000, 1], ids=["spread", "coveted"])
def test_moving_units_touches_no_index_of_points(crowd, points_max):
    chance, updated, hot = Random(7), 0, 0
    for _ in range(100):
        points = {chance.randint(1, points_max) for _ in range(10)}
        with crowd.transaction("test", "test") as tx:
            moves = [Movement(p, "available", "committed", 1, "sold") for p in points]
            shelf.move(tx, moves, NOW)
            [(more, more_hot)] = tx.tuples(UPDATED)
        updated, hot = updated + more, hot + more_hot

    assert hot > 0.97 * updated > 0  # a page that the checkpointer reads just then is not cleared


def test_no_index_mentions_a_figure_of_a_point(crowd):
    with crowd.transaction("test", "test") as tx:
        found = tx.scalars(FIGURES_INDEXED, figures=[*STATES, "version"])

    assert found == []
