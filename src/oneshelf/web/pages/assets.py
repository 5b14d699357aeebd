"""Scripts, styles and pictures: files of packages and of ours, read once, never from a CDN."""

import mimetypes
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from importlib.resources import files

from litestar import Response

from oneshelf.base.errors import OneshelfError
from oneshelf.web.decoding import Shape
from oneshelf.web.doors import Door, Visit

SWAGGER = ("swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png")
CACHE = "public, max-age=3600"


@dataclass(frozen=True, slots=True)
class Asset:
    """One file in memory."""

    content: bytes
    media: str
    etag: str


class AssetNamed(Shape, frozen=True):
    """Which file."""

    folder: str
    name: str


def load(package: str, folder: str, names: Iterable[str]) -> dict[str, Asset]:
    """Read files of a package's folder, by name."""
    place = files(package).joinpath(folder)
    return {name: _asset(name, place.joinpath(name).read_bytes()) for name in names}


def _asset(name: str, content: bytes) -> Asset:
    media = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Asset(content, media, f'"{blake2b(content, digest_size=8).hexdigest()}"')


FOLDERS: Mapping[str, Mapping[str, Asset]] = {
    "swagger": load("swagger_ui", "static", SWAGGER),
    "docs": load("oneshelf.web.pages", "files", ("docs.js",)),
}


async def give_asset(visit: Visit) -> Response[bytes]:
    """Return one of the files we know by name; nothing else on the disk can be asked for."""
    named = visit.parameters(AssetNamed)
    asset = FOLDERS.get(named.folder, {}).get(named.name)
    if asset is None:
        raise OneshelfError("not_found", f"There is no file {named.folder}/{named.name}.")
    headers = {"ETag": asset.etag, "Cache-Control": CACHE}
    if visit.request.headers.get("if-none-match") == asset.etag:
        return Response(b"", status_code=304, headers=headers)
    return Response(asset.content, media_type=asset.media, headers=headers)


DOORS = (
    Door(
        method="GET",
        path="/static/{folder}/{name}",
        scope="public",
        does="Scripts, styles and pictures of the pages",
        answer=give_asset,
        where=AssetNamed,
        gives_media="application/octet-stream",
        problems=("not_found",),
    ),
)
