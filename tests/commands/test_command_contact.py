"""`oneshelf contact erase` shows what it would do, and does it once it is told to."""

from dataclasses import replace

import pytest

from oneshelf.base.identifiers import BrandId
from oneshelf.catalog.actions import put_brands, put_channels
from oneshelf.catalog.brands import Brand
from oneshelf.orders.canonical import Contact
from shop import JANE, MONDAY, Shop, channel, order


@pytest.fixture
def shop(database):
    return Shop.opened(database, [("LAMP", "leeds", 9)])


@pytest.fixture
def placed(shop):
    answers = shop.place(
        order(("LAMP", 1), key="W-1", customer="C-1"),
        order(("LAMP", 1), key="W-2", customer="C-1", contact=Contact()),
    )
    return [answer.number for answer in answers]


def names(shop):
    return [name for (name,) in shop.rows("SELECT name FROM orders.contact ORDER BY order_id")]


def test_it_is_shown_before_it_is_done_and_done_once(oneshelf, shop, placed):
    shown = oneshelf("contact", "erase", "W-1")
    kept = names(shop)
    erased = oneshelf("contact", "erase", placed[0], "--yes")
    again = oneshelf("contact", "erase", placed[0], "--yes", "--json")

    assert (shown.code, erased.code, again.code) == (0, 0, 0)
    assert f"Would erase the contact of 1 order ({placed[0]}) and 0 customers." in shown.out
    assert "1 order of them not ended" in shown.out
    assert "Nothing was changed" in shown.out
    assert JANE.name in kept
    assert f"Erased for good: the contact of 1 order ({placed[0]})" in erased.out
    assert JANE.name not in names(shop)
    assert again.document["outcome"] == "nothing_to_erase"
    for said in (shown, erased, again):
        assert JANE.name not in said.out + said.err


def test_a_customer_is_erased_with_all_orders(oneshelf, shop, placed):
    told = oneshelf("contact", "erase", "--customer", "C-1", "--yes", "--json")

    assert (told.code, told.document["outcome"]) == (0, "erased")
    assert told.document["orders"] == placed
    assert JANE.name not in names(shop)


@pytest.mark.usefixtures("placed")
def test_a_reference_of_two_brands_needs_the_brand(oneshelf, shop):
    with shop.database.transaction("test", "another brand") as tx:
        put_brands(tx, [Brand("other", "Other")], MONDAY)
        put_channels(tx, [replace(channel("outlet", "ask"), brand=BrandId("other"))], MONDAY)
    shop.refresh()
    shop.place(order(("LAMP", 1), key="O-1", customer="C-1", channel="outlet"))
    unclear = oneshelf("contact", "erase", "--customer", "C-1")
    clear = oneshelf("contact", "erase", "--customer", "C-1", "--brand", "other", "--json")

    assert unclear.code == 1
    assert "house, other each know a customer 'C-1'" in unclear.err
    assert len(clear.document["orders"]) == 1


@pytest.mark.usefixtures("placed")
def test_nobody_is_erased_by_mistake(oneshelf, shop):
    assert oneshelf("contact", "erase").code == 2
    assert oneshelf("contact", "erase", "W-1", "--customer", "C-1").code == 2
    assert oneshelf("contact", "erase", "404", "--yes").code == 1
    assert oneshelf("contact", "erase", "--customer", "C-9", "--yes").code == 1
    assert JANE.name in names(shop)
