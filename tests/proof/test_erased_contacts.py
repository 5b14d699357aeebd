"""Erasing a contact empties its rows, for good, and changes nothing else."""

import pytest
from test_personal_data import CANARY, WHO, everything_written

from oneshelf.catalog.contacts.actions import find_customers, put_customers
from oneshelf.catalog.contacts.customers import Customer, CustomerKey
from oneshelf.orders.canonical import Contact
from oneshelf.orders.contacts.actions import erase_contacts, find_brands_of, find_erasable
from oneshelf.orders.contacts.erasing import Erased
from oneshelf.orders.facts import ContactErased
from oneshelf.worker import Worker
from shop import MONDAY, Shop, order

ANNA = CustomerKey("house", "C-1")
OTHER = Contact(name="Bob Othername", mail="bob@othername.example")


@pytest.fixture
def shop(still):
    """Two orders of Anna, one of them known by her reference, and one of Bob."""
    shop = Shop.opened(still, [("LAMP", "leeds", 9)])
    with still.transaction("test", "customers") as tx:
        rows = [
            Customer(*ANNA, WHO.name, WHO.mail, WHO.phone),
            Customer("house", "C-2", "B", "", ""),
        ]
        put_customers(tx, rows, MONDAY)
    shop.place(
        order(("LAMP", 1), key="known", contact=WHO, customer="C-1"),
        order(("LAMP", 1), key="guest", contact=WHO),
        order(("LAMP", 1), key="bob", contact=OTHER, customer="C-2"),
    )
    Worker(still).settle()
    return shop


def numbers(shop):
    return dict(shop.rows("SELECT key, order_id FROM orders.sales_order"))


def contacts(shop):
    return shop.rows("SELECT contact::text FROM orders.contact ORDER BY order_id")


def erase(shop, orders=(), customers=()):
    with shop.database.transaction("anybody", "a request") as tx:
        return erase_contacts(tx, orders, customers, MONDAY)


def test_an_erased_order_is_known_by_nobodys_name_and_stands_as_it_stood(shop, url):
    number = numbers(shop)["guest"]
    before = everything_written(url)
    done = erase(shop, [number])
    after = everything_written(url)
    changed = {table for table in before if before[table] != after[table]}

    assert done == Erased((number,), ())
    assert changed == {"base.fact"}
    assert [CANARY in text for (text,) in contacts(shop)] == [True, False, False]
    facts = shop.rows("SELECT name, by, because, body FROM base.fact ORDER BY fact_id DESC LIMIT 1")
    assert facts == [(ContactErased.__name__, "anybody", "a request", {"order_id": number})]


def test_an_erased_customer_is_found_in_no_row_of_any_table(shop, url):
    known = numbers(shop)["known"]
    before = everything_written(url)
    done = erase(shop, [numbers(shop)["guest"]], [ANNA])
    after = everything_written(url) | {"orders.contact": repr(contacts(shop))}
    changed = {table for table in before if before[table] != after[table]}

    assert (known in done.orders, done.customers) == (True, (ANNA,))
    assert CANARY in before["catalog.customer"]
    assert [table for table, text in after.items() if CANARY.lower() in text.lower()] == []
    assert changed == {"base.fact", "catalog.customer"}
    assert "Othername" in after["orders.contact"]


def test_a_customers_erasure_takes_the_orders_of_that_brand_and_reference_alone(shop):
    done = erase(shop, customers=[ANNA])

    assert done == Erased((numbers(shop)["known"],), (ANNA,))
    assert [CANARY in text for (text,) in contacts(shop)] == [False, True, False]


def test_erasing_again_changes_and_announces_nothing(shop, url):
    erase(shop, numbers(shop).values(), [ANNA])
    before = everything_written(url)

    assert erase(shop, numbers(shop).values(), [ANNA]) == Erased((), ())
    assert everything_written(url) == before


def test_an_erased_customer_stays_erased_when_an_old_file_comes_again(shop):
    erase(shop, customers=[ANNA])
    with shop.database.transaction("test", "old file") as tx:
        put_customers(tx, [Customer(*ANNA, WHO.name, WHO.mail, WHO.phone)], MONDAY)
        found = find_customers(tx, [ANNA])
        seen = find_erasable(tx, numbers(shop).values(), [ANNA])

    assert found == {}
    assert [one.contact for one in seen.orders] == ["erased", "kept", "kept"]
    assert {one.progress for one in seen.orders} == {"open"}
    assert seen.customers == ()


def test_a_reference_is_found_with_the_brands_that_know_it(shop):
    with shop.database.transaction("test", "look") as tx:
        assert find_brands_of(tx, "C-1") == ["house"]
        assert find_brands_of(tx, "C-9") == []
