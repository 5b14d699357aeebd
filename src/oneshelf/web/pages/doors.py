"""The page that lets a person try every door, and the document it reads."""

from importlib.resources import files

from litestar import Response

from oneshelf.web.doors import HTML, Door, Visit

PAGE = files("oneshelf.web.pages").joinpath("files/docs.html").read_bytes()


async def show_docs(_visit: Visit) -> Response[bytes]:
    """Return the page; it reads /openapi.json."""
    return Response(PAGE, media_type=HTML)


DOORS = (
    Door(
        method="GET",
        path="/docs",
        scope="public",
        does="This interface as a page",
        answer=show_docs,
        gives_media=HTML,
    ),
)
