"""Customers, pickers and carriers act at once; units stay whole and nothing waits for ever."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from test_putting_back import tote

from oneshelf.orders.changes.actions import cancel
from oneshelf.orders.changes.cancelling import Cancellation
from oneshelf.outbound.packing.actions import pack
from oneshelf.outbound.picking.actions import pick
from oneshelf.outbound.picking.picks import Pick
from oneshelf.outbound.putting_back.actions import put_back
from oneshelf.outbound.shipping.actions import Shipment, ship
from shop import order


def at_once(life, *acts):
    """Run each act in its own thread and transaction; deadlocks would raise ContendedError."""

    def run(act):
        with life.database.transaction("test", "race") as tx:
            return act(tx)

    with ThreadPoolExecutor(len(acts)) as pool:
        return [future.result() for future in [pool.submit(run, act) for act in acts]]


@pytest.mark.parametrize("seed", range(4))
def test_a_cancellation_meets_a_picker(life, seed):
    numbers = [answer.number for answer in life.place(*[order(("LAMP", 2)) for _ in range(4)])]
    life.settle()
    acts = []
    for number in numbers[:2]:
        for node, parcel in life.parcels(number).items():
            units = sum(u for (_, _, at), u in life.standing(number).items() if at == node)
            acts.append(
                lambda tx, p=parcel, u=units: pick(life.outlook, tx, [Pick(p, 1, u)], life.now)
            )
        acts.append(lambda tx, n=number: cancel(tx, [Cancellation(n, "changed_mind")], life.now))
    for number in numbers[2:]:
        for parcel in life.parcels(number).values():
            wish = Pick(parcel, 1, 0, short="mismatch")
            acts.append(lambda tx, w=wish: pick(life.outlook, tx, [w], life.now))
    at_once(life, *(acts[seed:] + acts[:seed]))
    life.settle()

    for number in numbers[:2]:
        assert life.state(number).status() == "cancelled"
    for number in numbers[2:]:
        assert sum(life.standing(number).values()) == 2
        assert {status for _, status, _ in life.standing(number)} <= {"released", "unsourced"}


def test_the_same_tote_is_emptied_once_whoever_reports_it(life):
    [placed] = life.place(order(("LAMP", 2)))
    life.settle()
    life.pick_all(placed.number)
    life.do(cancel, [Cancellation(placed.number, "changed_mind")])
    reports = [tote(placed.number, 2) for _ in range(4)]
    answers = at_once(
        life, *[lambda tx, one=one: put_back(tx, [one, one], life.now) for one in reports]
    )

    assert sum(answer.units for pair in answers for answer in pair) == 2
    assert life.stock("LAMP", "leeds") == {"available": 5}


def test_a_cancellation_meets_a_carrier(life):
    [placed] = life.place(order(("LAMP", 2)))
    life.settle()
    life.pick_all(placed.number)
    [parcel] = life.parcels(placed.number).values()
    life.do(pack, [parcel])
    [cancelled], [shipped], [again] = at_once(
        life,
        lambda tx: cancel(tx, [Cancellation(placed.number, "changed_mind")], life.now),
        lambda tx: ship(tx, [Shipment(parcel, "T1")], life.now),
        lambda tx: ship(tx, [Shipment(parcel, "T1")], life.now),
    )

    won = cancelled.outcome == "cancelled"
    status = "cancelled" if won else "shipped"
    assert life.standing(placed.number) == {(1, status, "leeds"): 2}
    assert {shipped.outcome, again.outcome} == ({"cancelled"} if won else {"done", "already_done"})
    assert life.stock("LAMP", "leeds") == (
        {"available": 3, "picked": 2} if won else {"available": 3}
    )
