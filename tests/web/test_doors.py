"""Laws of every door: closed to strangers, errors as problems, marked answers."""

import asyncio
import re
from types import MappingProxyType

import pytest

from oneshelf.base.database import Database
from oneshelf.base.errors import OneshelfError
from oneshelf.catalog.access.actions import revoke_keys
from oneshelf.web.application import every_door, guard

PUBLIC = re.compile(r"/|/health/.*|/live.*|/static/.*|/openapi\.json|/docs")


@pytest.fixture(scope="module")
def database(module_url):
    """Share one: these tests only look."""
    database = Database(module_url)
    yield database
    database.close()


def guarded(house):
    return [door for door in every_door(house) if door.scope != "public"]


def fill(path):
    return re.sub(r"\{\w+\}", "1", path)


def test_only_the_stated_doors_are_public(house):
    public = [door.path for door in every_door(house) if door.scope == "public"]

    assert [path for path in public if not PUBLIC.fullmatch(path)] == []


def test_every_guarded_door_refuses_a_stranger_and_a_wrong_key(house, stranger):
    for door in guarded(house):
        wrong = {"Authorization": f"Bearer oneshelf_{'0' * 16}_{'x' * 43}"}
        for headers in ({}, wrong, {"Authorization": "Basic abc"}):
            answer = stranger.request(door.method, fill(door.path), headers=headers)

            assert (door.path, answer.status_code) == (door.path, 401)
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.headers["www-authenticate"].startswith("Bearer")
            assert answer.json()["code"] == "unauthenticated"


def test_every_guarded_door_refuses_every_key_without_its_scope(house, stranger, keys):
    for door in guarded(house):
        for scope, key in keys.items():
            if scope not in {door.scope, "admin"}:
                answer = stranger.request(
                    door.method, fill(door.path), headers={"Authorization": f"Bearer {key}"}
                )

                assert (door.path, scope, answer.status_code) == (door.path, scope, 403)
                assert answer.json()["code"] == "forbidden"


def test_an_unknown_path_or_method_is_a_problem_too(stranger):
    for method, path, status, code in [
        ("GET", "/nowhere", 404, "not_found"),
        ("GET", "/api/v1/%00", 404, "not_found"),
        ("DELETE", "/health/live", 405, "method_not_allowed"),
        ("GET", "/static/swagger/..%2f..%2fsecret", 404, "not_found"),
    ]:
        answer = stranger.request(method, path)

        assert (path, answer.status_code, answer.json()["code"]) == (path, status, code)
        assert answer.headers["content-type"] == "application/problem+json"


def test_every_answer_has_a_request_id_and_security_headers(stranger):
    for path in ("/health/live", "/nowhere", "/docs"):
        answer = stranger.get(path, headers={"X-Request-Id": "given-by-me-1"})

        assert answer.headers["x-request-id"] == "given-by-me-1"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert "server" not in answer.headers


def test_a_request_id_that_is_not_one_is_replaced(stranger):
    answer = stranger.get("/nowhere", headers={"X-Request-Id": "a b"})

    assert answer.headers["x-request-id"] == answer.json()["request_id"] != "a b"


def test_who_knocks_too_often_waits_but_a_known_key_always_enters(
    house, stranger, keys, monkeypatch
):
    monkeypatch.setattr(house.knocks, "_burst", 3)
    monkeypatch.setattr(house.knocks, "_per_second", 0)
    public = [stranger.get("/health/live") for _ in range(5)]
    guessed = stranger.get("/metrics", headers={"Authorization": "Bearer guess"})
    mine = {"Authorization": f"Bearer {keys['read:metrics']}"}
    known = stranger.get("/metrics", headers=mine)
    looking = [stranger.get("/health/live", headers=mine) for _ in range(5)]
    basic = stranger.get("/health/live", headers={"Authorization": "Basic guess"})

    assert [answer.status_code for answer in public] == [200, 200, 200, 429, 429]
    assert [answer.status_code for answer in looking] == [200] * 5
    assert basic.status_code == 429
    assert public[-1].headers["retry-after"] == "1"
    assert (guessed.status_code, known.status_code) == (429, 200)


def test_a_revoked_key_closes_the_doors_of_a_process_that_forgets(
    house, stranger, keys, database, now
):
    headers = {"Authorization": f"Bearer {keys['read:metrics']}"}
    before = stranger.get("/metrics", headers=headers)
    with database.transaction("test", "revoke") as tx:
        revoke_keys(tx, [keys["read:metrics"].split("_")[1]], now)
    house.keys.forget_all()
    after = stranger.get("/metrics", headers=headers)

    assert (before.status_code, after.status_code) == (200, 401)


def test_a_route_that_is_not_a_door_is_closed(house):
    class Nothing:
        opt = MappingProxyType({})

    with pytest.raises(OneshelfError) as closed:
        asyncio.run(guard(house, None, Nothing))

    assert closed.value.code == "forbidden"


def test_text_says_once_how_it_is_written(stranger):
    for path in ("/docs", "/static/swagger/swagger-ui.css"):
        assert stranger.get(path).headers["content-type"].count("charset") == 1
