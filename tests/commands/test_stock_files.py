"""A stock file of any size: set once, whatever breaks it off, and as counting each shelf would."""

import os
import signal
import subprocess
import sys
import time

import pytest

from oneshelf.base.errors import OneshelfError
from oneshelf.base.identifiers import NodeId, Sku, new_id
from oneshelf.inventory.auditing.actions import audit
from oneshelf.inventory.counting.actions import count
from oneshelf.inventory.counting.saying import Counted
from oneshelf.inventory.ledger import StockPoint
from oneshelf.inventory.stocktaking.actions import advance, begin, find_apart, set_shelves
from oneshelf.inventory.stocktaking.filed import ShelfRow
from shop import MONDAY, Shop, order, product

ROWS_PER_PART = 5_000
FIGURES = """
    SELECT sku, node, lot, available, reserved, committed, picked, outside
      FROM inventory.point
     WHERE receipt_line_id IS NULL
     ORDER BY sku, node, lot
"""


def rows(*shelves):
    return [
        ShelfRow(line, Sku(sku), NodeId(node), lot, units)
        for line, (sku, node, lot, units) in enumerate(shelves, start=2)
    ]


def figures(database):
    with database.transaction("test", "look") as tx:
        assert audit(tx) == []
        return tx.tuples(FIGURES)


def committed(database):
    """Write a shop where three of five lamps in Leeds are promised to an order."""
    shop = Shop.opened(database, [("LAMP", "leeds", 5), ("VASE", "york", 2), ("RUG", "york", 4)])
    shop.place(order(("LAMP", 3)))
    return shop


@pytest.fixture
def big_file(tmp_path, database):
    """Many parts of rows, for shelves that are all there are."""
    skus = [f"P{number}" for number in range(10_000)]
    Shop.opened(database, products=[product(sku) for sku in skus])
    lines = [f"{sku},{node},7\n" for node in ("leeds", "york", "london") for sku in skus]
    file = tmp_path / "stock.csv"
    file.write_text("sku,node,units\n" + "".join(lines))
    return file


def test_a_file_sets_shelves_exactly_as_counting_each_would(database):
    said = (
        ("LAMP", "leeds", None, 4),  # 3 are promised
        ("VASE", "york", None, 0),
        ("RUG", "york", None, 4),
        ("RUG", "leeds", "L1", 6),
    )
    committed(database)
    with database.transaction("test", "file") as tx:
        changed = set_shelves(tx, rows(*said), "opening", MONDAY)
    by_file = figures(database)
    with database.transaction("test", "back") as tx:
        set_shelves(
            tx,
            rows(("LAMP", "leeds", None, 5), ("VASE", "york", None, 2), ("RUG", "leeds", "L1", 0)),
            "back",
            MONDAY,
        )
        count(
            tx,
            [
                Counted(new_id(), StockPoint(Sku(sku), NodeId(node), lot), units)
                for sku, node, lot, units in said
            ],
            MONDAY,
        )

    assert changed == 3
    assert by_file == figures(database)


def test_a_row_that_says_less_than_is_promised_is_counted_apart_and_refused_to_be_set(database):
    committed(database)
    said = rows(("LAMP", "leeds", None, 2), ("VASE", "york", None, 9))
    with database.transaction("test", "look") as tx:
        apart = find_apart(tx, said)
    before = figures(database)
    with pytest.raises(OneshelfError) as refused, database.transaction("test", "file") as tx:
        set_shelves(tx, said, "opening", MONDAY)

    assert apart == {2}
    assert refused.value.code == "busy"
    assert figures(database) == before


def test_who_waits_for_a_sku_gets_it_from_a_file(database, oneshelf, tmp_path):
    shop = committed(database)
    shop.place(order(("LAMP", 3), channel="market"))  # sold: its units are missing
    shop.place(order(("VASE", 2)))
    file = tmp_path / "stock.csv"
    file.write_text("sku,node,units\nLAMP,leeds,1\nVASE,york,9\n")
    ended = oneshelf("import", "stock", file, "--json")
    facts = shop.rows("SELECT count(*) FROM base.fact WHERE name = 'CommitmentLost'")
    [shelf] = shop.rows(
        "SELECT available, committed FROM inventory.point"
        " WHERE sku = 'LAMP' AND node = 'leeds' AND receipt_line_id IS NULL"
    )

    assert (ended.code, ended.document["changed"]) == (0, 2)
    assert facts[0][0] > 0
    assert shelf == (0, 1)
    assert figures(database)


def test_two_imports_of_one_file_never_take_the_same_rows(database):
    committed(database)
    with database.transaction("test", "begin") as tx:
        mine, theirs = begin(tx, b"digest", MONDAY), begin(tx, b"digest", MONDAY)
    with database.transaction("test", "mine") as tx:
        advance(tx, mine, 100)
    with pytest.raises(OneshelfError) as refused, database.transaction("test", "theirs") as tx:
        advance(tx, theirs, 100)

    assert mine == theirs
    assert refused.value.code == "conflict"


def test_a_killed_import_goes_on_where_it_was_and_sets_no_shelf_twice(
    database, big_file, url, oneshelf
):
    importing = subprocess.Popen(
        [sys.executable, "-m", "oneshelf", "import", "stock", str(big_file)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "ONESHELF_DATABASE": url},
    )
    done = 0
    while not done:
        assert importing.poll() is None, "it ended before it could be killed"
        time.sleep(0.01)
        with database.transaction("test", "look") as tx:
            done = sum(tx.scalars("SELECT line_done FROM inventory.stocktake"))
    importing.send_signal(signal.SIGKILL)
    importing.wait()
    with database.transaction("test", "sold") as tx:  # a shelf that is in sells in between
        count(tx, [Counted(new_id(), StockPoint(Sku("P0"), NodeId("leeds")), 2)], MONDAY)
    resumed = oneshelf("import", "stock", big_file, "--json")
    sold, others = _sums(database)
    again = oneshelf("import", "stock", big_file, "--json")
    set_anew, _ = _sums(database)

    assert "Going on behind line" in resumed.err
    assert resumed.document["unchanged"] % ROWS_PER_PART == 0 < resumed.document["unchanged"]
    assert resumed.document["changed"] + resumed.document["unchanged"] == 30_000
    assert (sold, others) == (2, 29_999 * 7)
    assert (again.document["changed"], set_anew) == (1, 7)
    assert figures(database)


def _sums(database):
    with database.transaction("test", "look") as tx:
        [(sold, others)] = tx.tuples(
            "SELECT sum(available) FILTER (WHERE sku = 'P0' AND node = 'leeds'),"
            "       sum(available) FILTER (WHERE sku <> 'P0' OR node <> 'leeds')"
            "  FROM inventory.point"
        )
        [movements] = tx.scalars("SELECT count(*) FROM inventory.movement WHERE reason = 'opening'")

    assert movements in {30_000, 30_001}
    return sold, others
