"""From a promise to a return through the doors, each step once."""

import pytest

from oneshelf.inventory.auditing.actions import audit
from oneshelf.orders.changes.actions import release_due
from oneshelf.web.application import furnish
from shop import PLACE, Shop

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
def shop(database):
    shop = Shop.opened(database, [("LAMP", "leeds", 5), ("LAMP", "london", 5), ("VASE", "york", 2)])
    yield shop
    with database.transaction("test", "audit") as tx:
        differences = audit(tx)

    assert differences == []


@pytest.fixture
def house(shop):
    return furnish(shop.database)


def post(admin, path, key=None, **body):
    key = key or f"k{next(KEYS)}"
    return admin.post(f"/api/v1/{path}", json=body, headers={"Idempotency-Key": key})


def buy(admin, **more):
    lines = [{"sku": "LAMP", "units": 2, "price_minor": 500}]
    body = CART | {"key": "a", "lines": lines, "currency": "GBP"} | more
    return admin.post("/api/v1/orders", json=body).json()


def available(admin, sku="LAMP"):
    nodes = admin.get(f"/api/v1/stock/{sku}").json()["nodes"]
    return {one["node"]: one["available"] for one in nodes}


def test_what_is_promised_is_what_is_placed(admin):
    told = admin.post("/api/v1/promise", json=CART)
    option = told.json()["options"][0]
    placed = buy(admin)

    assert told.status_code == 200
    assert [p["node"] for p in option["parcels"]] == [p["node"] for p in placed["parcels"]]
    assert option["arrives_on"] == placed["promised_on"]
    assert available(admin) == {"leeds": 3, "london": 5}


def test_a_promise_that_cannot_be_says_why(admin):
    gone = admin.post("/api/v1/promise", json=CART | {"lines": [{"sku": "LAMP", "units": 99}]})
    unknown = admin.post("/api/v1/promise", json=CART | {"lines": [{"sku": "X", "units": 1}]})
    nowhere = admin.post("/api/v1/promise", json=CART | {"place": None})

    assert (gone.status_code, gone.json()["reason"]) == (409, "out_of_stock")
    assert unknown.status_code == nowhere.status_code == 422


def test_a_cart_is_held_extended_changed_and_given_back(admin):
    held = post(admin, "reservations", "r", **CART)
    again = post(admin, "reservations", "r", **CART)
    path = f"reservations/{held.json()['reservation']}"
    longer = post(admin, f"{path}/extend", minutes=60)
    less = post(admin, f"{path}/resize", line_no=1, sku="LAMP", node="leeds", units=1)
    moved = post(admin, f"{path}/move", line_no=1, sku="LAMP", node="leeds", to="london")
    while_moved = available(admin)
    released = post(admin, f"{path}/release")
    after = admin.get(f"/api/v1/{path}")

    assert (held.status_code, again.json()) == (201, held.json())
    assert longer.json()["lapses_at"] > held.json()["lapses_at"]
    assert [one["units"] for one in less.json()["units"]] == [1]
    assert [one["node"] for one in moved.json()["units"]] == ["london"]
    assert while_moved == {"leeds": 5, "london": 4}
    assert released.json()["outcome"] == "released"
    assert (after.status_code, after.json()["code"]) == (409, "conflict")
    assert available(admin) == {"leeds": 5, "london": 5}


def test_an_order_consumes_the_cart_it_names(admin):
    held = post(admin, "reservations", **CART).json()
    placed = buy(admin, reservation=held["reservation"])

    assert placed["reservation"] == "consumed"
    assert available(admin) == {"leeds": 3, "london": 5}


def test_a_cart_of_too_much_holds_nothing(admin):
    short = post(admin, "reservations", **CART | {"lines": [{"sku": "LAMP", "units": 99}]})

    assert (short.status_code, short.json()["code"]) == (409, "refused")
    assert available(admin) == {"leeds": 5, "london": 5}


