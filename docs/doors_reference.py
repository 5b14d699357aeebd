"""The doors and the shapes that pass them, as Markdown, from the OpenAPI document of the code."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from oneshelf.web.doors import Door
from oneshelf.web.openapi import ALWAYS, GUARDED
from oneshelf.web.problems import STATUS

OURS = "oneshelf.web."
NO_ANCHOR = re.compile(r"[^\w-]")
REPEATS = {
    "needs_key": "Needs an `Idempotency-Key`.",
    "may_have_key": "Safe to repeat.",
    "no_key": "",
}
LIMITS = {
    "minimum": "from {}",
    "maximum": "to {}",
    "minLength": "at least {} letters",
    "maxLength": "at most {} letters",
    "minItems": "at least {}",
    "maxItems": "at most {}",
    "pattern": "like `{}`",
}

Schema = Mapping[str, Any]  # a JSON schema: what stands under a word differs from word to word


def write_doors(doors: Sequence[Door]) -> str:
    """Tell every door: who may enter, what it takes and gives, what it may answer."""
    by_topic: dict[str, list[Door]] = defaultdict(list)
    for door in doors:
        by_topic[_topic(door.path)].append(door)
    told = [
        "# HTTP doors\n",
        "Programs send `Authorization: Bearer KEY`; a key has scopes, and a door needs one.",
        "`GET /openapi.json` says the same for machines, `GET /docs` for people. Every door may",
        "also answer "
        + ", ".join(f"`{code}` ({STATUS[code]})" for code in sorted((*ALWAYS, *GUARDED)))
        + "; see [errors](errors.md).\n",
    ]
    for topic in sorted(by_topic):
        told.append(f"## {topic.capitalize()}\n")
        told += [_door(door) for door in by_topic[topic]]
    return "\n".join(told)


def _topic(path: str) -> str:
    if not path.startswith("/api/v1/"):
        return "health" if path.startswith(("/health", "/metrics")) else "pages"
    return path.removeprefix("/api/v1/").split("/")[0].partition(".")[0]


def _door(door: Door) -> str:
    who = "Public." if door.scope == "public" else f"Scope `{door.scope}`."
    parts = [f"{door.does}.", who, REPEATS[door.repeats]]
    if door.versioned:
        parts.append("Has an ETag." if door.method == "GET" else "Takes `If-Match`.")
    lines = [f"### {door.method} {door.path}\n", " ".join(part for part in parts if part) + "\n"]
    statuses = " or ".join(str(one) for one in (door.status, door.also) if one)
    takes = f"takes {_shape(door.takes, door.takes_media)}; " if _takes(door) else ""
    asks = f"asked with {_linked(door.where)}; " if door.where.__struct_fields__ else ""
    refuses = ", ".join(f"`{code}`" for code in door.problems)
    sentence = f"{asks}{takes}answers {statuses} with {_shape(door.gives, door.gives_media)}"
    lines.append(f"{sentence[0].upper()}{sentence[1:]}{f'; or {refuses}' if refuses else ''}.\n")
    return "\n".join(lines)


def _takes(door: Door) -> bool:
    return door.takes is not None or door.takes_media != "application/json"


def _shape(kind: type | None, media: str) -> str:
    shape = _linked(kind) if kind else ""
    if media == "application/json":
        return shape or "JSON"
    return f"{shape} as `{media}`".strip() if shape else f"`{media}`"


def _linked(kind: type) -> str:
    schema = _components([kind])[0][0]
    return _link(schema, "shapes.md")


def _link(schema: Schema, page: str = "") -> str:
    name = schema["$ref"].rpartition("/")[2].removeprefix(OURS)
    return f"[{name}]({page}#{NO_ANCHOR.sub('', name.lower())})"


def write_shapes(doors: Sequence[Door]) -> str:
    """Tell every shape, field by field."""
    kinds = [kind for door in doors for kind in (door.takes, door.gives) if kind is not None]
    asked = [door.where for door in doors if door.where.__struct_fields__]
    _, schemas = _components([*asked, *kinds])
    told = [
        "# Shapes\n",
        "What passes the [doors](doors.md): JSON objects, and the parameters in paths and queries.",
        "Money is in minor units, weight in g, lengths in mm; `_at` is an instant, `_on` a local",
        "date.\n",
        *(_described(name, schemas[name]) for name in sorted(schemas)),
    ]
    return "\n".join(told)


def _components(kinds: Sequence[type]) -> tuple[Sequence[Schema], Mapping[str, Schema]]:
    return msgspec.json.schema_components(kinds, ref_template="#/components/schemas/{name}")


def _described(name: str, schema: Schema) -> str:
    told = [f"## {name.removeprefix(OURS)}\n"]
    if words := schema.get("description", ""):
        told.append("\n\n".join(" ".join(part.split()) for part in words.split("\n\n")) + "\n")
    if rows := list(_fields(schema)):
        told += ["| field | is | |", "| --- | --- | --- |"]
        told += [f"| `{field}` | {kind} | {need} |" for field, kind, need in rows]
        told.append("")
    elif "properties" not in schema:
        told.append(f"{_kind(schema)}.\n")
    return "\n".join(told)


def _fields(schema: Schema) -> Iterator[tuple[str, str, str]]:
    needed = set(schema.get("required", ()))
    for name, field in schema.get("properties", {}).items():
        default = field.get("default")
        if isinstance(default, list):
            default = sorted(default)  # it may come from a set
        given = f"else `{default}`" if "default" in field and default is not None else ""
        yield name, _kind(field).replace("|", "\\|"), "needed" if name in needed else given


def _kind(field: Schema) -> str:
    if "$ref" in field:
        return _link(field)
    if several := field.get("anyOf"):
        return " or ".join(dict.fromkeys(_kind(one) for one in several))
    if "enum" in field:
        return ", ".join(f"`{one}`" for one in field["enum"])
    if "const" in field:
        return f"`{field['const']}`"
    limits = [text.format(field[key]) for key, text in LIMITS.items() if key in field]
    kind = field.get("type", "anything")
    if kind == "array":
        kind = f"list of {_kind(field['items'])}" if field.get("items") else "list"
    elif "format" in field:
        kind = field["format"]
    return ", ".join([str(kind), *limits])
