"""Read what a request carries into typed values; refuse what cannot be stored. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

import msgspec
from litestar.types import Scope

from oneshelf.web.problems import Fault, FaultyError

Kind = TypeVar("Kind")

INTEGER_MAX = 2**63 - 1
NUL = rb"\u0000"
AS_NINES = bytes(ord("9") if ord("0") <= byte <= ord("9") else 0 for byte in range(256))
MANY_DIGITS = b"9" * len(str(INTEGER_MAX))


class Shape(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Values that come through a door and that only the door knows: a misspelt name is refused."""


ShapeKind = TypeVar("ShapeKind", bound=Shape)


def header_of(scope: Scope, name: bytes) -> str | None:
    """Return a request's header, the first of that name. name: in small letters.

    For the few that every request is asked for: the framework's collection of all headers takes a
    twentieth of a small look-up.
    """
    for given, value in scope["headers"]:
        if given == name:
            return value.decode("latin-1")
    return None


def decode_body(raw: bytes, kind: type[Kind]) -> Kind:
    """Read a JSON body. Malformed JSON is a bad request, a wrong value a bad value."""
    if NUL in raw or MANY_DIGITS in raw.translate(AS_NINES):  # it could be; a walk tells
        _refuse_unstorable(raw)
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.ValidationError as error:
        raise FaultyError("bad_value", (_fault(error),)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        detail = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise FaultyError("bad_request", (Fault("$", detail),)) from error


def convert_parameters(found: Sequence[tuple[str, str]], kind: type[ShapeKind]) -> ShapeKind:
    """Read path and query parameters; an unknown or repeated one is a fault."""
    known = kind.__struct_fields__
    faults = [
        Fault(name, f"unknown parameter; this door knows {', '.join(sorted(known)) or 'none'}")
        for name, _ in found
        if name not in known
    ]
    names = [name for name, _ in found]
    faults += [Fault(name, "given more than once") for name in known if names.count(name) > 1]
    faults += [
        Fault(name, "holds a character that cannot be stored")
        for name, value in found
        if not _storable(value)
    ]
    if faults:
        raise FaultyError("bad_value", tuple(faults))
    try:
        return msgspec.convert(dict(found), kind, strict=False)
    except msgspec.ValidationError as error:
        raise FaultyError("bad_value", (_fault(error),)) from error


def _storable(text: str) -> bool:
    return (
        "\x00" not in text
        and "\ufffd" not in text
        and not any("\ud800" <= character <= "\udfff" for character in text)
    )


def _refuse_unstorable(raw: bytes) -> None:
    try:
        body = msgspec.json.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return  # the typed decoder says it better
    if faults := tuple(_unstorable(body, "$")):
        raise FaultyError("bad_value", faults)


def _unstorable(value: object, at: str) -> Iterator[Fault]:
    if isinstance(value, str) and "\x00" in value:
        yield Fault(at, "holds a NUL character, which cannot be stored")
    elif isinstance(value, int) and abs(value) > INTEGER_MAX:
        yield Fault(at, "is out of range")
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            if "\x00" in key:
                yield Fault(at, "has a name with a NUL character")
            yield from _unstorable(inner, f"{at}.{key}")
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _unstorable(inner, f"{at}[{place}]")


def _fault(error: msgspec.ValidationError) -> Fault:
    detail, _, at = str(error).partition(" - at ")
    return Fault(at.strip("`") or "$", detail)