def test_an_order_goes_from_promise_to_return(admin, database):
    number = buy(admin)["number"]
    with database.transaction("test", "release") as tx:
        [later] = tx.scalars("SELECT clock_timestamp() + interval '1 day'")
        release_due(tx, later)
    work = admin.get("/api/v1/nodes/leeds/work").json()["work"]
    [parcel] = {row["parcel"] for row in work}
    picked = post(admin, "parcels/pick", picks=[{"parcel": parcel, "line_no": 1, "units": 2}])
    packed = post(admin, "parcels/pack", parcels=[parcel])
    shipment = {"parcel": parcel, "tracking_number": "T1"}
    shipped = post(admin, "parcels/ship", shipments=[shipment])
    arrived = post(
        admin, "parcels/deliver", deliveries=[{"parcel": parcel, "delivered_on": "2026-12-01"}]
    )
    back = {"order": number, "line_no": 1, "units": 1, "node": "york", "condition": "available"}
    returned = post(admin, "returns", "back", returns=[back])
    again = post(admin, "returns", "back", returns=[back])
    found = admin.get("/api/v1/orders", params={"tracking": "T1"}).json()["orders"]

    assert picked.json()["answers"][0]["outcome"] == "picked"
    for answer in (packed, shipped, arrived):
        assert answer.json()["answers"] == [{"parcel_id": parcel, "outcome": "done"}]
    assert returned.json()["answers"][0]["outcome"] == "received"
    assert again.json() == returned.json()
    assert available(admin)["york"] == 1
    assert [one["number"] for one in found] == [number]


@pytest.mark.parametrize(("sku", "node"), [("LIMP", "leeds"), ("LAMP", "nowhere")])
def test_stock_under_an_unknown_name_is_refused_by_that_name(admin, sku, node):
    place = {"sku": sku, "node": node}
    line = place | {"line_no": 1, "units": 1, "due_at": "2026-02-01T09:00:00Z"}
    adjusted = post(
        admin, "stock/adjustments", adjustments=[place | {"units": 1, "reason": "found"}]
    )
    announced = post(admin, "receipts", reference="D1", lines=[line])
    toggled = post(admin, "stock/toggles", toggles=[place | {"methods": ["ship"]}])

    for answer in (adjusted, announced, toggled):
        assert (answer.status_code, answer.json()["code"]) == (422, "bad_value")
        assert "is not in the catalog" in answer.text
        assert "LIMP" in answer.text or "nowhere" in answer.text


def test_what_was_picked_and_then_cancelled_is_put_back_through_the_nodes_list(admin, database):
    number = buy(admin)["number"]
    with database.transaction("test", "release") as tx:
        [later] = tx.scalars("SELECT clock_timestamp() + interval '1 day'")
        release_due(tx, later)
    [parcel] = {row["parcel"] for row in admin.get("/api/v1/nodes/leeds/work").json()["work"]}
    post(admin, "parcels/pick", picks=[{"parcel": parcel, "line_no": 1, "units": 2}])
    post(admin, f"orders/{number}/cancel", reason="changed_mind")
    cancelled = available(admin)
    [row] = admin.get("/api/v1/nodes/leeds/recalled").json()["recalled"]
    back = {name: row[name] for name in ("order", "line_no", "sku", "units")}
    first = post(admin, "nodes/leeds/recalled", "back", units=[back])
    again = post(admin, "nodes/leeds/recalled", "back", units=[back])

    assert (row["parcels"], row["units"], cancelled["leeds"]) == ([parcel], 2, 3)
    assert first.json()["answers"][0]["outcome"] == "put_back"
    assert again.json() == first.json()
    assert available(admin)["leeds"] == 5
    assert admin.get("/api/v1/nodes/leeds/recalled").json()["recalled"] == []


def test_why_an_order_goes_there_is_told_in_sentences(admin):
    number = buy(admin)["number"]
    told = admin.get(f"/api/v1/orders/{number}/explain").json()

    assert told["decisions"][0]["sentences"]
    assert admin.get(f"/api/v1/orders/{number + 1}/explain").status_code == 404


def test_a_pickup_code_is_told_once_and_stored_nowhere(admin, database):
    asked = {"method": "pickup", "node": "leeds", "place": None}
    buy(admin, **asked)
    with database.transaction("test", "release") as tx:
        [later] = tx.scalars("SELECT clock_timestamp() + interval '1 day'")
        release_due(tx, later)
    [parcel] = {r["parcel"] for r in admin.get("/api/v1/nodes/leeds/work").json()["work"]}
    post(admin, "parcels/pick", picks=[{"parcel": parcel, "line_no": 1, "units": 2}])
    ready = post(admin, "parcels/ready", "ready", parcels=[parcel]).json()
    again = post(admin, "parcels/ready", "ready", parcels=[parcel]).json()
    [code] = ready["codes"]
    wrong = post(admin, "parcels/hand-over", customers=[{"parcel": parcel, "code": "000000"}])
    right = post(admin, "parcels/hand-over", customers=[{"parcel": parcel, "code": code["code"]}])

    assert again == {"answers": ready["answers"], "codes": []}
    assert wrong.json()["answers"][0]["outcome"] == "wrong_code"
    assert right.json()["answers"][0]["outcome"] == "done"


