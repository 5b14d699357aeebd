"""The live page, its stream and its files."""

from collections.abc import AsyncIterator
from typing import Annotated
from urllib.parse import urlencode

import msgspec
from litestar import Response
from litestar.response import Stream

from oneshelf.base.clock import read_now
from oneshelf.base.errors import OneshelfError
from oneshelf.web.decoding import Shape
from oneshelf.web.doors import EVENTS, HTML, Door, Visit
from oneshelf.web.house import House
from oneshelf.web.live import assets, reads, rendering, scene
from oneshelf.web.live.feed import BROWSERS_MAX, Feed
from oneshelf.web.live.mailbox import Mailbox
from oneshelf.web.problems import STATUS, TITLES

HEARTBEAT_S = 15.0
RETRY_MS = 1_000
PAGE = f"{HTML}; charset=utf-8"
Words = Annotated[str, msgspec.Meta(max_length=100)]


class Chosen(Shape, frozen=True):
    """What the picker was asked for: a SKU, or how a product's name begins."""

    sku: Words = ""


class Since(Shape, frozen=True):
    """Which SKU to follow, and the last fact the page knows."""

    sku: Words = ""
    after: Annotated[int, msgspec.Meta(ge=0, le=2**62)] = 0


def live_doors(house: House) -> tuple[Door, ...]:
    """Return the doors of the live page; all browsers of the house share one look."""
    feed = Feed(house.database, house.stopping)

    async def show(visit: Visit) -> Response[bytes]:
        try:
            wanted = visit.parameters(Chosen).sku.strip()
            page, status = await house.work(lambda: _draw(house, feed, wanted)), 200
        except OneshelfError as error:
            page = rendering.render_failure(TITLES[error.code], error.message, error.hint)
            status = STATUS[error.code]
        return Response(page.encode(), status_code=status, media_type=PAGE)

    async def stream(visit: Visit) -> Stream:
        asked = visit.parameters(Since)
        if feed.is_full():
            raise OneshelfError(
                "overloaded", f"{BROWSERS_MAX} browsers watch this process.", "Try again later."
            )
        last = visit.request.headers.get("last-event-id", "")
        after = int(last) if last.isascii() and last.isdigit() else asked.after
        return Stream(
            _tell(feed, Mailbox(asked.sku, after)),
            media_type=EVENTS,
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    return (
        Door(
            method="GET",
            path="/",
            scope="public",
            does="The live page: the shelf in motion",
            answer=show,
            where=Chosen,
            gives_media=HTML,
        ),
        Door(
            method="GET",
            path="/live/stream",
            scope="public",
            does="What changes on the live page, as server-sent events",
            answer=stream,
            where=Since,
            gives_media=EVENTS,
        ),
        assets.DOOR,
    )


async def _tell(feed: Feed, mailbox: Mailbox) -> AsyncIterator[bytes]:
    feed.join(mailbox)
    try:
        yield f"retry: {RETRY_MS}\n\n".encode()
        while (messages := await mailbox.empty(HEARTBEAT_S)) is not None:
            yield b"".join(message.encode() for message in messages) or b": still here\n\n"
    finally:
        feed.leave(mailbox)


def _draw(house: House, feed: Feed, wanted: str) -> str:
    with house.reading("live page") as tx:
        now = read_now(tx)
        newest = reads.read_newest_fact(tx)
        stage = feed.stage(tx)
        offered = reads.read_best_sellers(tx, stage.midnight(now))
        chosen = reads.find_article(tx, wanted) if wanted else None
        article = chosen or (offered[0] if offered and not wanted else None)
        orders = scene.show_orders(tx, stage, stage.today(now))
        shelf = scene.show_shelf(tx, stage, article) if article else None
        parts = {
            "clock": rendering.render_clock(stage, now),
            "figures": rendering.render_figures(feed.counter.count(tx, stage, now)),
            "places": rendering.render_places(stage),
            "shelf": rendering.render_shelf(shelf),
            "decision": rendering.render_decision(scene.show_decision(tx, stage)),
            "orders": rendering.render_orders(orders, orders[0].number if orders else 0),
        }
        arcs = scene.draw_arcs(stage, reads.read_orders_before(tx, newest), now)
    page = rendering.Page(
        stage=stage,
        parts=parts,
        offered=offered,
        arcs=arcs,
        asked=wanted,
        chosen=article,
        stream=urlencode({"sku": chosen.sku if chosen else wanted, "after": newest}),
    )
    return rendering.render_page(page)
