"""The doors as an OpenAPI 3.1 document: types from msgspec, so it says exactly what is checked."""

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import TypeAlias

import msgspec

from oneshelf import web
from oneshelf.base.errors import Code
from oneshelf.web import problems
from oneshelf.web.doors import JSON, KEY_LENGTH_MAX, Door
from oneshelf.web.problems import STATUS, Problem

Json: TypeAlias = "str | int | float | bool | Sequence[Json] | Mapping[str, Json] | None"

REF = "#/components/schemas/{name}"
NAMED = re.compile(r"\{(\w+)\}")
ALWAYS: tuple[Code, ...] = (
    "bad_request",
    "database_unavailable",
    "server_failed",
    "too_large",
)
GUARDED: tuple[Code, ...] = ("unauthenticated", "forbidden")


def describe(doors: Sequence[Door], version: str) -> dict[str, Json]:
    """Return the whole document."""
    kinds = [kind for door in doors for kind in (door.takes, door.gives) if kind is not None]
    named = [door.where for door in doors] + [Problem, *kinds]
    _, schemas = msgspec.json.schema_components(named, ref_template=REF)
    paths: dict[str, dict[str, Json]] = {}
    for door in doors:
        paths.setdefault(door.path, {})[door.method.lower()] = _operation(door, schemas)
    shown = {name: schema for name, schema in schemas.items() if name not in _hidden(doors)}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Oneshelf",
            "version": version,
            "description": web.__doc__ or "",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": shown,
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


def _hidden(doors: Sequence[Door]) -> set[str]:
    """Parameters are spelt out at each door; their own schemas would only repeat them."""
    bodies = {door.takes for door in doors} | {door.gives for door in doors}
    return {door.where.__name__ for door in doors if door.where not in bodies}


def _operation(door: Door, schemas: Mapping[str, Mapping[str, Json]]) -> dict[str, Json]:
    told: dict[str, Json] = {
        "summary": door.does,
        "operationId": _operation_id(door),
        "tags": [_topic(door.path)],
        "parameters": [*_parameters(door, schemas), *_headers(door)],
        "responses": _responses(door),
        "security": [] if door.scope == "public" else [{"key": []}],
    }
    if door.scope != "public":
        told["description"] = f"Needs the scope `{door.scope}`."
    if door.takes is not None or door.takes_media != JSON:
        told["requestBody"] = {
            "required": True,
            "content": {door.takes_media: _content(door.takes, door.takes_media)},
        }
    return told


def _operation_id(door: Door) -> str:
    words = re.findall(r"\w+", door.path.removeprefix("/api/v1"))
    return "_".join([door.method.lower(), *words])


def _topic(path: str) -> str:
    words = path.removeprefix("/api/v1").strip("/").split("/")
    return words[0].partition(".")[0] or "page"


def _parameters(door: Door, schemas: Mapping[str, Mapping[str, Json]]) -> list[Json]:
    schema = schemas[door.where.__name__]
    fields = schema["properties"]
    required = schema.get("required", ())
    if not isinstance(fields, Mapping) or not isinstance(required, Sequence):
        raise TypeError(f"the parameters of {door.path} have no fields")
    in_path = set(NAMED.findall(door.path))
    return [
        {
            "name": name,
            "in": "path" if name in in_path else "query",
            "required": name in in_path or name in required,
            "schema": field,
        }
        for name, field in fields.items()
    ]


def _headers(door: Door) -> list[Json]:
    told: list[Json] = []
    if door.repeats != "no_key":
        told.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": door.repeats == "needs_key",
                "description": "A repeat with the same key and body gets the first answer.",
                "schema": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": KEY_LENGTH_MAX,
                    "pattern": "^[!-~]+$",
                },
            }
        )
    if door.versioned and door.method != "GET":
        told.append(
            {
                "name": "If-Match",
                "in": "header",
                "required": False,
                "description": "The ETag the change is meant for; 412 if it has changed since.",
                "schema": {"type": "string", "pattern": '^"[0-9]{1,18}"$'},
            }
        )
    return told


def _responses(door: Door) -> dict[str, Json]:
    given: Json = {
        "description": door.does,
        "content": {door.gives_media: _content(door.gives, door.gives_media)},
    }
    told: dict[str, Json] = {str(s): given for s in (door.status, door.also) if s is not None}
    codes: list[Code] = [*ALWAYS, *door.problems]
    codes += () if door.scope == "public" else GUARDED
    codes += ("too_many_requests",) if door.scope == "public" else ()
    codes += ("version_changed",) if door.versioned and door.method != "GET" else ()
    codes += ("unsupported_media", "bad_value") if door.takes_media != JSON or door.takes else ()
    codes += ("bad_value",) if door.where.__struct_fields__ else ()
    by_status: dict[int, set[Code]] = {}
    for code in codes:
        by_status.setdefault(STATUS[code], set()).add(code)
    for status, several in sorted(by_status.items()):
        told.setdefault(
            str(status),
            {
                "description": f"{HTTPStatus(status).phrase}: {', '.join(sorted(several))}",
                "content": {problems.MEDIA: {"schema": {"$ref": REF.format(name="Problem")}}},
            },
        )
    return told


def _content(kind: type | None, media: str) -> dict[str, Json]:
    if kind is None:
        return {"schema": {"type": "string"}}
    schema: Json = msgspec.json.schema_components([kind], ref_template=REF)[0][0]
    if media != JSON:
        return {"schema": {"type": "string", "description": "one object a line"}, "x-line": schema}
    return {"schema": schema}
