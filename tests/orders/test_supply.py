"""Laws of units that wait for a delivery: each promised unit dates one waiting unit."""

from datetime import UTC, date, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from oneshelf.base.identifiers import LineId, NodeId, OrderId, ParcelId, PointId, Sku
from oneshelf.catalog.products import KitPart
from oneshelf.inventory.ledger import Commitment, StockPoint
from oneshelf.orders.progress.order_state import Line, OrderHead, OrderState, Parcel
from oneshelf.orders.progress.quantities import Quantity, QuantityId
from oneshelf.orders.serving.supply import undated

ORDER, LINE, YORK, RUG = OrderId(1), LineId(1), NodeId("york"), Sku("RUG")
THEN = datetime(2026, 1, 5, tzinfo=UTC)
HEAD = OrderHead(
    order_id=ORDER,
    public_id=UUID(int=1),
    channel="web",
    customer=None,
    standing="ask",
    method="ship",
    node=None,
    country="GB",
    postcode="M1",
    latitude=0.0,
    longitude=0.0,
    wanted_by=None,
    preference="cheapest",
    splitting="allowed",
    backorder="accepted",
    placed_at=THEN,
    promised_on=None,
    grace_until=THEN,
    version=1,
)


def state(waiting):
    parcels = {
        ParcelId(n): Parcel(ORDER, ParcelId(n), YORK, None, THEN, None, date(2026, 1, 6), None)
        for n in range(len(waiting))
    }
    quantities = tuple(
        Quantity(QuantityId(n), ORDER, LINE, units, "new", "backordered", ParcelId(n))
        for n, units in enumerate(waiting)
    )
    lines = {LINE: Line(ORDER, LINE, 1, RUG, sum(waiting))}
    return OrderState(HEAD, lines, quantities, parcels, frozenset())


def promised(units):
    point = StockPoint(RUG, YORK, None, None)
    return Commitment(LINE, ORDER, PointId(1), point, "promised", units, None)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=4), st.lists(st.integers(1, 9), max_size=4))
def test_what_loses_its_date_is_exactly_what_no_delivery_brings(waiting, coming):
    moves = undated(state(waiting), LINE, [KitPart(RUG, 1)], [promised(units) for units in coming])

    assert sum(move.units for move in moves) == max(0, sum(waiting) - sum(coming))


@given(st.lists(st.integers(1, 9), min_size=1, max_size=4), st.integers(1, 4), st.integers(0, 40))
def test_a_kit_is_dated_when_all_its_parts_are(waiting, units_each, coming):
    held = [promised(coming)] if coming else []
    moves = undated(state(waiting), LINE, [KitPart(RUG, units_each)], held)

    assert sum(move.units for move in moves) == max(0, sum(waiting) - coming // units_each)
