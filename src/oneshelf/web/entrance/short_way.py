"""Doors with a crowd before them, answered without the router.

The router's layers (its trie, its parameter models, its response classes) cost as much as the rest
of a small request. Who may enter, what is answered and every problem come from the same functions
as on the long way; only doors without names in their path can be taken here.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from litestar import Request, Response
from litestar.enums import ScopeType
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp, Receive, Scope, Send

from oneshelf.web.doors import HttpRequest
from oneshelf.web.problems import answer_error


@dataclass(frozen=True, slots=True)
class Entrance:
    """A door on the short way. route: the same door as the router knows it; it bounds the body."""

    path: str
    route: HTTPRouteHandler
    enter: Callable[[HttpRequest], Awaitable[Response[bytes]]]


class ShortWay:
    """Answers at the entrances it knows; everything else goes the long way."""

    def __init__(self, inner: ASGIApp, entrances: Mapping[tuple[str, str], Entrance]) -> None:
        """Wrap. entrances: by method and path."""
        self._inner = inner
        self._entrances = entrances

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or pass it on."""
        if scope["type"] != ScopeType.HTTP:
            await self._inner(scope, receive, send)
            return
        entrance = self._entrances.get((scope["method"], scope["path"]))
        if entrance is None:
            await self._inner(scope, receive, send)
            return
        scope["route_handler"] = entrance.route
        scope["path_template"] = entrance.path
        request: HttpRequest = Request(scope, receive, send)
        try:
            response = await entrance.enter(request)
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
