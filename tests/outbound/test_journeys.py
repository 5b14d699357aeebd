"""Orders from their first wish to their end, through every door they pass."""

from datetime import date

from oneshelf.base.identifiers import NodeId, new_id
from oneshelf.outbound.packing.actions import pack
from oneshelf.outbound.picking.picks import Pick
from oneshelf.outbound.pickup.actions import hand_over, make_ready
from oneshelf.outbound.pickup.codes import HandOver
from oneshelf.outbound.shipping.actions import Delivery, Shipment, deliver, ship
from oneshelf.post_purchase.returns.actions import receive_returns
from oneshelf.post_purchase.returns.receiving import Return
from shop import order, stock


def delivered(life, *lines):
    [placed] = life.place(order(*lines))
    life.settle()
    life.pick_all(placed.number)
    for parcel_id in life.parcels(placed.number).values():
        life.do(pack, [parcel_id])
        life.do(ship, [Shipment(parcel_id, f"T{parcel_id}")])
        life.do(deliver, [Delivery(parcel_id, date(2026, 1, 6))])
    return placed.number


def test_order_to_delivery(life):
    number = delivered(life, ("LAMP", 2))

    assert life.standing(number) == {(1, "delivered", "leeds"): 2}
    assert life.stock("LAMP", "leeds") == {"available": 3}
    assert life.facts(number) == [
        "OrderPlaced",
        "OrderReleased",
        "ParcelPicked",
        "ParcelPacked",
        "ParcelShipped",
        "ParcelDelivered",
    ]
    assert life.rows("SELECT tracking_number, delivered_on FROM outbound.shipment") == [
        (f"T{life.parcels(number)['leeds']}", date(2026, 1, 6))
    ]


def test_a_kit_travels_as_its_parts(life):
    number = delivered(life, ("SET", 1))

    assert life.standing(number) == {(1, "delivered", "leeds"): 1}
    assert life.stock("LAMP", "leeds") == {"available": 3}
    assert life.stock("VASE", "leeds") == {"available": 4}


def test_order_to_pickup(life):
    [placed] = life.place(order(("LAMP", 2), method="pickup", node=NodeId("london")))
    life.settle()
    life.pick_all(placed.number)
    parcel_id = life.parcels(placed.number)["london"]
    [ready], [code] = life.do(make_ready, [parcel_id])
    [wrong] = life.do(hand_over, [HandOver(parcel_id, "222222")])
    [right] = life.do(hand_over, [HandOver(parcel_id, code.code.lower())])

    assert (ready.outcome, wrong.outcome, right.outcome) == ("done", "wrong_code", "done")
    assert wrong.attempts_left == 4
    assert life.standing(placed.number) == {(1, "handed_over", "london"): 2}
    assert life.stock("LAMP", "london") == {"available": 3}
    assert code.code not in str(life.rows("SELECT body::text FROM base.fact"))


def test_return_to_refund(life):
    number = delivered(life, ("LAMP", 3))
    back = Return(new_id(), number, 1, 2, NodeId("london"), "available")
    broken = Return(new_id(), number, 1, 1, NodeId("leeds"), "damaged")
    more = Return(new_id(), number, 1, 1, NodeId("leeds"), "available")
    answers = life.do(receive_returns, [back, broken, more])
    [again] = life.do(receive_returns, [back])

    assert [a.outcome for a in answers] == ["received", "received", "more_than_sold"]
    assert again.outcome == "already_received"
    assert life.standing(number) == {(1, "returned", "leeds"): 3}
    assert life.stock("LAMP", "london") == {"available": 7}
    assert life.stock("LAMP", "leeds") == {"available": 2, "damaged": 1}


def test_stockout_to_resourcing(life):
    [placed] = life.place(order(("LAMP", 3)))
    life.settle()
    parcel_id = life.parcels(placed.number)["leeds"]
    [answer] = life.pick(Pick(parcel_id, 1, 1, short="not_in_stock"))
    life.settle()
    again = life.pick(Pick(parcel_id, 1, 1, short="not_in_stock"))

    assert (answer.outcome, answer.units, answer.units_short) == ("short", 1, 2)
    assert again[0].outcome == "already_done"
    assert life.standing(placed.number) == {
        (1, "picked", "leeds"): 1,
        (1, "released", "london"): 2,
    }
    assert life.stock("LAMP", "leeds") == {"picked": 1}
    assert life.stock("LAMP", "london") == {"available": 3, "committed": 2}
    assert life.open_exceptions() == []


def test_stockout_everywhere_waits_in_a_persons_queue_until_stock_comes(life):
    [placed] = life.place(order(("VASE", 2)))
    life.settle()
    life.pick(Pick(life.parcels(placed.number)["leeds"], 1, 0, short="not_in_stock"))
    life.settle()
    waiting = life.standing(placed.number)
    queue = life.open_exceptions()
    stock(life.database, ("VASE", "york", 4))
    life.settle()

    assert waiting == {(1, "unsourced", None): 2}
    assert queue == [("lines_unsourced", placed.number)]
    assert life.standing(placed.number) == {(1, "released", "york"): 2}
    assert life.stock("VASE", "york") == {"available": 2, "committed": 2}
    assert life.open_exceptions() == []
