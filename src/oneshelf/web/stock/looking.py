"""Doors that look at stock."""

from typing import Annotated

from msgspec import Meta

from oneshelf.base.database import Transaction
from oneshelf.base.errors import OneshelfError
from oneshelf.base.identifiers import Sku
from oneshelf.web.decoding import Shape
from oneshelf.web.doors import Nowhere, asking, reading
from oneshelf.web.stock import reads
from oneshelf.web.stock.reads import StockFigures
from oneshelf.web.values.naming import NodeName, SkuName

PLACES_MAX = 1_000


class SkuNamed(Shape, frozen=True):
    """Which SKU."""

    sku: SkuName


class StockTold(Shape, frozen=True):
    """Figures of a SKU at every node that has or had it."""

    sku: Sku
    nodes: list[StockFigures]


class PlaceNamed(Shape, frozen=True):
    """One SKU at one node."""

    sku: SkuName
    node: NodeName


class PlacesAsked(Shape, frozen=True):
    """Many places at once."""

    places: Annotated[list[PlaceNamed], Meta(min_length=1, max_length=PLACES_MAX)]


class PlacesTold(Shape, frozen=True):
    """Figures in the order asked; null where nothing ever stood."""

    places: list[StockFigures | None]


def tell_stock(tx: Transaction, asked: SkuNamed) -> StockTold:
    """Return where a SKU stands."""
    found = reads.find_stock(tx, asked.sku)
    if not found and not reads.is_sold(tx, asked.sku):
        raise OneshelfError(
            "not_found", f"There is no SKU {asked.sku!r}.", "The catalog lists the SKUs."
        )
    return StockTold(sku=asked.sku, nodes=found)


def look_up(tx: Transaction, _: Nowhere, asked: PlacesAsked) -> PlacesTold:
    """Return figures of many places."""
    found = reads.look_up(tx, [(place.sku, place.node) for place in asked.places])
    by_place = {(figures.sku, figures.node): figures for figures in found}
    return PlacesTold(places=[by_place.get((place.sku, place.node)) for place in asked.places])


DOORS = (
    reading(
        "/api/v1/stock/{sku}", "read:stock", "Where a SKU stands", tell_stock, SkuNamed, StockTold
    ),
    asking(
        "/api/v1/stock/lookup",
        "read:stock",
        f"Figures of up to {PLACES_MAX} places at once",
        look_up,
        Nowhere,
        PlacesAsked,
        PlacesTold,
    ),
)
