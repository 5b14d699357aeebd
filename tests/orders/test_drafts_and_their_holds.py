"""A draft keeps only units that stand under lock, and a reservation serves one."""

from datetime import date
from types import SimpleNamespace

from msgspec.structs import replace

from oneshelf.base.identifiers import NodeId, PublicId, Sku, new_id
from oneshelf.inventory.ledger import StockPoint
from oneshelf.matching.capacity.holding import NodeDay
from oneshelf.orders.capture.drafting import Draft, Draw, Standing, keep, part_doubles
from shop import order

LAMPS = StockPoint(Sku("LAMP"), NodeId("london"))
DAYS = [NodeDay(NodeId("london"), date(2026, 1, day)) for day in (5, 6)]


def draft(position, cart, reserved="consumed"):
    wish, request = order(("LAMP", 1), reservation=cart), SimpleNamespace(standing="ask")
    draws = (Draw(0, 1, LAMPS, 1, "reserved"),)
    return Draft(position, wish, request, None, draws, (), reserved)


def positions(drafts):
    return [one.position for one in drafts]


def test_of_two_that_name_the_same_hold_the_first_has_it():
    mine, other = PublicId(new_id()), PublicId(new_id())

    first, doubles = part_doubles([draft(0, mine), draft(1, mine), draft(2, other)])

    assert (positions(first), positions(doubles)) == ([0, 2], [1])


def test_a_draft_that_takes_free_units_leaves_the_hold_it_names_to_another():
    cart = PublicId(new_id())

    first, doubles = part_doubles([draft(0, cart, "lapsed"), draft(1, cart), draft(2, cart)])

    assert (positions(first), positions(doubles)) == ([0, 1], [2])


def wanting(position, standing="ask"):
    request, plan = SimpleNamespace(standing=standing), SimpleNamespace(capacity_days=tuple)
    draws = (Draw(0, 1, LAMPS, 1, "available"),)
    return Draft(position, order(("LAMP", 1)), request, plan, draws, (), "none")


def kept(units, drafts, floor=0):
    standing = Standing({(LAMPS, "available"): units}, {LAMPS: floor}, {})
    return [positions(part) for part in keep(drafts, standing, lambda _: False)]


def test_of_two_drafts_on_the_last_unit_the_first_has_it():
    assert kept(1, [wanting(0), wanting(1)]) == [[0], [1]]


def test_a_draft_whose_units_another_writer_took_is_lost():
    assert kept(0, [wanting(0)]) == [[], [0]]


def test_only_what_is_sold_already_may_open_the_safety_stock():
    assert kept(2, [wanting(0), wanting(1, "sold")], floor=2) == [[1], [0]]


def test_a_draft_that_consumes_a_cart_has_the_cart_s_day_and_gives_up_another():
    cart, (monday, tuesday) = PublicId(new_id()), DAYS
    mine = replace(draft(0, cart), plan=SimpleNamespace(capacity_days=lambda: (monday,)))
    later = replace(wanting(1), plan=SimpleNamespace(capacity_days=lambda: (tuesday,)))
    rival = replace(wanting(2), plan=SimpleNamespace(capacity_days=lambda: (monday,)))
    units = {(LAMPS, "reserved"): 1, (LAMPS, "available"): 9}

    def answers(drafts, carts):
        standing = Standing(dict(units), {}, {monday: 0, tuesday: 0}, carts)
        return [positions(part) for part in keep(drafts, standing, lambda _: False)]

    assert answers([rival, mine, later], {cart: (monday,)}) == [[0], [2, 1]]
    assert answers([mine, later], {cart: (monday, tuesday)}) == [[0, 1], []]
    assert answers([mine], {}) == [[], [0]]
