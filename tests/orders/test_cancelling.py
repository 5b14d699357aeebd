"""A cancellation takes back what no carrier has, once, and gives stock and capacity back."""

import pytest

from oneshelf.base.identifiers import NodeId, OrderId
from oneshelf.matching.capacity.actions import find_drift
from oneshelf.orders.changes.actions import cancel
from oneshelf.orders.changes.cancelling import Cancellation
from oneshelf.outbound.packing.actions import pack
from oneshelf.outbound.shipping.actions import Shipment, ship
from shop import order


def placed(life, *lines, **other):
    [answer] = life.place(order(*lines, **other))
    return answer.number


def test_a_cancelled_order_gives_its_units_back(life):
    number = placed(life, ("LAMP", 2), ("VASE", 1))
    [answer] = life.do(cancel, [Cancellation(number, "changed_mind")])

    assert (answer.outcome, answer.units) == ("cancelled", 3)
    assert life.state(number).status() == "cancelled"
    assert life.stock("LAMP", "leeds") == {"available": 5}
    assert life.facts(number)[-1] == "OrderCancelled"


def test_cancelling_twice_is_once(life):
    number = placed(life, ("LAMP", 3))
    wish = Cancellation(number, "changed_mind", line_no=1, units_kept=1)
    first, second = life.do(cancel, [wish, wish])
    [third] = life.do(cancel, [wish])

    assert (first.units, second.outcome, third.outcome) == (
        2,
        "nothing_to_cancel",
        "nothing_to_cancel",
    )
    assert life.standing(number) == {(1, "sourced", "leeds"): 1, (1, "cancelled", "leeds"): 2}
    assert life.stock("LAMP", "leeds") == {"available": 4, "committed": 1}


def test_cancelling_in_the_middle_of_picking_recalls_the_work(life):
    number = placed(life, ("LAMP", 2), ("VASE", 1))
    life.settle()
    life.pick_all(number)
    life.do(cancel, [Cancellation(number, "changed_mind", line_no=1)])

    assert life.standing(number) == {(1, "cancelled", "leeds"): 2, (2, "picked", "leeds"): 1}
    assert life.stock("LAMP", "leeds") == {"available": 3, "picked": 2}
    assert life.stock("VASE", "leeds") == {"available": 4, "picked": 1}
    assert life.facts(number)[-2:] == ["PickRecalled", "OrderCancelled"]


def test_what_a_carrier_has_is_too_late(life):
    number = placed(life, ("LAMP", 2))
    life.settle()
    life.pick_all(number)
    parcel_id = life.parcels(number)["leeds"]
    life.do(pack, [parcel_id])
    life.do(ship, [Shipment(parcel_id, "T1")])
    [answer] = life.do(cancel, [Cancellation(number, "changed_mind")])

    assert (answer.outcome, answer.units_too_late) == ("too_late", 2)


def test_part_of_a_kit_line_gives_back_whole_kits(life):
    number = placed(life, ("SET", 2))
    life.do(cancel, [Cancellation(number, "changed_mind", line_no=1, units_kept=1)])

    assert life.stock("LAMP", "leeds") == {"available": 3, "committed": 2}
    assert life.stock("VASE", "leeds") == {"available": 4, "committed": 1}


def test_a_waiting_line_that_is_cancelled_gets_nothing_any_more(life):
    number = placed(life, ("VASE", 7), channel="market")
    life.do(cancel, [Cancellation(number, "changed_mind", line_no=1, units_kept=6)])
    waiting = life.standing(number)
    life.do(cancel, [Cancellation(number, "changed_mind")])

    assert waiting == {
        (1, "sourced", "leeds"): 5,
        (1, "unsourced", None): 1,
        (1, "cancelled", None): 1,
    }
    assert life.rows("SELECT count(*) FROM inventory.claim WHERE status = 'open'") == [(0,)]
    assert life.stock("VASE", "leeds") == {"available": 5}


def test_what_is_given_back_serves_who_waited(life):
    first = placed(life, ("VASE", 5))
    second = placed(life, ("VASE", 2), channel="market")
    life.do(cancel, [Cancellation(first, "changed_mind")])
    life.settle()

    assert life.standing(second) == {(1, "released", "leeds"): 2}
    assert life.stock("VASE", "leeds") == {"available": 3, "committed": 2}


def test_an_emptied_parcel_gives_its_nodes_capacity_back(life):
    number = placed(life, ("LAMP", 1), node=NodeId("london"))
    life.do(cancel, [Cancellation(number, "changed_mind")])

    assert life.rows("SELECT count(*) FROM matching.capacity_hold") == [(0,)]
    with life.database.transaction("test", "audit") as tx:
        assert find_drift(tx) == []


@pytest.mark.parametrize(
    ("wish", "outcome"),
    [
        (Cancellation(OrderId(1), "x"), "unknown_order"),
        (Cancellation(OrderId(10_001), "x", line_no=9), "unknown_line"),
    ],
    ids=["order", "line"],
)
def test_what_nobody_knows_is_answered_so(life, wish, outcome):
    placed(life, ("LAMP", 1))
    [answer] = life.do(cancel, [wish])

    assert answer.outcome == outcome
