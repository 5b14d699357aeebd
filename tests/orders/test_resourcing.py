"""Lost units find another source, waiting ones a parcel; told twice, nothing happens twice."""

from datetime import date, timedelta

import pytest

from oneshelf.base.identifiers import NodeId, Sku, new_id
from oneshelf.inventory.facts import ClaimServed, CommitmentLost
from oneshelf.inventory.receipts.actions import re_date, receive
from oneshelf.inventory.receipts.arriving import Received
from oneshelf.orders.changes.actions import cancel
from oneshelf.orders.changes.cancelling import Cancellation
from oneshelf.orders.resourcing.actions import source_again
from oneshelf.orders.serving.actions import source_served
from oneshelf.outbound.picking.picks import Pick
from shop import MONDAY, inbound, order, stock


def placed(life, *lines, **other):
    [answer] = life.place(order(*lines, **other))
    return answer.number


def test_everybody_who_lost_units_of_an_empty_shelf_gets_others(life):
    first = placed(life, ("LAMP", 2))
    second = placed(life, ("LAMP", 2))
    life.settle()
    life.pick(Pick(life.parcels(first)["leeds"], 1, 0, short="not_in_stock"))
    life.settle()

    assert life.standing(first) == {(1, "released", "london"): 2}
    assert life.standing(second) == {(1, "released", "london"): 2}
    assert life.stock("LAMP", "leeds") == {}
    assert life.stock("LAMP", "london") == {"available": 1, "committed": 4}


def test_a_node_that_failed_is_not_asked_again(life):
    number = placed(life, ("LAMP", 2))
    life.settle()
    for node in ("leeds", "london"):
        life.pick(Pick(life.parcels(number)[node], 1, 0, short="mismatch"))
        life.settle()

    assert life.standing(number) == {(1, "unsourced", None): 2}
    assert life.stock("LAMP", "leeds") == {"available": 3}
    assert life.open_exceptions() == [("lines_unsourced", number)]


def test_a_rejected_pickup_stays_at_its_store_for_the_customer_to_decide(life):
    number = placed(life, ("LAMP", 2), method="pickup", node=NodeId("london"))
    life.settle()
    life.pick(Pick(life.parcels(number)["london"], 1, 0, short="not_in_stock"))
    life.settle()

    assert life.standing(number) == {(1, "unsourced", None): 2}
    assert life.stock("LAMP", "leeds") == {"available": 5}
    assert life.open_exceptions() == [("lines_unsourced", number)]


@pytest.mark.parametrize("method", ["ship", "pickup"])
def test_an_unfit_unit_is_replaced_from_the_same_shelf(life, method):
    number = placed(life, ("LAMP", 2), method=method, node=NodeId("london"))
    life.settle()
    life.pick(Pick(life.parcels(number)["london"], 1, 0, short="damaged"))
    life.settle()

    assert life.standing(number) == {(1, "released", "london"): 2}
    assert life.stock("LAMP", "london") == {"available": 1, "committed": 2, "damaged": 2}


def test_a_kit_that_lost_a_part_goes_whole_to_another_place(life):
    stock(life.database, ("VASE", "london", 5))
    life.refresh()
    number = placed(life, ("SET", 1))
    life.settle()
    node = next(iter(life.parcels(number)))
    other = "london" if node == "leeds" else "leeds"
    life.pick(Pick(life.parcels(number)[node], 1, 0, short="mismatch", sku=Sku("VASE")))
    life.settle()

    assert life.standing(number) == {(1, "released", other): 1}
    assert life.stock("LAMP", node) == {"available": 5}
    assert life.stock("VASE", node) == {"available": 4}
    assert life.stock("LAMP", other) == {"available": 3, "committed": 2}


def test_losses_and_services_told_twice_change_nothing(life):
    number = placed(life, ("LAMP", 2))
    [line] = life.state(number).lines.values()
    before = life.state(number)
    lost = CommitmentLost(number, line.line_id, NodeId("leeds"), Sku("LAMP"), 2, "mismatch")
    served = ClaimServed(number, line.line_id, NodeId("leeds"), 2)
    with life.database.transaction("test", "again") as tx:
        source_again(life.outlook, tx, [lost, lost], life.now)
        source_served(life.outlook, tx, [served, served], life.now)

    assert life.state(number) == before


def test_a_till_sale_of_a_promised_unit_sends_the_order_from_elsewhere(life):
    number = placed(life, ("LAMP", 5))
    life.settle()
    placed(life, ("LAMP", 1), channel="till", method="carried", node=NodeId("leeds"))
    life.settle()

    assert life.standing(number) == {(1, "released", "leeds"): 4, (1, "released", "london"): 1}
    assert "PickRecalled" in life.facts(number)


def test_a_backorder_is_served_by_its_receipt_and_keeps_its_parcel(life):
    receipt = inbound(life.database, "RUG", "york", 5, MONDAY + timedelta(days=3))
    life.refresh()
    number = placed(life, ("RUG", 2), backorder="accepted")
    waiting = life.standing(number)
    parcels = life.parcels(number)
    life.do(receive, [Received(new_id(), receipt, 5)])
    life.settle()

    assert waiting == {(1, "backordered", "york"): 2}
    assert life.standing(number) == {(1, "released", "york"): 2}
    assert life.parcels(number) == parcels
    assert life.stock("RUG", "york") == {"available": 3, "committed": 2}


