"""What a picker reports meets losses that others reported of the same shelf."""

from datetime import timedelta

import pytest

from oneshelf.base.errors import ContendedError
from oneshelf.base.identifiers import new_id
from oneshelf.inventory.counting.actions import adjust, count
from oneshelf.inventory.counting.saying import Adjusted, Counted
from oneshelf.inventory.ledger import StockPoint
from oneshelf.inventory.lines.actions import pick
from oneshelf.inventory.receipts.actions import expect
from oneshelf.inventory.receipts.arriving import Expected, ExpectedLine
from oneshelf.orders.resourcing.actions import lock_plans
from oneshelf.outbound.picking.picks import Pick
from shop import order

LEEDS = StockPoint("LAMP", "leeds")


def test_what_is_short_elsewhere_does_not_go_to_a_shelf_that_is_said_to_be_empty(life):
    [first] = life.place(order(("LAMP", 5)))
    life.settle()
    [second] = life.place(order(("LAMP", 2)))
    life.settle()
    life.do(adjust, [Adjusted(new_id(), LEEDS, 4, "found")])
    life.settle()
    empty, elsewhere = (
        Pick(life.parcels(first.number)["leeds"], 1, 0, "not_in_stock"),
        Pick(life.parcels(second.number)["london"], 1, 0, "mismatch"),
    )
    answers = life.pick(empty, elsewhere)

    assert [(one.outcome, one.units_short) for one in answers] == [("short", 5), ("short", 2)]
    assert life.stock("LAMP", "leeds") == {}
    assert (1, "sourced", "leeds") not in life.standing(second.number)


def test_nobody_picks_units_that_a_count_took_from_the_order(life):
    [placed] = life.place(order(("LAMP", 2)))
    life.settle()
    parcel = life.parcels(placed.number)["leeds"]
    life.do(count, [Counted(new_id(), LEEDS, 1)])
    both, one = life.pick(Pick(parcel, 1, 2), Pick(parcel, 1, 1))
    in_tote = life.stock("LAMP", "leeds")
    life.settle()

    assert (both.outcome, both.units) == ("too_many", 0)
    assert (one.outcome, one.units) == ("picked", 1)
    assert in_tote == {"picked": 1}
    assert life.standing(placed.number) == {
        (1, "picked", "leeds"): 1,
        (1, "released", "london"): 1,
    }


@pytest.mark.parametrize(
    ("report", "locking"),
    [
        ((2,), ("pick_from_stock", pick)),
        ((1, "mismatch"), ("lock_plans", lock_plans)),  # the lost one is not in the tote
    ],
)
def test_a_count_between_the_look_at_the_shelf_and_the_pick_is_not_overlooked(
    life, monkeypatch, report, locking
):
    [placed] = life.place(order(("LAMP", 2)))
    life.settle()
    parcel = life.parcels(placed.number)["leeds"]
    name, lock = locking

    def count_first(*asked, **more):
        life.do(count, [Counted(new_id(), LEEDS, 1)])
        return lock(*asked, **more)

    monkeypatch.setattr(f"oneshelf.outbound.picking.actions.{name}", count_first)
    with pytest.raises(ContendedError):
        life.pick(Pick(parcel, 1, *report))
    standing, there = life.standing(placed.number), life.stock("LAMP", "leeds")
    life.settle()

    assert (standing, there) == ({(1, "released", "leeds"): 2}, {"committed": 1})


def test_a_kit_that_nobody_else_has_waits_and_its_other_parts_are_free(life):
    life.do(
        expect,
        [Expected("truck", (ExpectedLine(1, "LAMP", "york", life.now + timedelta(days=3), 1),))],
    )
    life.settle()
    [placed] = life.place(order(("SET", 2)))
    life.settle()
    parcel = life.parcels(placed.number)["leeds"]
    [answer] = life.pick(Pick(parcel, 1, 0, "not_in_stock", "LAMP"))
    life.settle()

    assert (answer.outcome, answer.units_short) == ("short", 2)
    assert life.stock("LAMP", "leeds") == {}
    assert life.stock("VASE", "leeds") == {"available": 5}
