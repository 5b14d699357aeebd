"""Carts that come together are decided together, each as if it had come alone."""

from datetime import timedelta

import msgspec
import pytest

from oneshelf.base.errors import OneshelfError
from oneshelf.base.identifiers import ChannelId, NodeId, PublicId, Sku, new_id
from oneshelf.base.repeat_keys import RepeatKey, hash_body
from oneshelf.inventory.auditing.actions import audit
from oneshelf.inventory.counting.actions import adjust
from oneshelf.inventory.counting.saying import Adjusted
from oneshelf.inventory.ledger import StockPoint
from oneshelf.matching.capacity.actions import find_drift
from oneshelf.orders.answers import Undecided
from oneshelf.web.batches.carts import CartHeld, CartWish, HeldBefore, hold_batch
from shop import MONDAY, Shop, order

MINUTES = timedelta(minutes=15)


@pytest.fixture
def shop(database):
    yield Shop.opened(database, [("LAMP", "leeds", 3)])
    with database.transaction("test", "audit") as tx:
        found = audit(tx), find_drift(tx)

    assert found == ([], [])


def wish(*lines, key=None, digest=b"same"):
    name = key or str(new_id())
    return CartWish(
        order=order(*(lines or (("LAMP", 1),)), key="promise", standing="ask"),
        minutes=15,
        public_id=PublicId(new_id()),
        key=RepeatKey(ChannelId("api:k"), name),
        digest=hash_body(digest),
    )


def hold(shop, *asked, kind="hopeful"):
    with shop.database.transaction("test", "carts") as tx:
        told = hold_batch(tx, asked, shop.outlook, shop.now, kind)
    shop.refresh()
    return told


def code(told):
    return told.code if isinstance(told, OneshelfError) else type(told).__name__


def available(shop):
    return dict(shop.rows("SELECT node, sum(available)::int FROM inventory.point GROUP BY 1"))


def test_the_last_units_go_to_the_first_who_came_and_the_rest_hear_so(shop):
    told = hold(shop, *(wish() for _ in range(5)))

    assert [code(one) for one in told] == [*["CartHeld"] * 3, *["refused"] * 2]
    assert "out_of_stock" in str(told[3])
    assert available(shop) == {"leeds": 0}


def test_a_repeat_hears_the_first_answer_in_the_same_batch_and_in_a_later_one(shop):
    first, twin, other = (wish(key="a", digest=one) for one in (b"x", b"x", b"y"))
    [held, again, reused] = hold(shop, first, twin, other)
    [later, reused_later] = hold(shop, twin, other)[:2]

    assert isinstance(held, CartHeld)
    assert msgspec.json.decode(again.answer, type=CartHeld) == held
    assert isinstance(later, HeldBefore)
    assert msgspec.json.decode(later.answer, type=CartHeld) == held
    assert [code(reused), code(reused_later)] == ["key_reused", "key_reused"]
    assert available(shop) == {"leeds": 2}


def test_behind_another_body_a_repeat_still_hears_the_answer_of_its_key(shop):
    held, twin, other = (wish(key="a", digest=one) for one in (b"x", b"x", b"y"))
    hold(shop, held)

    assert [code(one) for one in hold(shop, other, twin)] == ["key_reused", "HeldBefore"]


def test_behind_a_refused_cart_another_body_of_its_key_is_decided_in_its_turn(shop):
    greedy, modest = wish(("LAMP", 4), key="a"), wish(("LAMP", 1), key="a", digest=b"y")
    first = hold(shop, greedy, modest)

    assert [code(one) for one in first] == ["refused", "Undecided"]
    assert [code(one) for one in hold(shop, modest)] == ["CartHeld"]


def test_a_refused_cart_may_ask_again_under_its_key(shop):
    greedy = wish(("LAMP", 4))
    [refused] = hold(shop, greedy)
    with shop.database.transaction("test", "more") as tx:
        more = Adjusted(new_id(), StockPoint(Sku("LAMP"), NodeId("leeds")), 1, "found")
        adjust(tx, [more], MONDAY)
    [held] = hold(shop, greedy)  # the snapshot has not heard of the unit: a fresh look has

    assert code(refused) == "refused"
    assert isinstance(held, CartHeld)


def test_who_stood_back_for_a_cart_that_lost_its_units_is_asked_again_and_gets_what_is_left(shop):
    other = Shop(shop.database)
    hold(other, wish(("LAMP", 1)))
    three, two = wish(("LAMP", 3)), wish(("LAMP", 2))
    first = hold(shop, three, two)  # three were planned, but one had gone
    second = hold(shop, three, two)

    assert [code(one) for one in first] == ["Undecided", "Undecided"]
    assert [code(one) for one in second] == ["refused", "CartHeld"]


def test_a_contested_cart_is_decided_on_what_stands_there_now(shop):
    other = Shop(shop.database)
    hold(other, wish(("LAMP", 2)))
    three = wish(("LAMP", 3))

    assert code(hold(shop, three, kind="contested")[0]) == "refused"


def test_a_cart_takes_lots_in_their_order(shop):
    with shop.database.transaction("test", "lots") as tx:
        lots = [StockPoint(Sku("RUG"), NodeId("leeds"), lot) for lot in ("a", "b")]
        adjust(tx, [Adjusted(new_id(), lot, 2, "opening") for lot in lots], MONDAY)
    shop.refresh()
    [held, rest] = hold(shop, wish(("RUG", 3)), wish(("RUG", 1)))

    assert [(one.lot, one.units) for one in held.units] == [("a", 2), ("b", 1)]
    assert [(one.lot, one.units) for one in rest.units] == [("b", 1)]


def test_a_batch_that_loses_to_another_leaves_nothing_behind(shop):
    other = Shop(shop.database)
    hold(other, wish(("LAMP", 3)))
    told = hold(shop, wish(key="lost"))
    keys = shop.rows("SELECT key FROM base.repeat_key WHERE key = 'lost'")

    assert told == [Undecided()]
    assert keys == []
