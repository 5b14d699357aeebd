"""Cursors: an opaque word that says where the next page starts. Pure."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated, TypeVar

import msgspec

from oneshelf.web.problems import Fault, FaultyError

Place = TypeVar("Place")

Cursor = Annotated[str, msgspec.Meta(max_length=200, pattern="^[A-Za-z0-9_-]+$")]
PageSize = Annotated[int, msgspec.Meta(ge=1, le=200)]


def write_cursor(place: object) -> str:
    """Return a place as a word."""
    return urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def read_cursor(cursor: str | None, kind: type[Place]) -> Place | None:
    """Return the place a word stands for; None where the first page is asked for."""
    if cursor is None:
        return None
    try:
        return msgspec.json.decode(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)), type=kind)
    except (ValueError, msgspec.MsgspecError) as error:
        detail = "not a cursor that a page gave; leave it out for the first page"
        raise FaultyError("bad_value", (Fault("cursor", detail),)) from error
