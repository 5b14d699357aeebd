"""The outermost layer: every answer gets a request id and security headers, and is counted."""

import re
import time

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from oneshelf.base.identifiers import new_id
from oneshelf.web.metrics import Metrics

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
                headers = list(message.get("headers", []))
                is_page = any(n.lower() == b"content-type" and b"html" in v for n, v in headers)
                present = {name.lower() for name, _ in headers}
                headers += [pair for pair in HEADERS if pair[0] not in present]
                headers.append((b"content-security-policy", PAGES_MAY if is_page else REST_MAY))
                headers.append((b"x-request-id", request_id.encode()))
                if b"cache-control" not in present:
                    headers.append((b"cache-control", b"no-store"))
                message["headers"] = headers
            await send(message)

        try:
            await self._inner(scope, receive, send_with_headers)
        finally:
            door = str(scope.get("path_template") or "none")
            self._metrics.requests.labels(scope["method"], door, str(status)).inc()
            elapsed_s = time.perf_counter() - started_s
            self._metrics.seconds.labels(scope["method"], door).observe(elapsed_s)


def _request_id(scope: HTTPScope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and GIVEN_ID.fullmatch(value):
            return value.decode()
    return str(new_id())
