"""The OpenAPI document and the doors say the same."""

from contextlib import suppress

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from oneshelf.base.database import Database
from oneshelf.web.application import DOORS, FOR_PROGRAMS

HELD = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
TOLD = [door for door in DOORS if door.path.startswith(FOR_PROGRAMS)]
OTHER_MEDIA = {"text/event-stream", "application/x-ndjson", "text/csv"}


@pytest.fixture(scope="module")
def database(module_url):
    """Share one: these tests only look."""
    database = Database(module_url)
    yield database
    database.close()


def test_every_door_for_programs_stands_in_the_document_once(stranger):
    document = stranger.get("/openapi.json").json()
    told = {
        (method.upper(), path)
        for path, operations in document["paths"].items()
        for method in operations
    }

    assert document["openapi"] == "3.1.0"
    assert told == {(door.method, door.path) for door in TOLD}
    ids = [o["operationId"] for ops in document["paths"].values() for o in ops.values()]
    assert len(set(ids)) == len(ids)


def test_every_guarded_door_says_that_it_is(stranger):
    paths = stranger.get("/openapi.json").json()["paths"]
    for door in TOLD:
        told = paths[door.path][door.method.lower()]

        assert told["security"] == ([] if door.scope == "public" else [{"key": []}])
        assert ("401" in told["responses"]) is (door.scope != "public")


def test_the_page_needs_nothing_from_another_host(stranger):
    page = stranger.get("/docs")

    assert "http" not in page.text.replace("<!doctype html>", "")
    assert "<script>" not in page.text
    for path in ("/static/swagger/swagger-ui-bundle.js", "/static/swagger/swagger-ui.css"):
        assert path in page.text
        assert stranger.get(path).status_code == 200


def test_a_file_that_is_unchanged_is_not_sent_again(stranger):
    first = stranger.get("/static/docs/docs.js")
    again = stranger.get("/static/docs/docs.js", headers={"If-None-Match": first.headers["etag"]})

    assert (again.status_code, again.content) == (304, b"")


def test_doors_answer_as_the_document_says_whatever_comes(address, admin):
    document = httpx.get(f"{address}/openapi.json").json()
    schema = schemathesis.openapi.from_dict(document)
    schema.config.base_url = address
    headers = {"Authorization": admin.headers["authorization"]}
    few = settings(
        max_examples=5,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    for operation in (result.ok() for result in schema.get_all_operations()):
        responses = operation.definition.raw["responses"]
        if any(media in OTHER_MEDIA for r in responses.values() for media in r["content"]):
            continue
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):

            @few
            @given(operation.as_strategy(generation_mode=mode))
            def visit(case):
                answer = case.call(headers=headers)
                case.validate_response(answer, checks=HELD)

            with suppress(Unsatisfiable):  # a door without parameters cannot be asked wrongly
                visit()
