"""Doors that tell a channel what it may sell: from this process's picture, without a query."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Annotated

from litestar import Response
from msgspec import Meta

from oneshelf.base.errors import OneshelfError
from oneshelf.base.identifiers import ChannelId, NodeId, Sku
from oneshelf.catalog.nodes import Method
from oneshelf.matching.outlook import Known
from oneshelf.matching.watching.channel_view import ChannelView, with_their_kits
from oneshelf.web.decoding import Shape
from oneshelf.web.doors import Door, Visit, respond
from oneshelf.web.house import House
from oneshelf.web.keys import require_channel
from oneshelf.web.problems import Fault, FaultyError
from oneshelf.web.stock import reads
from oneshelf.web.stock.looking import PLACES_MAX
from oneshelf.web.values.naming import SkuName
from oneshelf.web.values.paging import Cursor, read_cursor, write_cursor

PAGE_SKUS = 1_000
PAGE_FACTS = 500

ChannelName = Annotated[ChannelId, Meta(min_length=1, max_length=64)]
FactPlace = Annotated[int, Meta(ge=0, le=2**63 - 1)]


class ItemNode(Shape, frozen=True, gc=False):
    """One SKU at one node. A name of any length may be asked for: that of none is unknown."""

    sku: Sku
    node: NodeId


class PlacesToSell(Shape, frozen=True):
    """Item-nodes of one channel's view."""

    channel: ChannelName
    places: Annotated[list[ItemNode], Meta(min_length=1, max_length=PLACES_MAX)]
    method: Method = "ship"


class UnitsToSell(Shape, frozen=True):
    """Units in the order asked, null where SKU or node is unknown.

    facts_read_to: the figures miss nothing up to this fact.
    """

    units: list[int | None]
    facts_read_to: int


class ProductToSell(Shape, frozen=True):
    """One product in one channel's view."""

    sku: SkuName
    channel: ChannelName
    method: Method = "ship"


class NodeUnits(Shape, frozen=True):
    """Units at one node."""

    node: NodeId
    units: int


class DatedUnits(Shape, frozen=True):
    """Units that one node will get."""

    node: NodeId
    due_at: datetime
    units: int


class ProductView(Shape, frozen=True):
    """What the channel may sell of a product now, and what is still free of what is to come.

    units: whole kits, if it is a kit, each from one node. to_come: nothing is told of kits.
    """

    sku: Sku
    channel: ChannelId
    method: Method
    units: int
    nodes: list[NodeUnits]
    to_come: list[DatedUnits]
    facts_read_to: int


class ListAsked(Shape, frozen=True):
    """Every product in one channel's view, page by page."""

    channel: ChannelName
    method: Method = "ship"
    cursor: Cursor | None = None
    limit: Annotated[int, Meta(ge=1, le=PAGE_SKUS)] = PAGE_SKUS


class SkuUnits(Shape, frozen=True):
    """Units of one SKU in the whole network."""

    sku: Sku
    units: int


class ListPage(Shape, frozen=True):
    """Products by rising SKU. changes_after: of the first page, where the changes begin."""

    items: list[SkuUnits]
    next_cursor: str | None
    changes_after: int


class ChangesAsked(Shape, frozen=True):
    """What may have changed behind a fact, in one channel's view."""

    channel: ChannelName
    after: FactPlace
    method: Method = "ship"


class ChangesPage(Shape, frozen=True):
    """SKUs whose figure may have changed, each once, with the figure of now.

    start_over: a rule or a node has changed, which may touch every SKU: list them all again.
    next_after: where to go on; ask again later when it did not move.
    """

    items: list[SkuUnits]
    next_after: int
    start_over: bool


def see(visit: Visit, known: Known, channel: ChannelId, method: Method) -> ChannelView:
    """Return the channel's view; refuse a channel that is unknown or not the key's."""
    require_channel(visit.who(), channel)
    if channel not in known.channels:
        raise FaultyError("bad_value", (Fault("channel", f"unknown {channel!r}"),))
    return ChannelView(known, channel, method)


async def look_up(visit: Visit) -> Response[bytes]:
    """Return the units of many item-nodes."""
    asked = await visit.body(PlacesToSell)
    snapshot = visit.house.snapshot
    read_to = snapshot.read_to()
    view = see(visit, snapshot.outlook.known, asked.channel, asked.method)
    units = view.at_places(
        [place.sku for place in asked.places], [place.node for place in asked.places]
    )
    return respond(UnitsToSell(units=units, facts_read_to=read_to))


