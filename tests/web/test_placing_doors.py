"""Orders through the doors: placed, repeated, refused, and thousands at once."""

import json
import socket
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from oneshelf.catalog.access.actions import issue_key
from oneshelf.web.application import every_door, furnish
from oneshelf.web.serving import take_port
from shop import Shop

NDJSON = {"Content-Type": "application/x-ndjson"}


@pytest.fixture
def shop(database):
    """A shop that is open before the house is furnished."""
    return Shop.opened(database, [("LAMP", "leeds", 5_000)])


@pytest.fixture
def house(shop):
    return furnish(shop.database)


def order(key, sku="LAMP", **more):
    line = {"sku": sku, "units": 1, "price_minor": 100}
    base = {"channel": "web", "key": key, "method": "pickup", "node": "leeds", "currency": "GBP"}
    return base | {"lines": [line]} | more


def placed(shop):
    [(count,)] = shop.rows("SELECT count(*) FROM orders.sales_order")
    return count


def test_a_new_order_is_created_and_says_where(admin):
    answer = admin.post("/api/v1/orders", json=order("a"))

    assert answer.status_code == 201
    assert answer.headers["location"] == f"/api/v1/orders/{answer.json()['number']}"


def test_a_repeat_gets_the_first_answer_and_says_so(admin):
    first = admin.post("/api/v1/orders", json=order("a"))
    again = admin.post("/api/v1/orders", content=json.dumps(order("a"), indent=3))

    assert (again.status_code, again.headers["idempotent-replayed"]) == (200, "true")
    assert again.json() == first.json()


def test_the_same_key_with_another_body_is_refused(admin):
    admin.post("/api/v1/orders", json=order("a"))
    answer = admin.post("/api/v1/orders", json=order("a", wanted_by="2026-02-01"))

    assert (answer.status_code, answer.json()["code"]) == (422, "key_reused")


def test_a_refusal_is_a_conflict_that_names_reason_and_short_lines(admin):
    answer = admin.post("/api/v1/orders", json=order("a", sku="RUG"))

    assert (answer.status_code, answer.json()["code"]) == (409, "refused")
    assert answer.json()["reason"] == "out_of_stock"
    assert answer.json()["short"] == [{"line_no": 1, "sku": "RUG", "units": 1}]


def test_an_idempotency_key_that_contradicts_the_order_is_refused(admin, shop):
    answer = admin.post("/api/v1/orders", json=order("a"), headers={"Idempotency-Key": "b"})

    assert answer.status_code == 400
    assert placed(shop) == 0


def test_a_key_of_another_channel_may_not_place(stranger, database, now, shop):
    with database.transaction("test", "key") as tx:
        key = issue_key(tx, "till", ["write:orders"], "till", now).presented
    answer = stranger.post(
        "/api/v1/orders", json=order("a"), headers={"Authorization": f"Bearer {key}"}
    )

    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert placed(shop) == 0


def test_a_file_of_orders_is_answered_line_by_line_in_order(admin, shop):
    lines = [json.dumps(order(f"k{n}")) for n in range(1200)]
    lines[3] = "{not json"
    lines[700] = json.dumps(order("gone", sku="RUG"))
    lines[701] = json.dumps(order("unknown", sku="NEVER"))
    lines[702] = lines[0]
    answer = admin.post("/api/v1/orders/bulk", content="\n".join(lines) + "\n", headers=NDJSON)
    told = [json.loads(line) for line in answer.text.splitlines()]

    assert [one["line"] for one in told] == list(range(1, 1201))
    odd = {one["line"]: one["status"] for one in told if one["status"] != 201}
    assert odd == {4: 400, 701: 409, 702: 422, 703: 200}
    assert told[700]["problem"]["reason"] == "out_of_stock"
    assert told[702]["answer"] == told[0]["answer"]
    assert placed(shop) == 1196


def test_a_file_with_too_many_orders_is_refused_whole(admin, shop):
    content = "{}\n" * 5_001
    answer = admin.post("/api/v1/orders/bulk", content=content, headers=NDJSON)

    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert placed(shop) == 0


