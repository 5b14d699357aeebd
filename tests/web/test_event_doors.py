"""Facts as pages and as a stream: complete, in order, and going on where a client was."""

import json
import time

from oneshelf.base.outbox import announce
from oneshelf.base.policies import PolicyDecided
from orders_made import BERLIN, LAMP, stock


def tell(database, now, versions):
    with database.transaction("test", "facts") as tx:
        tx.run("SELECT pg_current_xact_id()")
        announce(tx, [PolicyDecided("p", version) for version in versions], now)


def settle(house, database):
    for _ in range(200):
        with database.transaction("test", "last") as tx:
            [last] = tx.scalars("SELECT coalesce(max(fact_id), 0) FROM base.fact")
        if house.safe_tail.look(database) >= last:
            return
        time.sleep(0.02)


def test_pages_give_every_fact_once_in_order(admin, house, database, now):
    tell(database, now, range(7))
    settle(house, database)
    seen, after = [], 0
    while True:
        asked = {"after": after, "limit": 3, "names": "PolicyDecided"}
        page = admin.get("/api/v1/facts", params=asked).json()
        if not page["facts"]:
            break
        seen += [fact["body"]["version"] for fact in page["facts"]]
        after = page["next_after"]

    assert seen == list(range(7))


def test_a_stream_goes_on_behind_the_last_event_a_client_saw(admin, database, now):
    tell(database, now, range(3))
    with admin.stream("GET", "/api/v1/events", params={"after": 0, "names": "PolicyDecided"}) as s:
        first = read_events(s, 2)
    headers = {"Last-Event-ID": first[-1][0]}
    with admin.stream("GET", "/api/v1/events?names=PolicyDecided", headers=headers) as s:
        [third] = read_events(s, 1)

    assert [fact["body"]["version"] for _, fact in [*first, third]] == [0, 1, 2]


def test_a_stream_from_now_on_tells_what_happens_next(admin, house, database, now):
    tell(database, now, [1])
    settle(house, database)
    with admin.stream("GET", "/api/v1/events?names=PolicyDecided") as s:
        lines = s.iter_lines()
        assert next(lines) == "retry: 2000"
        tell(database, now, [2])
        told = next(line for line in lines if line.startswith("data: "))

    assert json.loads(told.removeprefix("data: "))["body"]["version"] == 2


def read_events(stream, count):
    events, ident = [], ""
    for line in stream.iter_lines():
        if line.startswith("id: "):
            ident = line.removeprefix("id: ")
        if line.startswith("data: "):
            events.append((ident, json.loads(line.removeprefix("data: "))))
            if len(events) == count:
                return events
    raise AssertionError("the stream ended")


def test_facts_need_both_scopes(stranger, keys):
    for path in ("/api/v1/facts", "/api/v1/events"):
        headers = {"Authorization": f"Bearer {keys['read:orders']}"}

        assert stranger.get(path, headers=headers).status_code == 403


def test_stock_is_told_by_sku_and_by_place(admin, database, now):
    with database.transaction("test", "stock") as tx:
        stock(tx, now, units=7)
    by_sku = admin.get(f"/api/v1/stock/{LAMP}").json()
    places = [{"sku": LAMP, "node": BERLIN}, {"sku": LAMP, "node": "paris"}]
    looked = admin.post("/api/v1/stock/lookup", json={"places": places}).json()
    missing = admin.get("/api/v1/stock/NOTHING")

    assert [(one["node"], one["available"]) for one in by_sku["nodes"]] == [(BERLIN, 7)]
    assert looked == {"places": [by_sku["nodes"][0], None]}
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")
