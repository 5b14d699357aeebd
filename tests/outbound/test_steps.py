"""A parcel takes each step once, whole, and not while its order is held."""

from oneshelf.base.identifiers import ParcelId
from oneshelf.orders.changes.actions import Hold, hold, lift
from oneshelf.outbound.packing.actions import pack
from oneshelf.outbound.picking.picks import Pick
from oneshelf.outbound.pickup.actions import make_ready
from oneshelf.outbound.shipping.actions import Shipment, ship
from shop import order


def released(life, *lines):
    [placed] = life.place(order(*lines))
    life.settle()
    return placed.number, life.parcels(placed.number)["leeds"]


def test_a_report_is_of_all_units_in_the_tote_so_saying_it_twice_picks_once(life):
    number, parcel = released(life, ("LAMP", 3))
    answers = life.pick(Pick(parcel, 1, 1), Pick(parcel, 1, 2), Pick(parcel, 1, 2))
    [again] = life.pick(Pick(parcel, 1, 2))

    assert [a.units for a in answers] == [1, 1, 0]
    assert again.outcome == "already_done"
    assert life.standing(number) == {(1, "picked", "leeds"): 2, (1, "released", "leeds"): 1}
    assert life.stock("LAMP", "leeds") == {"available": 2, "committed": 1, "picked": 2}


def test_nobody_picks_more_than_the_parcel_wants(life):
    number, parcel = released(life, ("LAMP", 3))
    answers = life.pick(Pick(parcel, 1, 4), Pick(parcel, 9, 1), Pick(ParcelId(999_999), 1, 1))

    assert [a.outcome for a in answers] == ["too_many", "unknown_line", "unknown_parcel"]
    assert life.standing(number) == {(1, "released", "leeds"): 3}


def test_a_parcel_is_packed_whole(life):
    _, parcel = released(life, ("LAMP", 1), ("VASE", 1))
    life.pick(Pick(parcel, 1, 1))
    [half] = life.do(pack, [parcel])
    life.pick(Pick(parcel, 2, 1))
    whole, twice = life.do(pack, [parcel, parcel])
    [again] = life.do(pack, [parcel])

    assert (half.outcome, whole.outcome, twice.outcome) == ("not_ready", "done", "done")
    assert again.outcome == "already_done"


def test_a_held_order_stops_where_it_is(life):
    number, parcel = released(life, ("LAMP", 1))
    life.pick(Pick(parcel, 1, 1))
    life.do(hold, [Hold(number, "fraud")])
    [held] = life.do(pack, [parcel])
    life.do(lift, [Hold(number, "fraud")])
    [free] = life.do(pack, [parcel])

    assert (held.outcome, free.outcome) == ("held", "done")


def test_a_repeated_shipment_keeps_its_first_tracking_number(life):
    _, parcel = released(life, ("LAMP", 1))
    life.pick(Pick(parcel, 1, 1))
    life.do(pack, [parcel])
    answers = life.do(ship, [Shipment(parcel, "T1"), Shipment(parcel, "T2")])
    answers += life.do(ship, [Shipment(parcel, "T3")])

    assert [a.outcome for a in answers] == ["done", "done", "already_done"]
    assert life.rows("SELECT tracking_number FROM outbound.shipment") == [("T1",)]


def test_a_parcel_for_a_carrier_is_not_kept_for_a_customer(life):
    _, parcel = released(life, ("LAMP", 1))
    life.pick(Pick(parcel, 1, 1))
    [answer], codes = life.do(make_ready, [parcel])

    assert (answer.outcome, codes) == ("not_for_this", [])
