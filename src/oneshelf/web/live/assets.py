"""The live page's scripts and styles: read once, served under a name that changes with them."""

import gzip
from dataclasses import dataclass
from hashlib import blake2b
from importlib.resources import files

from litestar import Response

from oneshelf.base.errors import OneshelfError
from oneshelf.web.decoding import Shape
from oneshelf.web.doors import Door, Visit

FOR_EVER = "public, max-age=31536000, immutable"
CSS, SCRIPT = "text/css; charset=utf-8", "text/javascript; charset=utf-8"
SOURCES = (
    ("live.js", SCRIPT, "oneshelf.web", "static/live.js"),
    ("live.css", CSS, "oneshelf.web", "static/live.css"),
)


@dataclass(frozen=True, slots=True)
class Asset:
    """One file in memory."""

    media: str
    plain: bytes
    packed: bytes
    digest: str


class LiveFile(Shape, frozen=True):
    """Which file, and the digest of what the page expects in it."""

    digest: str
    name: str


def _load(media: str, package: str, path: str) -> Asset:
    content = files(package).joinpath(path).read_bytes()
    digest = blake2b(content, digest_size=8).hexdigest()
    return Asset(media, content, gzip.compress(content, mtime=0), digest)


ASSETS = {name: _load(media, package, path) for name, media, package, path in SOURCES}


def address_of(name: str) -> str:
    """Return where a page finds the file."""
    return f"/static/live/{ASSETS[name].digest}/{name}"


async def _give(visit: Visit) -> Response[bytes]:
    named = visit.parameters(LiveFile)
    asset = ASSETS.get(named.name)
    if asset is None or asset.digest != named.digest:
        raise OneshelfError(
            "not_found", f"There is no file {named.digest}/{named.name}.", "Reload the page."
        )
    headers = {"Cache-Control": FOR_EVER, "Vary": "Accept-Encoding"}
    if "gzip" in visit.request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return Response(asset.packed, media_type=asset.media, headers=headers)
    return Response(asset.plain, media_type=asset.media, headers=headers)


DOOR = Door(
    method="GET",
    path="/static/live/{digest}/{name}",
    scope="public",
    does="Scripts and styles of the live page",
    answer=_give,
    where=LiveFile,
    gives_media="application/octet-stream",
    problems=("not_found",),
)
