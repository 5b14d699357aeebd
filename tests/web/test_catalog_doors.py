"""The catalog through the doors: files in and out, policies, keys."""

from itertools import product

from oneshelf.catalog.sheets.kinds import SHEETS

CSV = {"Content-Type": "text/csv"}
BRANDS = "brand_id,name\r\na,Apple Tree\r\nb,Bee\r\n"


def test_what_was_imported_is_exported_the_same(admin):
    first = admin.post("/api/v1/catalog/brands.csv", content=BRANDS, headers=CSV)
    again = admin.post("/api/v1/catalog/brands.csv", content=BRANDS, headers=CSV)

    assert first.json() == {"changed": 2, "unchanged": 0, "refused": 0, "refusals": []}
    assert again.json() == {"changed": 0, "unchanged": 2, "refused": 0, "refusals": []}
    assert admin.get("/api/v1/catalog/brands.csv").text == BRANDS


def test_every_table_can_be_exported(admin):
    for kind, sheet in SHEETS.items():
        answer = admin.get(f"/api/v1/catalog/{kind}.csv")

        assert answer.status_code == 200
        assert answer.text.strip() == ",".join(sheet.columns)


def test_one_bad_row_stops_the_file_unless_it_is_to_be_skipped(admin):
    content = BRANDS + ",No key\r\n"
    stopped = admin.post("/api/v1/catalog/brands.csv", content=content, headers=CSV)
    nothing = admin.get("/api/v1/catalog/brands.csv").text
    skipped = admin.post("/api/v1/catalog/brands.csv?on_refusal=skip", content=content, headers=CSV)

    assert (stopped.status_code, stopped.json()["code"]) == (422, "import_refused")
    assert stopped.json()["faults"][0]["at"] == "line 4, brand_id"
    assert nothing == "brand_id,name\r\n"
    assert (skipped.json()["changed"], skipped.json()["refused"]) == (2, 1)


def test_a_catalog_key_reads_and_writes_no_people(stranger, keys):
    doors = [("read:catalog", "GET"), ("write:catalog", "POST")]
    for kind, (scope, method) in product(["staff", "customers"], doors):
        answer = stranger.request(
            method,
            f"/api/v1/catalog/{kind}.csv",
            headers=CSV | {"Authorization": f"Bearer {keys[scope]}"},
        )

        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


def test_a_table_that_does_not_exist_is_refused(admin):
    for name in ("secrets.csv", "brands", "brands.csvx", "..%2fbrands.csv"):
        assert admin.get(f"/api/v1/catalog/{name}").status_code in {404, 422}


def test_a_policy_is_decided_for_the_version_that_was_read(admin):
    path = "/api/v1/policies/sourcing"
    read = admin.get(path)
    wanted = read.json()["policy"] | {"split_minor": 77}
    first = admin.put(path, json=wanted, headers={"If-Match": read.headers["etag"]})
    late = admin.put(path, json=wanted, headers={"If-Match": read.headers["etag"]})
    nonsense = admin.put(path, json=wanted | {"split_minor": -1})
    now_read = admin.get(path).json()

    assert (first.status_code, first.json()["version"]) == (200, 1)
    assert (late.status_code, late.json()["code"]) == (412, "version_changed")
    assert (nonsense.status_code, nonsense.json()["code"]) == (422, "bad_value")
    assert (now_read["version"], now_read["policy"]["split_minor"]) == (1, 77)


def test_a_key_works_from_its_issue_to_its_revocation(admin, stranger):
    asked = {"name": "shop", "scopes": ["read:catalog"], "channel": None}
    issued = admin.post("/api/v1/keys", json=asked).json()
    headers = {"Authorization": f"Bearer {issued['secret']}"}
    before = stranger.get("/api/v1/catalog/brands.csv", headers=headers)
    listed = admin.get("/api/v1/keys").text
    revoked = admin.post("/api/v1/keys/revoke", json={"key_ids": [issued["key"]["key_id"]]})
    after = stranger.get("/api/v1/catalog/brands.csv", headers=headers)

    assert (before.status_code, after.status_code) == (200, 401)
    assert issued["key"]["key_id"] in listed
    assert issued["secret"] not in listed
    assert revoked.json() == {"key_ids": [issued["key"]["key_id"]]}


def test_a_secret_is_stored_nowhere(admin, database):
    asked = {"name": "shop", "scopes": ["read:catalog"]}
    secret = admin.post("/api/v1/keys", json=asked, headers={"Idempotency-Key": "x"}).json()[
        "secret"
    ]
    with database.transaction("test", "look") as tx:
        texts = tx.scalars(
            "SELECT body::text FROM base.fact UNION SELECT answer::text FROM base.repeat_key"
        )

    assert all(secret.rpartition("_")[2] not in str(text) for text in texts)
