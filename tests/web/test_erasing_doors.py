"""Contact rows are erased through a door that only an administrator opens."""

import pytest

from oneshelf.catalog.access.actions import issue_key
from shop import Shop, order

ERASE = "/api/v1/contacts/erase"
PREVIEW = "/api/v1/contacts/preview"


@pytest.fixture
def shop(database):
    return Shop.opened(database, [("LAMP", "leeds", 9)])


@pytest.fixture
def number(shop):
    [answer] = shop.place(order(("LAMP", 1), customer="C-1"))
    return answer.number


def names(shop):
    return [name for (name,) in shop.rows("SELECT name FROM orders.contact ORDER BY order_id")]


def keyed(key):
    return {"Idempotency-Key": key}


def test_an_administrator_sees_what_would_go_and_erases_it_once(admin, shop, number):
    seen = admin.post(PREVIEW, json={"order": number}).json()
    kept = names(shop)
    first = admin.post(ERASE, json={"order": number}, headers=keyed("a"))
    repeat = admin.post(ERASE, json={"order": number}, headers=keyed("a"))
    again = admin.post(ERASE, json={"order": number}, headers=keyed("b"))

    assert seen == {"orders": [number], "open": [number], "customers": []}
    assert kept == ["Jane Canary"]
    assert names(shop) == [""]
    assert first.json() == repeat.json() == {"orders": [number], "customers": []}
    assert again.json() == {"orders": [], "customers": []}
    assert admin.get(f"/api/v1/orders/{number}").json()["contact"]["name"] == ""


def test_a_customer_is_erased_with_all_orders(admin, shop, number):
    customer = {"brand": "house", "customer": "C-1"}
    told = admin.post(ERASE, json={"customer": customer}, headers=keyed("c"))

    assert told.json() == {"orders": [number], "customers": [customer]}
    assert names(shop) == [""]


def test_no_other_key_may_look_or_erase(stranger, keys, shop, number):
    for scope in keys.keys() - {"admin"}:
        headers = keyed("d") | {"Authorization": f"Bearer {keys[scope]}"}
        for path in (ERASE, PREVIEW):
            answer = stranger.post(path, json={"order": number}, headers=headers)

            assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert names(shop) == ["Jane Canary"]


def test_a_channels_administrator_erases_that_channels_orders_alone(
    stranger, database, shop, number, now
):
    with database.transaction("test", "key") as tx:
        app = issue_key(tx, "app", ["admin"], "market", now).presented
    headers = {"Authorization": f"Bearer {app}"}
    answers = [
        stranger.post(ERASE, json=asked, headers=headers | keyed(str(asked)))
        for asked in (
            {"order": number},
            {"customer": {"brand": "house", "customer": "C-1"}},
            {"customer": {"brand": "house", "customer": "nobody"}},
        )
    ]

    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert names(shop) == ["Jane Canary"]


@pytest.mark.usefixtures("number")
@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({}, 422),
        ({"order": 1, "customer": {"brand": "house", "customer": "C-1"}}, 422),
        ({"order": 404}, 404),
        ({"customer": {"brand": "nobodys", "customer": "C-1"}}, 422),
    ],
)
def test_an_erasure_of_nobody_in_particular_is_refused(admin, shop, asked, status):
    assert admin.post(ERASE, json=asked, headers=keyed("e")).status_code == status
    assert names(shop) == ["Jane Canary"]
