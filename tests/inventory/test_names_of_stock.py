"""Nothing stands in stock under a name that the catalog does not know."""

import pytest

from oneshelf.base.errors import ValueRefusedError
from oneshelf.base.identifiers import NodeId, Sku, new_id
from oneshelf.inventory.counting.actions import adjust
from oneshelf.inventory.counting.saying import Adjusted
from oneshelf.inventory.ledger import StockPoint
from oneshelf.inventory.receipts.actions import expect
from oneshelf.inventory.receipts.arriving import Expected, ExpectedLine
from shop import MONDAY

NAMED_COLUMNS = """
    SELECT relname || '.' || attname,
           EXISTS (SELECT FROM pg_constraint
                    WHERE contype = 'f' AND conrelid = pg_class.oid AND conkey = ARRAY[attnum]
                      AND confrelid = CASE attname WHEN 'sku' THEN 'catalog.product'::regclass
                                                   ELSE 'catalog.node'::regclass END)
      FROM pg_attribute
      JOIN pg_class ON pg_class.oid = attrelid
     WHERE relnamespace = 'inventory'::regnamespace AND relkind = 'r' AND attname IN ('sku', 'node')
"""
BUSY = ("inventory.movement", "inventory.commitment")


def test_every_column_that_names_a_sku_or_a_node_points_to_the_catalog(database):
    with database.transaction("test", "look") as tx:
        pointing = dict(tx.tuples(NAMED_COLUMNS))

    assert {"point.sku", "point.node", "receipt_line.sku", "claim.sku"} < pointing.keys()
    assert {name for name, points in pointing.items() if not points} == set()


def test_no_movement_and_no_commitment_is_checked_against_another_table(database):
    with database.transaction("test", "look") as tx:
        checks = tx.scalars(
            "SELECT conname FROM pg_constraint"
            " WHERE contype = 'f' AND conrelid::regclass::text = ANY(%(busy)s)",
            busy=list(BUSY),
        )

    assert checks == []


@pytest.mark.parametrize(("sku", "node"), [("LIMP", "berlin"), ("LAMP", "bärlin")])
def test_the_database_refuses_what_a_door_let_through(database, sku, node):
    point = StockPoint(Sku(sku), NodeId(node))
    came = [Adjusted(new_id(), point, 1, "found")]
    line = ExpectedLine(1, point.sku, point.node, MONDAY, 1)
    for verb in (
        lambda tx: adjust(tx, came, MONDAY),
        lambda tx: expect(tx, [Expected("ASN", (line,))], MONDAY),
    ):
        with (
            pytest.raises(ValueRefusedError, match=r"_(sku|node)_fkey"),
            database.transaction("test", "stock") as tx,
        ):
            verb(tx)