def test_stock_is_corrected_counted_moved_and_received_once(admin):
    place = {"sku": "RUG", "node": "leeds"}
    more = {"adjustments": [place | {"units": 5, "reason": "found"}]}
    post(admin, "stock/adjustments", "m", **more)
    post(admin, "stock/adjustments", "m", **more)
    counted = post(admin, "stock/counts", counts=[place | {"units": 4}]).json()
    post(admin, "transfers", transfers=[place | {"to": "york", "units": 3}])
    post(admin, "transfers/arrivals", arrivals=[{"sku": "RUG", "node": "york", "units": 3}])
    spoilt = place | {"source": "available", "target": "damaged", "units": 1}
    post(admin, "stock/regrades", regrades=[spoilt])
    line = {"line_no": 1, "units": 7, "due_at": "2026-12-01T08:00:00Z"} | place
    announced = post(admin, "receipts", reference="ASN1", lines=[line])
    [told] = announced.json()["lines"]
    came = {"receipt_line": told["receipt_line"], "units": 7}
    post(admin, "receipts/received", "came", received=[came])
    post(admin, "receipts/received", "came", received=[came])

    assert [one["units"] for one in counted["variances"]] == [-1]
    assert announced.status_code == 201
    assert available(admin, "RUG") == {"leeds": 7, "york": 3}
    assert admin.get("/api/v1/receipts/ASN1").json()["lines"][0]["status"] == "closed"


def row(**other):
    return {"sku": "LAMP", "node": "leeds", "units": 1} | other


SAME = {"source": "available", "target": "available"}
SENSELESS = [
    ("stock/adjustments", "adjustments", []),
    ("stock/adjustments", "adjustments", [row(reason="x", units=0)]),
    ("stock/adjustments", "adjustments", [row(reason="x", sku="X")]),
    ("stock/adjustments", "adjustments", [row(reason="x", node="x")]),
    ("stock/adjustments", "adjustments", [row(reason="x", units=-99)]),
    ("stock/adjustments", "adjustments", [row(reason="x"), row(reason="x", units=-99)]),
    ("stock/counts", "counts", [row(units=-1)]),
    ("stock/counts", "counts", [row(units=1), row(units=2)]),
    ("stock/regrades", "regrades", [row(**SAME)]),
    ("stock/toggles", "toggles", [{"sku": "X", "node": "leeds", "methods": []}]),
    ("transfers", "transfers", [row(to="leeds")]),
    ("transfers", "transfers", [row(to="x")]),
    ("transfers", "transfers", [row(to="york", units=99)]),
    ("transfers/arrivals", "arrivals", [row(units=0)]),
    ("transfers/arrivals", "arrivals", [row()]),
    ("receipts", "lines", [row(line_no=1, due_at="2026-12-01T08:00:00")]),
    ("receipts/received", "received", [{"receipt_line": 99, "units": 1}]),
    ("receipts/dates", "dates", [{"receipt_line": 99, "due_at": "2026-12-01T08:00:00Z"}]),
    ("returns", "returns", [row(order=1, line_no=1, condition="available")]),
    ("reservations/00000000-0000-0000-0000-000000000000/extend", "minutes", 1),
    ("reservations/x/extend", "minutes", 1),
    ("parcels/pick", "picks", [{"parcel": 0, "line_no": 1, "units": 1}]),
]


def test_what_makes_no_sense_is_refused_and_changes_nothing(admin, shop):
    figures = "SELECT sku, node, available, version FROM inventory.point ORDER BY 1, 2"
    before = shop.rows(figures)
    for path, name, rows in SENSELESS:
        more = {"reference": "A"} if path == "receipts" else {}
        answer = post(admin, path, **{name: rows}, **more)

        assert (path, rows, answer.status_code in {404, 409, 422}) == (path, rows, True)
        assert answer.headers["content-type"] == "application/problem+json"

    assert shop.rows(figures) == before
    assert shop.rows("SELECT count(*) FROM base.repeat_key") == [(0,)]
