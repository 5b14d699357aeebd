"""Picked, then cancelled: nobody may have the units until somebody has put them back."""

import pytest

from oneshelf.base.identifiers import NodeId, Sku, new_id
from oneshelf.orders.changes.actions import cancel
from oneshelf.orders.changes.cancelling import Cancellation
from oneshelf.outbound.packing.actions import pack
from oneshelf.outbound.pickup.actions import make_ready
from oneshelf.outbound.putting_back.actions import put_back
from oneshelf.outbound.putting_back.tote_reports import ToteReport
from oneshelf.outbound.shipping.actions import Shipment, ship
from oneshelf.web.outbound.reads import find_recalled
from shop import order


def tote(number, units, sku="LAMP", found="available", line_no=1):
    return ToteReport(new_id(), number, line_no, NodeId("leeds"), Sku(sku), units, found)


def picked(life, *lines, **wishes):
    [placed] = life.place(order(*lines, **wishes))
    life.settle()
    life.pick_all(placed.number)
    return placed.number


def listed(life):
    """Return what the node's list says is to be put back."""
    with life.database.transaction("test", "look") as tx:
        rows = find_recalled(tx, "leeds", 0, 50)
    return [(row.order, row.line_no, row.parcels, row.sku, row.units) for row in rows]


def test_order_to_shelf_again(life):
    number = picked(life, ("LAMP", 2), ("VASE", 1))
    parcel = life.parcels(number)["leeds"]
    life.do(cancel, [Cancellation(number, "changed_mind", line_no=1)])
    before = listed(life), life.stock("LAMP", "leeds")
    report = tote(number, 2)
    [first], [again] = life.do(put_back, [report]), life.do(put_back, [report])
    life.do(pack, [parcel])
    life.do(ship, [Shipment(parcel, "T1")])

    assert before == ([(number, 1, [parcel], "LAMP", 2)], {"available": 3, "picked": 2})
    assert (first.outcome, first.units) == ("put_back", 2)
    assert (again.outcome, again.units) == ("nothing_to_put_back", 0)
    assert listed(life) == []
    assert life.stock("LAMP", "leeds") == {"available": 5}
    assert life.standing(number) == {(1, "cancelled", "leeds"): 2, (2, "shipped", "leeds"): 1}
    assert life.facts(number)[3:6] == ["PickRecalled", "OrderCancelled", "UnitsPutBack"]


@pytest.mark.parametrize("closed", ["packed", "ready"])
def test_what_was_closed_already_is_put_back_too(life, closed):
    wishes = {"method": "pickup", "node": NodeId("leeds")} if closed == "ready" else {}
    number = picked(life, ("LAMP", 2), **wishes)
    parcel = life.parcels(number)["leeds"]
    life.do(pack, [parcel])
    if closed == "ready":
        life.do(make_ready, [parcel])
    life.do(cancel, [Cancellation(number, "changed_mind")])
    waiting = life.stock("LAMP", "leeds")
    life.do(put_back, [tote(number, 2)])

    assert waiting == {"available": 3, "picked": 2}
    assert life.stock("LAMP", "leeds") == {"available": 5}


def test_a_part_of_a_line_is_put_back_and_the_rest_is_sent(life):
    number = picked(life, ("LAMP", 3))
    parcel = life.parcels(number)["leeds"]
    life.do(cancel, [Cancellation(number, "changed_mind", line_no=1, units_kept=1)])
    [too_many] = life.do(put_back, [tote(number, 3)])
    life.do(pack, [parcel])
    life.do(ship, [Shipment(parcel, "T1")])

    assert too_many.units == 2
    assert life.standing(number) == {(1, "cancelled", "leeds"): 2, (1, "shipped", "leeds"): 1}
    assert life.stock("LAMP", "leeds") == {"available": 4}


def test_the_parts_of_a_kit_are_put_back_one_by_one(life):
    number = picked(life, ("SET", 1))
    life.do(cancel, [Cancellation(number, "changed_mind")])
    found = [(sku, units) for *_, sku, units in listed(life)]
    life.do(put_back, [tote(number, 2), tote(number, 1, "VASE", "damaged")])

    assert sorted(found) == [("LAMP", 2), ("VASE", 1)]
    assert life.stock("LAMP", "leeds") == {"available": 5}
    assert life.stock("VASE", "leeds") == {"available": 4, "damaged": 1}


def test_an_older_claim_gets_what_is_put_back_and_only_then(life):
    number = picked(life, ("LAMP", 5))
    [late] = life.place(order(("LAMP", 6), channel="market", method="pickup", node=NodeId("leeds")))
    life.do(cancel, [Cancellation(number, "changed_mind")])
    life.settle()
    before = life.standing(late.number)
    life.do(put_back, [tote(number, 5)])
    life.settle()

    assert before == {(1, "unsourced", None): 6}
    assert life.standing(late.number)[1, "released", "leeds"] == 5
    assert life.stock("LAMP", "leeds") == {"committed": 5}


def test_units_that_are_not_in_their_tote_leave_the_books(life):
    number = picked(life, ("LAMP", 2))
    life.do(cancel, [Cancellation(number, "changed_mind")])
    life.do(put_back, [tote(number, 2, found="lost")])

    assert life.stock("LAMP", "leeds") == {"available": 3}


def test_nothing_is_put_back_that_nobody_called_back(life):
    number = picked(life, ("LAMP", 2))
    reports = [tote(number, 1), tote(number, 1, line_no=7), tote(99, 1)]
    answers = life.do(put_back, reports)

    assert [one.outcome for one in answers] == [
        "nothing_to_put_back",
        "unknown_line",
        "unknown_order",
    ]
    assert life.stock("LAMP", "leeds") == {"available": 3, "picked": 2}
