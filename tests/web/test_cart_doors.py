"""Through the doors, a cart holds its day with its units, and a refusal says which is missing."""

from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from oneshelf.base.clock import set_clock
from oneshelf.matching.capacity.actions import find_drift
from oneshelf.web.application import furnish
from shop import EVERY_DAY, MONDAY, PLACE, Shop, node

ONE_DAY = replace(
    EVERY_DAY, closed_on=frozenset(MONDAY.date() + timedelta(days=n) for n in range(1, 800))
)
NODES = (
    node("leeds", 53.8, -1.55, parcels_per_day_max=1, calendar=ONE_DAY),
    node("london", 51.5, -0.12, parcels_per_day_max=1, calendar=ONE_DAY),
)
CART = {
    "channel": "web",
    "method": "ship",
    "lines": [{"sku": "LAMP", "units": 2}],
    "place": {
        "country": "GB",
        "postcode": "M1",
        "latitude": PLACE.latitude,
        "longitude": PLACE.longitude,
    },
}
KEYS = iter(range(10_000))


@pytest.fixture
def house(database):
    with database.transaction("test", "clock") as tx:
        set_clock(tx, MONDAY, 0)
    Shop.opened(database, [("LAMP", "leeds", 9), ("LAMP", "london", 9)], nodes=NODES)
    yield furnish(database)
    with database.transaction("test", "audit") as tx:
        drift = find_drift(tx)

    assert drift == []


def post(admin: httpx.Client, path, **body):
    headers = {"Idempotency-Key": f"k{next(KEYS)}"}
    return admin.post(f"/api/v1/reservations{path}", json=body, headers=headers)


def test_a_cart_leaves_no_day_to_the_next_until_it_is_given_back(admin):
    first, second, third = (post(admin, "", **CART) for _ in range(3))
    there = [one.json()["units"][0]["node"] for one in (first, second)]
    mine = f"/{first.json()['reservation']}"
    move = {"line_no": 1, "sku": "LAMP", "node": there[0], "to": there[1]}
    moved = post(admin, f"{mine}/move", **move)
    emptied = post(admin, f"/{second.json()['reservation']}/release")
    moved_after = post(admin, f"{mine}/move", **move)
    again = post(admin, "", **CART)

    assert sorted(there) == ["leeds", "london"]
    assert (third.status_code, third.json()["code"]) == (409, "refused")
    assert "no_capacity" in third.json()["detail"]
    assert (moved.status_code, moved.json()["code"]) == (409, "refused")
    assert f"No day of {there[1]} has room" in moved.json()["detail"]
    assert emptied.json()["outcome"] == "released"
    assert [one["node"] for one in moved_after.json()["units"]] == [there[1]]
    assert [one["node"] for one in again.json()["units"]] == [there[0]]


def test_a_repeat_of_a_held_cart_is_the_first_answer_and_another_cart_under_its_key_is_refused(
    admin,
):
    def knock(**other):
        headers = {"Idempotency-Key": "twice"}
        return admin.post("/api/v1/reservations", json=CART | other, headers=headers)

    first, again, other = knock(), knock(), knock(minutes=20)

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")


def test_a_cart_is_told_when_the_queue_has_no_room(admin, house, monkeypatch):
    monkeypatch.setattr(house.carts, "_waiting_max", 0)
    told = post(admin, "", **CART)

    assert (told.status_code, told.json()["code"]) == (503, "overloaded")
    assert int(told.headers["Retry-After"]) > 0


def test_a_cart_without_a_key_is_refused(admin):
    told = admin.post("/api/v1/reservations", json=CART)

    assert (told.status_code, told.json()["code"]) == (400, "bad_request")
