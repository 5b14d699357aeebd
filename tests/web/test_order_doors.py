"""Orders that stand: found page by page, and changed once however often it is asked."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import httpx
import pytest

from orders_made import BERLIN, LAMP, RUG, facts, make_order, stock


@pytest.fixture
def number(database, now):
    with database.transaction("test", "order") as tx:
        stock(tx, now)
        return make_order(tx, now, [(LAMP, 5, "sourced", BERLIN), (RUG, 1, "unsourced", None)])


def keyed(key, **more):
    return {"Idempotency-Key": key} | more


def test_an_order_tells_its_lines_and_where_their_units_stand(admin, number):
    answer = admin.get(f"/api/v1/orders/{number}")
    told = answer.json()

    assert answer.headers["etag"] == f'"{told["order"]["version"]}"'
    assert told["order"]["status"] == "waiting"
    assert [line["sku"] for line in told["lines"]] == [LAMP, RUG]
    assert [(one["line_no"], one["units"], one["status"]) for one in told["standing"]] == [
        (1, 5, "sourced"),
        (2, 1, "unsourced"),
    ]


def test_an_order_that_has_not_changed_is_not_sent_again(admin, number):
    etag = admin.get(f"/api/v1/orders/{number}").headers["etag"]
    again = admin.get(f"/api/v1/orders/{number}", headers={"If-None-Match": etag})

    assert (again.status_code, again.content) == (304, b"")


def test_an_order_that_cannot_be_is_told_so(admin):
    for name in ("999", "0", "-1", "x", "1e3", "9" * 30):
        assert admin.get(f"/api/v1/orders/{name}").status_code in {404, 422}


def test_pages_show_every_order_once_newest_first(admin, database, now):
    with database.transaction("test", "orders") as tx:
        made = [
            make_order(tx, now, [(LAMP, 1, "unsourced", None)], placed_at=at)
            for at in [now, now, now + timedelta(hours=1), now, now - timedelta(days=1)]
        ]
    seen, cursor = [], None
    while True:
        page = admin.get(
            "/api/v1/orders", params={"limit": 2} | ({"cursor": cursor} if cursor else {})
        )
        seen += [order["number"] for order in page.json()["orders"]]
        cursor = page.json()["next_cursor"]
        if cursor is None:
            break

    assert seen == [made[2], made[3], made[1], made[0], made[4]]


def test_orders_are_found_by_channel_key_status_mail_and_phone(admin, database, number):
    with database.transaction("test", "contact") as tx:
        tx.run(
            "INSERT INTO orders.contact (order_id, mail, phone)"
            " VALUES (%(number)s, 'Ada@Example.org', '+49 (30) 1-2')",
            number=number,
        )

    def found(**asked):
        return [o["number"] for o in admin.get("/api/v1/orders", params=asked).json()["orders"]]

    assert found(channel="shop") == found(status="waiting") == [number]
    assert found(key=str(number)) == found(key=str(number), channel="shop") == [number]
    assert found(mail="ada@example.org") == found(mail=" ADA@example.org ") == [number]
    assert found(phone="+49 (30) 1-2") == found(phone="0049 3012") == [number]
    assert found(channel="other") == found(status="done") == found(mail="x@y") == []
    assert found(phone="+49302") == found(key="x") == found(key=str(number), channel="till") == []


SENSELESS = [
    {"limit": 0},
    {"limit": 201},
    {"limit": "x"},
    {"cursor": "!"},
    {"cursor": "bm9uc2Vuc2U"},
    {"status": "lost"},
    {"channel": ""},
    {"phone": "+"},
    {"channel": "a\x00"},
    {"colour": "red"},
    {"limit": ["1", "2"]},
]


def test_a_question_that_makes_no_sense_is_refused(admin):
    for asked in SENSELESS:
        answer = admin.get("/api/v1/orders", params=asked)

        assert (asked, answer.status_code, answer.json()["code"]) == (asked, 422, "bad_value")
        assert answer.json()["faults"]


def test_a_change_is_made_once_and_its_repeat_gets_the_same_answer(admin, number, database):
    asked = {"reason": "changed_mind", "line_no": 1, "units_kept": 3}
    path = f"/api/v1/orders/{number}/cancel"
    first = admin.post(path, json=asked, headers=keyed("c1"))
    again = admin.post(path, json=asked, headers=keyed("c1"))
    other = admin.post(path, json=asked | {"units_kept": 0}, headers=keyed("c1"))

    assert (first.status_code, first.json()["units"]) == (200, 2)
    assert (again.json(), again.headers["idempotent-replayed"]) == (first.json(), "true")
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")
    with database.transaction("test", "facts") as tx:
        assert facts(tx).count("OrderCancelled") == 1


def test_the_same_change_from_many_hands_at_once_is_made_once(address, admin, number):
    def ask(_):
        with httpx.Client(base_url=address, headers=dict(admin.headers)) as client:
            return client.post(
                f"/api/v1/orders/{number}/hold", json={"reason": "fraud"}, headers=keyed("h")
            ).json()

    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(ask, range(8)))

    assert told == [{"number": number, "reason": "fraud", "changed": True}] * 8


def test_a_change_for_a_version_that_has_passed_is_refused(admin, number):
    path = f"/api/v1/orders/{number}/hold"
    etag = admin.get(f"/api/v1/orders/{number}").headers["etag"]
    first = admin.post(path, json={"reason": "fraud"}, headers=keyed("a", **{"If-Match": etag}))
    late = admin.post(path, json={"reason": "address"}, headers=keyed("b", **{"If-Match": etag}))
    odd = admin.post(path, json={"reason": "address"}, headers=keyed("b", **{"If-Match": "x"}))

    assert first.status_code == 200
    assert (late.status_code, late.json()["code"]) == (412, "version_changed")
    assert (odd.status_code, odd.json()["code"]) == (400, "bad_request")


def test_a_refused_change_may_be_asked_again_under_its_key(admin, number, database, now):
    path = f"/api/v1/orders/{number + 1}/hold"
    before = admin.post(path, json={"reason": "fraud"}, headers=keyed("a"))
    with database.transaction("test", "order") as tx:
        make_order(tx, now, [(LAMP, 1, "unsourced", None)])
    after = admin.post(path, json={"reason": "fraud"}, headers=keyed("a"))

    assert (before.status_code, after.status_code) == (404, 200)


def test_a_change_without_a_key_or_with_a_misspelt_name_changes_nothing(admin, number, database):
    path = f"/api/v1/orders/{number}/hold"
    keyless = admin.post(path, json={"reason": "fraud"})
    misspelt = admin.post(path, json={"reason": "fraud", "colour": 1}, headers=keyed("a"))

    assert (keyless.status_code, keyless.json()["faults"][0]["at"]) == (400, "Idempotency-Key")
    assert (misspelt.status_code, misspelt.json()["code"]) == (422, "bad_value")
    with database.transaction("test", "facts") as tx:
        assert facts(tx) == []
        assert tx.scalars("SELECT count(*) FROM base.repeat_key") == [0]
