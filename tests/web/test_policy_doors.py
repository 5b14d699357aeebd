"""A policy that is decided through its door does at once what it causes."""

import pytest

from oneshelf.inventory.auditing.actions import audit
from oneshelf.web.application import furnish
from shop import Shop, order, stock

PATH = "/api/v1/policies/buffers"


@pytest.fixture
def shop(database):
    return Shop.opened(database)


@pytest.fixture
def house(shop):
    return furnish(shop.database)


def test_less_safety_stock_serves_who_waited_in_the_same_transaction(admin, shop):
    kept = admin.put(PATH, json={"rules": [{"kind": "safety", "units": 9}]})
    shop.place(order(("LAMP", 2), channel="market"))
    stock(shop.database, ("LAMP", "leeds", 5))
    waiting = shop.rows("SELECT count(*) FROM base.fact WHERE name = 'ClaimServed'")
    opened = admin.put(PATH, json={"rules": [{"kind": "safety", "units": 3}]})
    served = shop.rows("SELECT count(*) FROM base.fact WHERE name = 'ClaimServed'")
    with shop.database.transaction("test", "audit") as tx:
        differences = audit(tx)

    assert (kept.json()["version"], opened.json()["version"]) == (1, 2)
    assert (waiting, served) == ([(0,)], [(1,)])
    assert differences == []
