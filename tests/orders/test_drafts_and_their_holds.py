"""A draft consumes exactly the units of its own reservation, never a neighbour's."""

from oneshelf.base.identifiers import NodeId, PointId, PublicId, Sku, new_id
from oneshelf.inventory.ledger import StockPoint
from oneshelf.inventory.reservations.holding import HeldUnits
from oneshelf.orders.capture.drafting import Draft, Draw, with_their_holds
from shop import order

LAMPS = StockPoint(Sku("LAMP"), NodeId("london"))
ONE = HeldUnits(1, PointId(1), LAMPS, 1)


def draft(position, cart, reserved="consumed"):
    wish = order(("LAMP", 1), reservation=cart)
    draws = (Draw(0, 1, LAMPS, 1, "reserved"),)
    return Draft(position, wish, None, None, draws, (), reserved)


def positions(drafts):
    return [one.position for one in drafts]


def test_a_draft_whose_hold_is_gone_does_not_take_its_neighbours_units():
    mine, other = PublicId(new_id()), PublicId(new_id())

    fit, lost = with_their_holds(
        [draft(0, mine), draft(1, other)], {mine: "released", other: (ONE,)}
    )

    assert (positions(fit), positions(lost)) == ([1], [0])


def test_of_two_that_name_the_same_hold_the_first_has_it():
    cart = PublicId(new_id())

    fit, lost = with_their_holds([draft(0, cart), draft(1, cart)], {cart: (ONE,)})

    assert (positions(fit), positions(lost)) == ([0], [1])


def test_a_hold_that_changed_since_it_was_planned_is_planned_anew():
    cart = PublicId(new_id())

    fit, lost = with_their_holds([draft(0, cart)], {cart: (ONE, ONE)})

    assert (positions(fit), positions(lost)) == ([], [0])


def test_a_draft_that_takes_free_units_needs_no_hold():
    cart = PublicId(new_id())

    fit, lost = with_their_holds([draft(0, cart, "lapsed")], {cart: "lapsed"})

    assert (positions(fit), positions(lost)) == ([0], [])
