"""The outermost layers, around the router.

The edge: every answer gets a request id and security headers, and is counted. The short way: doors
with a crowd before them are answered without the router, whose layers (its trie, its parameter
models, its response classes) cost as much as the rest of a small request. Who may enter, what is
answered and every problem come from the same functions on both ways.
"""

import re
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping

from litestar import Request, Response
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send
from uuid_utils import uuid7

from oneshelf.web.doors import HttpRequest
from oneshelf.web.metrics import Metrics
from oneshelf.web.problems import answer_error

GIVEN_ID = re.compile(rb"[A-Za-z0-9._-]{8,64}")
HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(self), geolocation=(), microphone=(), payment=()"),
)
PAGES_MAY = (  # scripts and styles from files of ours alone, nothing inline, no other host
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    b" font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self';"
    b" form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
Enter = Callable[[HttpRequest], Awaitable[Response[bytes]]]
REST_MAY = b"default-src 'none'; frame-ancestors 'none'"


class Edge:
    """Wraps the application; a pure ASGI layer, so that it sees errors of the router too."""

    def __init__(self, inner: ASGIApp, metrics: Metrics) -> None:
        """Wrap."""
        self._inner = inner
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or pass lifespan events on."""
        if scope["type"] != ScopeType.HTTP:
            await self._inner(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope["oneshelf.request_id"] = request_id  # type: ignore[typeddict-unknown-key]  # ours, beside ASGI's own
        started_s = time.perf_counter()
        status = 500

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = _with_ours(message.get("headers", ()), request_id)
            await send(message)

        try:
            await self._inner(scope, receive, send_with_headers)
        finally:
            door = str(scope.get("path_template") or "none")
            elapsed_s = time.perf_counter() - started_s
            self._metrics.answered(scope["method"], door, status, elapsed_s)


def _with_ours(
    headers: Iterable[tuple[bytes, bytes]], request_id: str
) -> list[tuple[bytes, bytes]]:
    """Return an answer's headers and those that every answer has."""
    given = [*headers]
    present = {name.lower(): value for name, value in given}
    is_page = b"html" in present.get(b"content-type", b"")
    given += [pair for pair in HEADERS if pair[0] not in present]
    given.append((b"content-security-policy", PAGES_MAY if is_page else REST_MAY))
    given.append((b"x-request-id", request_id.encode()))
    if b"cache-control" not in present:
        given.append((b"cache-control", b"no-store"))
    return given


def _request_id(scope: HTTPScope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and GIVEN_ID.fullmatch(value):
            return value.decode()
    return str(uuid7())


class ShortWay:
    """Answers at the entrances it knows; everything else goes the long way."""

    def __init__(self, inner: ASGIApp, entrances: Mapping[tuple[str, str], Enter]) -> None:
        """Wrap. entrances: by method and path."""
        self._inner = inner
        self._entrances = entrances

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or pass it on."""
        if scope["type"] != ScopeType.HTTP:
            await self._inner(scope, receive, send)
            return
        enter = self._entrances.get((scope["method"], scope["path"]))
        if enter is None:
            await self._inner(scope, receive, send)
            return
        scope["path_template"] = scope["path"]
        scope["path_params"] = {}
        request: HttpRequest = Request(scope, receive, send)
        try:
            response = await enter(request)
        except Exception as error:  # noqa: BLE001 - becomes a problem, as on the long way
            response = answer_error(request, error)
        await _send(response, send)


async def _send(response: Response[bytes], send: Send) -> None:
    body = response.content
    headers = [
        (b"content-type", str(response.media_type).encode("latin-1")),
        (b"content-length", str(len(body)).encode()),
    ]
    headers += [
        (name.lower().encode("latin-1"), str(value).encode("latin-1"))
        for name, value in response.headers.items()
    ]
    await send(
        {"type": "http.response.start", "status": response.status_code or 200, "headers": headers}
    )
    await send({"type": "http.response.body", "body": body, "more_body": False})
