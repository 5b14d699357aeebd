"""Doors that say what stands on a shelf: corrections, counts, grades, moves between nodes."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from oneshelf.base.database import Transaction
from oneshelf.catalog.nodes import Method, Toggle
from oneshelf.inventory.assortment.actions import put_toggles
from oneshelf.inventory.counting.actions import adjust, arrive, count, regrade, send
from oneshelf.inventory.counting.saying import (
    Adjusted,
    Arrived,
    Counted,
    Grade,
    Regraded,
    Sent,
)
from oneshelf.inventory.ledger import StockPoint
from oneshelf.web.decoding import Shape
from oneshelf.web.doors import Nowhere, Wish, writing
from oneshelf.web.problems import Fault, FaultyError
from oneshelf.web.stock.knowing import require_known
from oneshelf.web.values.naming import (
    ROWS_MAX,
    UNITS_MAX,
    AnyUnits,
    LotName,
    NodeName,
    Reason,
    SkuName,
    SomeUnits,
)

Rows = Meta(min_length=1, max_length=ROWS_MAX)


class Place(Shape, frozen=True):
    """A shelf: one SKU at one node, and its lot if lots are kept apart."""

    sku: SkuName
    node: NodeName
    lot: LotName | None = None

    def point(self) -> StockPoint:
        """Return the point."""
        return StockPoint(self.sku, self.node, self.lot)


class Adjustment(Place, frozen=True, kw_only=True):
    """So many units more, or less if negative; never 0."""

    units: Annotated[int, Meta(ge=-UNITS_MAX, le=UNITS_MAX)]
    reason: Reason
    grade: Grade = "available"


class Count(Place, frozen=True, kw_only=True):
    """Units seen: free, held or committed; not in totes, damaged or on hold."""

    units: AnyUnits
    reason: Reason = "counted"


class Regrade(Place, frozen=True, kw_only=True):
    """Units that are for sale, damaged or to be checked from now on."""

    source: Grade
    target: Grade
    units: SomeUnits


class Sending(Place, frozen=True, kw_only=True):
    """Free units that leave this node for another one."""

    to: NodeName
    units: SomeUnits


class Arrival(Place, frozen=True, kw_only=True):
    """Units in transit to this node that came. units: fit for sale; lost ones never came."""

    units: AnyUnits
    units_damaged: AnyUnits = 0
    units_lost: AnyUnits = 0


class SkuToggle(Shape, frozen=True):
    """What a node does for a SKU; all methods: whatever the node does."""

    node: NodeName
    sku: SkuName
    methods: frozenset[Method]


class Adjustments(Shape, frozen=True):
    """All of them or none."""

    adjustments: Annotated[list[Adjustment], Rows]


class Counts(Shape, frozen=True):
    """All of them or none."""

    counts: Annotated[list[Count], Rows]


class Regrades(Shape, frozen=True):
    """All of them or none."""

    regrades: Annotated[list[Regrade], Rows]


class Sendings(Shape, frozen=True):
    """All of them or none."""

    transfers: Annotated[list[Sending], Rows]


class Arrivals(Shape, frozen=True):
    """All of them or none."""

    arrivals: Annotated[list[Arrival], Rows]


class Toggles(Shape, frozen=True):
    """All of them or none."""

    toggles: Annotated[list[SkuToggle], Rows]


class Done(Shape, frozen=True):
    """rows: so many were written."""

    rows: int


class VarianceTold(Shape, frozen=True):
    """How far the books were off: negative where units were missing."""

    sku: str
    node: str
    lot: str | None
    units: int


class Variances(Shape, frozen=True):
    """Shelves whose count differed from the books."""

    variances: list[VarianceTold]


def _know(tx: Transaction, places: list[Place]) -> None:
    require_known(tx, {place.sku for place in places}, {place.node for place in places})


def take_adjustments(tx: Transaction, wish: Wish[Nowhere, Adjustments], now: datetime) -> Done:
    """Correct shelves by so many units."""
    rows = wish.body.adjustments
    if idle := [row for row, one in enumerate(rows) if one.units == 0]:
        at = f"$.adjustments[{idle[0]}].units"
        raise FaultyError("bad_value", (Fault(at, "0 changes nothing"),))
    _know(tx, [*rows])
    adjusted = [
        Adjusted(wish.row_id(row), one.point(), one.units, one.reason, one.grade)
        for row, one in enumerate(rows)
    ]
    adjust(tx, adjusted, now)
    return Done(rows=len(rows))


def take_counts(tx: Transaction, wish: Wish[Nowhere, Counts], now: datetime) -> Variances:
    """Set shelves to what was seen."""
    rows = wish.body.counts
    points = [one.point() for one in rows]
    if twice := [row for row, point in enumerate(points) if point in points[:row]]:
        raise FaultyError(
            "bad_value", (Fault(f"$.counts[{twice[0]}]", "counts a shelf that stands above"),)
        )
    _know(tx, [*rows])
    counted = [
        Counted(wish.row_id(row), one.point(), one.units, one.reason)
        for row, one in enumerate(rows)
    ]
    return Variances(
        variances=[
            VarianceTold(sku=one.point.sku, node=one.point.node, lot=one.point.lot, units=one.units)
            for one in count(tx, counted, now)
        ]
    )


def take_regrades(tx: Transaction, wish: Wish[Nowhere, Regrades], now: datetime) -> Done:
    """Say what units are fit for."""
    rows = wish.body.regrades
    if same := [row for row, one in enumerate(rows) if one.source == one.target]:
        at = f"$.regrades[{same[0]}].target"
        raise FaultyError("bad_value", (Fault(at, "is the same grade as the source"),))
    _know(tx, [*rows])
    regraded = [
        Regraded(wish.row_id(row), one.point(), one.source, one.target, one.units)
        for row, one in enumerate(rows)
    ]
    regrade(tx, regraded, now)
    return Done(rows=len(rows))


def take_sendings(tx: Transaction, wish: Wish[Nowhere, Sendings], now: datetime) -> Done:
    """Let units leave for another node."""
    rows = wish.body.transfers
    if same := [row for row, one in enumerate(rows) if one.node == one.to]:
        raise FaultyError("bad_value", (Fault(f"$.transfers[{same[0]}].to", "is the same node"),))
    _know(tx, [*rows])
    require_known(tx, (), {one.to for one in rows})
    sent = [Sent(wish.row_id(row), one.point(), one.to, one.units) for row, one in enumerate(rows)]
    send(tx, sent, now)
    return Done(rows=len(rows))


def take_arrivals(tx: Transaction, wish: Wish[Nowhere, Arrivals], now: datetime) -> Done:
    """Put what was in transit on the shelf."""
    rows = wish.body.arrivals
    for row, one in enumerate(rows):
        if one.units + one.units_damaged + one.units_lost == 0:
            raise FaultyError("bad_value", (Fault(f"$.arrivals[{row}]", "says of no unit"),))
    _know(tx, [*rows])
    arrived = [
        Arrived(wish.row_id(row), one.point(), one.units, one.units_damaged, one.units_lost)
        for row, one in enumerate(rows)
    ]
    arrive(tx, arrived, now)
    return Done(rows=len(rows))


def take_toggles(tx: Transaction, wish: Wish[Nowhere, Toggles], now: datetime) -> Done:
    """Take SKUs out of what a node ships or keeps for pickup, or back in."""
    rows = wish.body.toggles
    require_known(tx, {one.sku for one in rows}, {one.node for one in rows})
    put_toggles(tx, [Toggle(one.node, one.sku, one.methods) for one in rows], now)
    return Done(rows=len(rows))


DOORS = (
    writing(
        "/api/v1/stock/adjustments",
        "write:stock",
        "Correct shelves by so many units more or less",
        take_adjustments,
        Nowhere,
        Adjustments,
        Done,
        problems=("conflict",),
    ),
    writing(
        "/api/v1/stock/counts",
        "write:stock",
        "Set shelves to what was seen; tells how far the books were off",
        take_counts,
        Nowhere,
        Counts,
        Variances,
        problems=("conflict",),
    ),
    writing(
        "/api/v1/stock/regrades",
        "write:stock",
        "Say that units are for sale, damaged or to be checked",
        take_regrades,
        Nowhere,
        Regrades,
        Done,
        problems=("conflict",),
    ),
    writing(
        "/api/v1/transfers",
        "write:stock",
        "Let free units leave for another node",
        take_sendings,
        Nowhere,
        Sendings,
        Done,
        problems=("conflict",),
    ),
    writing(
        "/api/v1/transfers/arrivals",
        "write:stock",
        "Put units that were in transit on the shelf",
        take_arrivals,
        Nowhere,
        Arrivals,
        Done,
        problems=("conflict",),
    ),
    writing(
        "/api/v1/stock/toggles",
        "write:stock",
        "Take SKUs out of what a node ships or keeps for pickup, or back in",
        take_toggles,
        Nowhere,
        Toggles,
        Done,
    ),
)