async def tell_product(visit: Visit) -> Response[bytes]:
    """Return one product's units, node by node."""
    asked = visit.parameters(ProductToSell)
    snapshot = visit.house.snapshot
    read_to, known = snapshot.read_to(), snapshot.outlook.known
    view = see(visit, known, asked.channel, asked.method)
    product = known.world.products.get(asked.sku)
    if product is None:
        raise OneshelfError(
            "not_found", f"There is no SKU {asked.sku!r}.", "The catalog lists the SKUs."
        )
    units = view.by_node(product).tolist()
    may_serve = view.may_serve(product)
    return respond(
        ProductView(
            sku=product.sku,
            channel=asked.channel,
            method=asked.method,
            units=sum(units),
            nodes=[
                NodeUnits(node=node.node_id, units=there)
                for node, there in zip(known.world.nodes, units, strict=True)
                if there
            ],
            to_come=[
                DatedUnits(node=supply.node, due_at=supply.due_at, units=supply.units)
                for supply in known.stock.dated([] if product.parts else [product.sku])
                if may_serve[known.world.node_index[supply.node]]
            ],
            facts_read_to=read_to,
        )
    )


async def list_all(visit: Visit) -> Response[bytes]:
    """Return a page of all products."""
    asked = visit.parameters(ListAsked)
    snapshot = visit.house.snapshot
    read_to, known = snapshot.read_to(), snapshot.outlook.known
    view = see(visit, known, asked.channel, asked.method)
    behind = read_cursor(asked.cursor, str)
    skus = sorted(sku for sku in known.world.products if behind is None or sku > behind)
    page = skus[: asked.limit]
    items = await visit.house.work(partial(_units, view, known, page))
    more = len(skus) > len(page)
    return respond(
        ListPage(
            items=items,
            next_cursor=write_cursor(page[-1]) if more else None,
            changes_after=read_to,
        )
    )


async def tell_changes(visit: Visit) -> Response[bytes]:
    """Return what may have changed behind a fact."""
    asked = visit.parameters(ChangesAsked)
    snapshot = visit.house.snapshot
    read_to, known = snapshot.read_to(), snapshot.outlook.known
    view = see(visit, known, asked.channel, asked.method)
    page = await visit.house.work(partial(_find_changes, visit.house, asked.after, read_to))
    changed = [
        sku for sku in with_their_kits(known.world, page.skus) if sku in known.world.products
    ]
    items = await visit.house.work(partial(_units, view, known, changed))
    return respond(ChangesPage(items=items, next_after=page.next_after, start_over=page.start_over))


def _find_changes(house: House, after: int, read_to: int) -> reads.Changes:
    with house.reading("changes of availability") as tx:
        return reads.find_changes(tx, after, read_to, PAGE_FACTS)


def _units(view: ChannelView, known: Known, skus: Sequence[Sku]) -> list[SkuUnits]:
    units = view.in_network(known.world.products[sku] for sku in skus)
    return [SkuUnits(sku=sku, units=there) for sku, there in zip(skus, units, strict=True)]


PATH = "/api/v1/availability"
DOORS = (
    Door(
        method="POST",
        path=f"{PATH}/lookup",
        scope="read:stock",
        does=f"What a channel may sell at up to {PLACES_MAX} item-nodes; nothing is held",
        answer=look_up,
        takes=PlacesToSell,
        gives=UnitsToSell,
        repeats="may_have_key",
        way="short",
    ),
    Door(
        method="GET",
        path=PATH,
        scope="read:stock",
        does="What a channel may sell of every product, page by page",
        answer=list_all,
        where=ListAsked,
        gives=ListPage,
    ),
    Door(
        method="GET",
        path=f"{PATH}/changes",
        scope="read:stock",
        does="Products whose figure may have changed behind a fact, with the figure of now",
        answer=tell_changes,
        where=ChangesAsked,
        gives=ChangesPage,
    ),
    Door(
        method="GET",
        path=f"{PATH}/products/{{sku}}",
        scope="read:stock",
        does="What a channel may sell of one product, node by node, and what is to come",
        answer=tell_product,
        where=ProductToSell,
        gives=ProductView,
        problems=("not_found",),
    ),
)