def test_a_backorder_that_is_served_earlier_elsewhere_gets_a_new_day(life):
    inbound(life.database, "RUG", "york", 5, MONDAY + timedelta(days=9))
    life.refresh()
    number = placed(life, ("RUG", 2), backorder="accepted")
    before = life.state(number).head.promised_on
    stock(life.database, ("RUG", "leeds", 2))
    life.settle()

    assert life.standing(number) == {(1, "released", "leeds"): 2}
    assert before > date(2026, 1, 13)
    assert life.state(number).head.promised_on == date(2026, 1, 6)
    assert "PromiseChanged" in life.facts(number)


def test_units_served_to_an_order_that_was_cancelled_meanwhile_go_back(life):
    number = placed(life, ("VASE", 6), channel="market")
    stock(life.database, ("VASE", "york", 3))
    life.do(cancel, [Cancellation(number, "changed_mind")])
    life.settle()

    assert life.state(number).status() == "cancelled"
    assert life.stock("VASE", "york") == {"available": 3}


def test_a_late_delivery_moves_the_promises_that_stand_on_it(life):
    receipt = inbound(life.database, "RUG", "york", 5, MONDAY + timedelta(days=3))
    life.refresh()
    number = placed(life, ("RUG", 2), backorder="accepted")
    before = life.state(number).head.promised_on
    life.do(re_date, {receipt: MONDAY + timedelta(days=8)})
    life.settle()
    life.settle()

    assert life.state(number).head.promised_on == before + timedelta(days=5)
    assert life.facts(number).count("PromiseChanged") == 1
    assert life.standing(number) == {(1, "backordered", "york"): 2}


def test_a_delivery_that_will_not_come_takes_the_date_away(life):
    receipt = inbound(life.database, "RUG", "york", 5, MONDAY + timedelta(days=3))
    life.refresh()
    number = placed(life, ("RUG", 4), backorder="accepted")
    life.do(receive, [Received(new_id(), receipt, 1, rest="will_not_come")])
    life.settle()
    late = life.standing(number)
    stock(life.database, ("RUG", "leeds", 9))
    life.settle()

    assert late == {(1, "released", "york"): 1, (1, "unsourced", None): 3}
    assert life.standing(number) == {(1, "released", "york"): 1, (1, "released", "leeds"): 3}
    assert life.state(number).head.promised_on == date(2026, 1, 6)
    assert life.open_exceptions() == []


def test_a_kit_that_waits_for_a_part_gives_the_others_back_when_it_is_cancelled(life):
    receipt = inbound(life.database, "VASE", "london", 5, MONDAY + timedelta(days=3))
    life.refresh()
    number = placed(life, ("SET", 2), backorder="accepted", node=NodeId("london"))
    life.do(cancel, [Cancellation(number, "changed_mind", line_no=1, units_kept=1)])
    partly = life.stock("LAMP", "london")
    life.do(receive, [Received(new_id(), receipt, 5)])
    life.settle()

    assert partly == {"available": 3, "committed": 2}
    assert life.standing(number) == {(1, "released", "london"): 1, (1, "cancelled", "london"): 1}
    assert life.stock("VASE", "london") == {"available": 4, "committed": 1}


def test_what_placing_leaves_of_a_huge_sold_order_gets_its_parcels_from_the_worker(life):
    stock(life.database, ("RUG", "leeds", 1_000), ("RUG", "london", 1_000))
    life.refresh()

    [placed] = life.place(order(("RUG", 1_500), channel="market"))
    left = sum(line.units for line in placed.waiting)
    assert 0 < left < 1_500  # others wait: placing stops after some parcels
    assert len(placed.parcels) >= 8  # after several plans, not after the first

    life.settle()
    assert {status for _, status, _ in life.standing(placed.number)} == {"released"}
    assert sum(life.standing(placed.number).values()) == 1_500
    assert len(life.state(placed.number).parcels) == 150  # ten rugs of 3 kg are a parcel


def test_what_a_whole_order_waits_for_already_is_locked_when_it_begins_to_wait_for_more(life):
    stock(life.database, ("RUG", "leeds", 2))
    life.refresh()
    number = placed(life, ("SET", 1), ("RUG", 2), channel="market", splitting="together")
    life.settle()
    placed(life, ("RUG", 2), channel="till", method="carried", node=NodeId("leeds"))
    life.settle()
    stock(life.database, ("RUG", "london", 1))  # too few for all at once, so it stands free
    life.settle()
    placed(life, ("VASE", 5), channel="till", method="carried", node=NodeId("leeds"))
    life.settle()

    assert life.standing(number) == {(1, "unsourced", None): 1, (2, "unsourced", None): 2}
    assert life.stock("RUG", "london") == {"available": 1}
    assert "committed" not in life.stock("LAMP", "leeds")
