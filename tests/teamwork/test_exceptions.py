"""What no rule could settle stands in one queue, once, until somebody closes it."""

from oneshelf.base.identifiers import LineId, NodeId, Sku
from oneshelf.inventory.facts import UnitsFoundAtTill
from oneshelf.orders.facts import LinesUnsourced
from oneshelf.teamwork.exceptions.actions import close, open_exceptions
from orders_made import RUG, make_order


def queue(tx):
    return tx.tuples(
        "SELECT exception_id, kind, order_id, closed_by FROM teamwork.exception ORDER BY 1"
    )


def test_one_exception_for_a_kind_and_an_order_however_often_it_is_told(database, now):
    with database.transaction("test", "facts") as tx:
        order_id = make_order(tx, now, [(RUG, 1, "unsourced", None)])
        fact = LinesUnsourced(order_id, (LineId(1),), "out_of_stock")
        open_exceptions(tx, [fact, fact], now)
        open_exceptions(tx, [fact], now)

        assert [(kind, order) for _, kind, order, _ in queue(tx)] == [("lines_unsourced", order_id)]


def test_a_closed_exception_may_open_again(database, now):
    with database.transaction("ann", "facts") as tx:
        fact = UnitsFoundAtTill(Sku("LAMP"), NodeId("leeds"), 1)
        open_exceptions(tx, [fact], now)
        [(first, *_)] = queue(tx)
        closed = [close(tx, [first], now), close(tx, [first], now)]
        open_exceptions(tx, [fact], now)

        assert closed == [1, 0]
        assert [by for *_, by in queue(tx)] == ["ann", None]