UNREADABLE = [
    (b"", {}, 400),
    (b"{", {}, 400),
    (b"\xff\xfe", {}, 400),
    (b'{"x":' + b"[" * 200_000, {}, 400),
    (b"[]", {}, 422),
    (b"null", {}, 422),
    (b"{}", {}, 422),
    (json.dumps(order("a\x00b")).encode(), {}, 422),
    (json.dumps(order("a", contact={"name": "x\x00"})).encode(), {}, 422),
    (json.dumps(order("a\ud800")).encode(), {}, 400),
    (json.dumps(order("")).encode(), {}, 422),
    (json.dumps(order("x" * 129)).encode(), {}, 422),
    (json.dumps(order("a", lines=[])).encode(), {}, 422),
    (json.dumps(order("a", shipping_minor=10**13)).encode(), {}, 422),
    (json.dumps(order("a", shipping_minor=10**30)).encode(), {}, 422),
    (json.dumps(order("a", shipping_minor=-1)).encode(), {}, 422),
    (json.dumps(order("a", shipping_minor=1.5)).encode(), {}, 422),
    (json.dumps(order("a", currency="eur")).encode(), {}, 422),
    (json.dumps(order("a", wanted_by="2026-02-30")).encode(), {}, 422),
    (json.dumps(order("a", reservation="1")).encode(), {}, 422),
    (json.dumps(order("a", method="ship")).encode(), {}, 422),
    (json.dumps(order("a", node=None)).encode(), {}, 422),
    (json.dumps(order("a")).encode(), {"Content-Type": "text/plain"}, 415),
    (json.dumps(order("a")).encode(), {"Idempotency-Key": "x" * 129}, 400),
    (json.dumps(order("a")).encode(), {"Idempotency-Key": ""}, 400),
    (b" " * 2_000_000, {}, 413),
]


def test_what_cannot_be_read_or_stored_is_refused_before_it_queues(admin, shop):
    for content, more, status in UNREADABLE:
        headers = {"Content-Type": "application/json"} | more
        answer = admin.post("/api/v1/orders", content=content, headers=headers)

        assert (content[:99], answer.status_code) == (content[:99], status)
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == status
        assert answer.json()["detail"]
        assert placed(shop) == 0


def test_a_body_in_pieces_that_never_ends_is_cut_off(admin, shop):
    def pieces():
        for _ in range(50):
            yield b" " * 50_000

    try:
        status = admin.post("/api/v1/orders", content=pieces()).status_code
    except httpx.HTTPError:  # the server has hung up while we were still sending
        status = 413

    assert status == 413
    assert placed(shop) == 0


def test_many_customers_at_once_are_all_answered(address, keys, shop):
    headers = {"Authorization": f"Bearer {keys['write:orders']}"}

    def customer(number):
        with httpx.Client(base_url=address, headers=headers) as client:
            return [
                client.post("/api/v1/orders", json=order(f"{number}-{n}")).status_code
                for n in range(25)
            ]

    with ThreadPoolExecutor(8) as pool:
        told = [status for statuses in pool.map(customer, range(8)) for status in statuses]

    assert told == [201] * 200
    assert placed(shop) == 200


def test_a_full_house_says_come_again(admin, house, shop, monkeypatch):
    monkeypatch.setattr(house.placing, "_waiting_max", 0)
    answer = admin.post("/api/v1/orders", json=order("a"))

    assert (answer.status_code, answer.json()["code"]) == (503, "overloaded")
    assert answer.headers["retry-after"] == "1"
    assert placed(shop) == 0


def test_an_answer_does_not_wait_for_a_second_packet():
    with take_port("127.0.0.1", 0) as taken:
        assert taken.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


BODIES = {
    "placed": json.dumps(order("a")),
    "repeated": json.dumps(order("known")),
    "refused": json.dumps(order("a", sku="RUG")),
    "unreadable": json.dumps(order("a", node=None)),
    "a wrong value": json.dumps(order("a", lines=[])),
    "not JSON": "{not json",
    "too large": " " * 1_000_001,
}
JSON = "application/json"
TOLD = ("content-type", "idempotent-replayed", "retry-after", "www-authenticate", "cache-control")
SAID = ("code", "hint", "reason", "short", "outcome", "promised_on", "total_minor")
HEADERS = {
    "as usual": {},
    "no key": {"Authorization": ""},
    "a wrong key": {"Authorization": "Bearer os_wrong"},
    "another media type": {"Content-Type": "text/csv"},
    "another repeat key": {"Idempotency-Key": "other"},
}


def test_the_short_way_answers_what_the_router_answers(admin):
    def answered(path, body, headers):
        body = body.replace('"a"', f'"{path}{len(headers)}"')
        sent = admin.post(path, content=body, headers={"Content-Type": JSON} | headers)
        told = {name: sent.headers.get(name) for name in TOLD}
        where = [fault["at"] for fault in sent.json().get("faults", ())]
        return sent.status_code, told, where, {name: sent.json().get(name) for name in SAID}

    admin.post("/api/v1/orders", json=order("known"))
    for name, body in BODIES.items():
        for kind, headers in HEADERS.items():
            short = answered("/api/v1/orders", body, headers)
            long = answered("/api/v1/orders/", body, headers)

            assert short == long, f"{name}, {kind}"


def test_no_door_on_the_short_way_has_names_in_its_path(house):
    short = {door.path for door in every_door(house) if door.way == "short"}

    assert short == {
        "/api/v1/availability/lookup",
        "/api/v1/orders",
        "/api/v1/promise",
        "/api/v1/reservations",
    }
