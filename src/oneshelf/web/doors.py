"""A door as data: its path, who may enter, what it takes and gives, and what answers.

Reading doors look, writing doors call an action, each in one transaction. The few that do neither
(the writer's queue, streams, files) answer by themselves.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from random import SystemRandom
from typing import Generic, Literal, TypeVar
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec
from litestar import Request, Response
from litestar.datastructures import State
from litestar.response import Stream
from msgspec import Struct

from oneshelf.base.batching import decide_batch
from oneshelf.base.clock import read_now
from oneshelf.base.database import Transaction
from oneshelf.base.errors import Code, OneshelfError
from oneshelf.base.identifiers import ChannelId, new_id
from oneshelf.base.repeat_keys import (
    RepeatKey,
    StoredAnswer,
    hash_body,
    key_reused,
    store_answers,
    take_keys,
)
from oneshelf.catalog.access.keys import ApiKey
from oneshelf.catalog.access.scopes import Scope
from oneshelf.web.decoding import Shape, convert_parameters, decode_body, header_of
from oneshelf.web.defects import logged_defects
from oneshelf.web.house import House
from oneshelf.web.problems import Fault, FaultyError, request_id_of

Where = TypeVar("Where", bound=Shape)
Body = TypeVar("Body")
Gives = TypeVar("Gives")
HttpRequest = Request[object, object, State]

Repeats = Literal["needs_key", "may_have_key", "no_key"]
"""Whether an `Idempotency-Key` must or may come."""

JSON = "application/json"
NDJSON = "application/x-ndjson"
CSV = "text/csv"
HTML = "text/html"
EVENTS = "text/event-stream"
BODY_BYTES_MAX = 1_000_000
FILE_BYTES_MAX = 64_000_000
KEY_LENGTH_MAX = 128
VERSION = re.compile(r'(?:W/)?"(\d{1,18})"')
CHANCE = SystemRandom()


class Nowhere(Shape, frozen=True):
    """No parameters."""


class Visit(Struct, frozen=True):
    """One request at one door. key: who; None at a public door."""

    request: HttpRequest
    house: House
    key: ApiKey | None
    body_bytes_max: int

    def who(self) -> ApiKey:
        """Return the key; a door that is not public always has one."""
        if self.key is None:
            raise AssertionError("a public door asked who is there")
        return self.key

    def because(self) -> str:
        """Return what causes whatever this visit writes."""
        return f"request:{request_id_of(self.request.scope)}"

    def by(self) -> str:
        """Return who acts."""
        return f"key:{self.key.key_id}" if self.key else "anybody"

    def parameters(self, kind: type[Where]) -> Where:
        """Read path and query parameters."""
        path = [(name, str(value)) for name, value in self.request.path_params.items()]
        query = list(self.request.query_params.multi_items())
        return convert_parameters(path + query, kind)

    async def content(self) -> bytes:
        """Read the body as it came."""
        parts, size = list[bytes](), 0
        while True:
            message = await self.request.receive()
            if message["type"] != "http.request":
                raise OneshelfError(
                    "bad_request",
                    "The connection was closed before the whole body had come.",
                    "Send the request again, under the same key.",
                )
            parts.append(message["body"])
            size += len(message["body"])
            if size > self.body_bytes_max:
                raise OneshelfError(
                    "too_large",
                    f"The body is longer than the {self.body_bytes_max} bytes this door takes.",
                    "Send it in smaller parts.",
                )
            if not message["more_body"]:
                return b"".join(parts)

    async def body(self, kind: type[Body]) -> Body:
        """Read a JSON body."""
        self.expect_media(JSON)
        return decode_body(await self.content(), kind)

    def expect_media(self, media: str) -> None:
        """Refuse a body that says it is something else."""
        header = header_of(self.request.scope, b"content-type")
        said = media if header is None else header.partition(";")[0].strip().lower()
        if said != media:
            raise OneshelfError(
                "unsupported_media",
                f"The body is {said!r}; expected {media!r}.",
                f"Send `Content-Type: {media}`.",
            )

    def repeat_key(self) -> str | None:
        """Return the `Idempotency-Key`, if one came."""
        key = header_of(self.request.scope, b"idempotency-key")
        if key is None:
            return None
        if not 0 < len(key) <= KEY_LENGTH_MAX or not key.isascii() or not key.isprintable():
            detail = f"1 to {KEY_LENGTH_MAX} printable ASCII characters"
            raise FaultyError("bad_request", (Fault("Idempotency-Key", detail),))
        return key

    def version(self) -> int | None:
        """Return the version of `If-Match`; None if it is absent or matches any."""
        given = header_of(self.request.scope, b"if-match")
        if given is None or given.strip() == "*":
            return None
        found = VERSION.fullmatch(given.strip())
        if found is None:
            detail = 'a version as the ETag gave it, such as "3"'
            raise FaultyError("bad_request", (Fault("If-Match", detail),))
        return int(found[1])


Answer = Callable[[Visit], Awaitable[Response[bytes] | Stream]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """One method of one path. gives_media without gives: text of that kind.

    also: another status that bears the same answer, as for a repeat. way: `short` where a crowd
    comes in (see web.edge); its path has no names, and what it answers is whole.
    """

    method: Literal["GET", "POST", "PUT", "DELETE"]
    path: str
    scope: Scope | Literal["public"]
    does: str
    answer: Answer
    where: type[Shape] = Nowhere
    takes: type | None = None
    takes_media: str = JSON
    gives: type | None = None
    gives_media: str = JSON
    status: int = 200
    also: int | None = None
    problems: tuple[Code, ...] = ()
    repeats: Repeats = "no_key"
    versioned: bool = False
    body_bytes_max: int = BODY_BYTES_MAX
    way: Literal["router", "short"] = "router"


@dataclass(frozen=True, slots=True)
class Wish(Generic[Where, Body]):
    """What came through a writing door. version: the one the change is meant for, if it says."""

    where: Where
    body: Body
    who: ApiKey
    house: House
    repeat_key: str | None
    version: int | None

    def request_id(self) -> UUID:
        """Return the id under which an action knows a repeat of this request."""
        if self.repeat_key is None:
            return new_id()
        return uuid5(NAMESPACE_URL, f"oneshelf/{self.who.key_id}/{self.repeat_key}")

    def known_as(self) -> RepeatKey:
        """Return the key that a repeat is known by; needs one."""
        if self.repeat_key is None:
            raise AssertionError("a request without a key has no repeats")
        return RepeatKey(ChannelId(f"api:{self.who.key_id}"), self.repeat_key)

    def row_id(self, row: int) -> UUID:
        """Return the id under which an action knows one row of a list."""
        return uuid5(self.request_id(), str(row))


def respond(
    answer: object, status: int = 200, headers: dict[str, str] | None = None
) -> Response[bytes]:
    """Return an answer as JSON."""
    return Response(
        msgspec.json.encode(answer), status_code=status, media_type=JSON, headers=headers
    )


def reading(  # noqa: PLR0913 - a door's parts, each named where it is made
    path: str,
    scope: Scope,
    does: str,
    look: Callable[[Transaction, Where], Gives],
    where: type[Where],
    gives: type[Gives],
    *,
    version: Callable[[Gives], int] | None = None,
    problems: tuple[Code, ...] = (),
) -> Door:
    """Make a door that looks. version: of what it gives; becomes the ETag."""

    async def answer(visit: Visit) -> Response[bytes]:
        asked = visit.parameters(where)

        def task() -> Gives:
            with visit.house.reading(visit.because()) as tx:
                return look(tx, asked)

        found = await visit.house.work(task)
        if version is None:
            return respond(found)
        etag = f'"{version(found)}"'
        if visit.request.headers.get("if-none-match") == etag:
            return Response(b"", status_code=304, headers={"ETag": etag})
        return respond(found, headers={"ETag": etag})

    return Door(
        method="GET",
        path=path,
        scope=scope,
        does=does,
        answer=answer,
        where=where,
        gives=gives,
        problems=(*problems, "not_found") if "{" in path else problems,
        versioned=version is not None,
    )


def asking(  # noqa: PLR0913, PLR0917 - a door's parts, each named where it is made
    path: str,
    scope: Scope,
    does: str,
    look: Callable[[Transaction, Where, Body], Gives],
    where: type[Where],
    takes: type[Body],
    gives: type[Gives],
) -> Door:
    """Make a door that looks, with a question too long for an address; it writes nothing."""

    async def answer(visit: Visit) -> Response[bytes]:
        place = visit.parameters(where)
        body = await visit.body(takes)

        def task() -> Gives:
            with visit.house.reading(visit.because()) as tx:
                return look(tx, place, body)

        return respond(await visit.house.work(task))

    return Door(
        method="POST",
        path=path,
        scope=scope,
        does=does,
        answer=answer,
        where=where,
        takes=takes,
        gives=gives,
        repeats="may_have_key",
    )


def writing(  # noqa: PLR0913, PLR0917 - a door's parts, each named where it is made
    path: str,
    scope: Scope,
    does: str,
    act: Callable[[Transaction, Wish[Where, Body], datetime], Gives],
    where: type[Where],
    takes: type[Body],
    gives: type[Gives],
    *,
    status: int = 200,
    problems: tuple[Code, ...] = (),
    method: Literal["POST", "PUT"] = "POST",
    versioned: bool = False,
    kept: Callable[[Gives], Gives] = lambda given: given,
) -> Door:
    """Make a door that changes something, once for each `Idempotency-Key`.

    The key, the change and the answer are one transaction: a repeat gets the first answer.
    kept: what of an answer may be stored for that, where it holds a secret.
    """
    repeats: Repeats = "needs_key" if method == "POST" else "may_have_key"

    async def answer(visit: Visit) -> Response[bytes]:
        wish = await wish_of(visit, where, takes, repeats)
        return await visit.house.work(partial(_write, visit, wish, act, kept, status))

    return Door(
        method=method,
        path=path,
        scope=scope,
        does=does,
        answer=answer,
        where=where,
        takes=takes,
        gives=gives,
        status=status,
        problems=("key_reused", "busy", *problems),
        repeats=repeats,
        versioned=versioned,
    )


async def wish_of(
    visit: Visit, where: type[Where], takes: type[Body], repeats: Repeats
) -> Wish[Where, Body]:
    """Read what came through a writing door."""
    key = visit.repeat_key()
    if key is None and repeats == "needs_key":
        detail = "missing; it makes a repeat of this request harmless"
        raise FaultyError("bad_request", (Fault("Idempotency-Key", detail),))
    body = await visit.body(takes)
    return Wish(visit.parameters(where), body, visit.who(), visit.house, key, visit.version())


def _write(
    visit: Visit,
    wish: Wish[Where, Body],
    act: Callable[[Transaction, Wish[Where, Body], datetime], Gives],
    kept: Callable[[Gives], Gives],
    status: int,
) -> Response[bytes]:
    def decide(_: object) -> list[Response[bytes]]:
        with (
            logged_defects(f"{visit.request.method} {visit.request.url.path}"),
            visit.house.database.transaction(visit.by(), visit.because()) as tx,
        ):
            if wish.repeat_key is None:
                return [respond(act(tx, wish, read_now(tx)), status)]
            key = wish.known_as()
            digest = request_hash(visit, wish)
            if stored := take_keys(tx, {key: digest}).get(key):
                return [_repeat(stored, digest, status)]
            given = act(tx, wish, read_now(tx))
            store_answers(tx, {key: msgspec.json.encode(kept(given)).decode()})
            return [respond(given, status)]

    [answer] = decide_batch([wish], decide, CHANCE)
    if isinstance(answer, OneshelfError):
        raise answer
    return answer


def request_hash(visit: Visit, wish: Wish[Where, Body]) -> bytes:
    """Return the hash that tells a repeat from another request under the same key."""
    asked = f"{visit.request.method} {visit.request.url.path}?{visit.request.url.query}\n"
    return hash_body(asked.encode() + msgspec.json.encode(wish.body))


def _repeat(stored: StoredAnswer, digest: bytes, status: int) -> Response[bytes]:
    if stored.body_hash != digest:
        raise key_reused(stored.key)
    return replay(stored.answer.encode(), status)


def replay(answer: bytes, status: int) -> Response[bytes]:
    """Return the answer that was given before."""
    return respond(msgspec.Raw(answer), status, {"Idempotent-Replayed": "true"})
