"""A bad order fails alone; the same order is written once, wherever and how often it is sent."""

import json
from dataclasses import replace

import httpx
import msgspec
from crowds import ORDERS, crowd, servers

from shop import Shop, order

MANY = 500
PRICE_MAX = 10**12
NDJSON = {"Content-Type": "application/x-ndjson"}


def poison():
    """An order whose every value is fine, but whose total no column holds."""
    fine = order(*[("LAMP", 100_000)] * 100, channel="market")
    return replace(fine, lines=tuple(replace(one, price_minor=PRICE_MAX) for one in fine.lines))


def test_one_poisonous_order_among_five_hundred_fails_alone(url, still, headers):
    shop = Shop.opened(still, [("LAMP", "leeds", MANY)])
    wishes = [order(("LAMP", 1), key=f"key-{n}") for n in range(MANY)]
    wishes[321] = replace(poison(), key="key-321")
    body = b"\n".join(msgspec.json.encode(wish) for wish in wishes)
    with (
        servers(url, 1) as [one],
        httpx.Client(base_url=one.address, headers=headers | NDJSON, timeout=60) as client,
    ):
        answers = [
            json.loads(line)
            for line in client.post(f"{ORDERS}/bulk", content=body).text.splitlines()
        ]
        again = [
            json.loads(line)
            for line in client.post(f"{ORDERS}/bulk", content=body).text.splitlines()
        ]
    [culprit] = [answer for answer in answers if answer["status"] != 201]

    assert (culprit["line"], culprit["status"], culprit["problem"]["code"]) == (
        322,
        422,
        "bad_value",
    )
    assert [answer["status"] for answer in again] == [200] * 321 + [422] + [200] * (MANY - 322)
    assert [one.get("answer") for one in again] == [one.get("answer") for one in answers]
    assert shop.rows("SELECT count(*), count(DISTINCT key) FROM orders.sales_order") == [(499, 499)]
    assert shop.rows("SELECT available, committed FROM inventory.point") == [(1, 499)]


def test_the_same_key_in_one_batch_places_one_order(url, still, headers):
    shop = Shop.opened(still, [("LAMP", "leeds", 9)])
    wish = order(("LAMP", 1), key="once")
    other = order(("LAMP", 2), key="once")
    body = b"\n".join(map(msgspec.json.encode, [wish, wish, other, wish]))
    with (
        servers(url, 1) as [one],
        httpx.Client(base_url=one.address, headers=headers | NDJSON) as client,
    ):
        answers = [
            json.loads(line)
            for line in client.post(f"{ORDERS}/bulk", content=body).text.splitlines()
        ]

    assert [answer["status"] for answer in answers] == [201, 200, 422, 200]
    assert answers[2]["problem"]["code"] == "key_reused"
    assert answers[1]["answer"] == answers[3]["answer"] == answers[0]["answer"]
    assert shop.rows("SELECT count(*) FROM orders.sales_order") == [(1,)]


def test_the_same_key_at_two_servers_at_once_places_one_order(url, still, headers):
    shop = Shop.opened(still, [("LAMP", "leeds", 300)])
    keys = [f"key-{n % 25}" for n in range(200)]
    wishes = [order(("LAMP", 1), key=key) for key in keys]
    wishes += [order(("LAMP", 2), key=f"key-{n}") for n in range(25)]
    with servers(url) as running:
        answers = crowd([one.address for one in running], headers, wishes)
    by_key = {key: [] for key in keys}
    for wish, answer in zip(wishes, answers, strict=True):
        by_key[wish.key].append((wish.lines[0].units, answer))

    for told in by_key.values():
        [(units, first)] = [(units, one) for units, one in told if one.status_code == 201]
        repeats = [one for other, one in told if other == units and one is not first]
        assert {one.status_code for one in repeats} <= {200}
        assert {one.headers["idempotent-replayed"] for one in repeats} <= {"true"}
        assert "idempotent-replayed" not in first.headers
        assert all(one.json() == first.json() for one in repeats)
        rest = [one for other, one in told if other != units]
        assert {(one.status_code, one.json()["code"]) for one in rest} == {(422, "key_reused")}
    assert shop.rows("SELECT count(*) FROM orders.sales_order") == [(25,)]
