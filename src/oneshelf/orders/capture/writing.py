"""The rows that a kept draft or a till sale becomes. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Literal
from uuid import UUID

from msgspec import Struct

from oneshelf.base.identifiers import LineId, NodeId, OrderId, ParcelId, PointId
from oneshelf.catalog.channels import Channel, Standing
from oneshelf.catalog.nodes import Method
from oneshelf.inventory.claims.serving import ClaimWish
from oneshelf.inventory.ledger import StockPoint, Take
from oneshelf.matching.plan import Parcel
from oneshelf.orders.canonical import Amounts, NewOrder, OrderLine, amounts
from oneshelf.orders.capture.asking import grace_until, promised_on
from oneshelf.orders.capture.drafting import Draft, Parts, Sale
from oneshelf.orders.facts import LinesBackordered, LinesUnsourced, OrderPlaced
from oneshelf.orders.lifecycle import OrderStatus, Status

MILLIS_PER_MINOR = 1_000


class NewHeader(Struct, frozen=True):
    """An order with its numbers. standing: the order's own, or its channel's."""

    order_id: OrderId
    public_id: UUID
    order: NewOrder
    standing: Standing
    amounts: Amounts
    placed_at: datetime
    grace_until: datetime
    promised_on: date | None
    status: OrderStatus


class NewLine(Struct, frozen=True):
    """A line with its number."""

    line_id: LineId
    order_id: OrderId
    line_no: int
    line: OrderLine


class NewParcel(Struct, frozen=True):
    """A planned parcel with its number. cost_minor: money only, no weights of preference."""

    parcel_id: ParcelId
    order_id: OrderId
    parcel: Parcel
    cost_minor: int


class NewQuantity(Struct, frozen=True):
    """Units of a line that begin in one status."""

    order_id: OrderId
    line_id: LineId
    units: int
    status: Status
    parcel_id: ParcelId | None


class NewRows(Struct, frozen=True):
    """Everything one order writes in this folder's tables."""

    kept: Draft | Sale
    header: NewHeader
    lines: tuple[NewLine, ...]
    parcels: tuple[NewParcel, ...]
    quantities: tuple[NewQuantity, ...]


def new_rows(
    kept: Draft | Sale,
    channel: Channel,
    numbers: tuple[Iterator[OrderId], Iterator[LineId], Iterator[ParcelId]],
    public_id: UUID,
    now: datetime,
) -> NewRows:
    """Lay out the rows of a kept draft or sale, numbered."""
    order = kept.order
    order_id = next(numbers[0])
    lines = tuple(
        NewLine(next(numbers[1]), order_id, number, line)
        for number, line in enumerate(order.lines, 1)
    )
    header = NewHeader(
        order_id=order_id,
        public_id=public_id,
        order=order,
        standing=order.standing or channel.standing,
        amounts=amounts(order),
        placed_at=now,
        grace_until=grace_until(channel, now),
        promised_on=now.date() if isinstance(kept, Sale) else promised_on(kept),
        status="done" if isinstance(kept, Sale) else "waiting" if kept.waiting else "open",
    )
    if isinstance(kept, Sale):
        carried = tuple(
            NewQuantity(order_id, new.line_id, new.line.units, "handed_over", None) for new in lines
        )
        return NewRows(kept, header, lines, (), carried)
    parcels = tuple(
        NewParcel(next(numbers[2]), order_id, parcel, money_minor(parcel))
        for parcel in kept.plan.parcels
    )
    return NewRows(kept, header, lines, parcels, tuple(_quantities(kept, order_id, lines, parcels)))


def money_minor(parcel: Parcel) -> int:
    """Return what a parcel costs in money: freight, handling and labour, rounded half up."""
    millis = parcel.cost.freight + parcel.cost.handling + parcel.cost.labour
    return (millis + MILLIS_PER_MINOR // 2) // MILLIS_PER_MINOR


def _quantities(
    draft: Draft, order_id: OrderId, lines: Sequence[NewLine], parcels: Sequence[NewParcel]
) -> Iterable[NewQuantity]:
    """Say where the units of a draft's lines begin. Units of each line are conserved."""
    waits = {(wait.parcel, wait.line_no): wait.units for wait in draft.waiting}
    for position, new in enumerate(parcels):
        for line in new.parcel.units:
            late = waits.get((position, line.line_no), 0)
            line_id = lines[line.line_no - 1].line_id
            if line.units > late:
                yield NewQuantity(order_id, line_id, line.units - late, "sourced", new.parcel_id)
            if late:
                yield NewQuantity(order_id, line_id, late, "backordered", new.parcel_id)
    for wait in draft.waiting:
        if wait.parcel is None:
            line_id = lines[wait.line_no - 1].line_id
            yield NewQuantity(order_id, line_id, wait.units, "unsourced", None)


def takes(new: NewRows, point_ids: Mapping[StockPoint, PointId]) -> Iterable[Take]:
    """Return the units that a draft's lines take, one row for each line, point and source."""
    if isinstance(new.kept, Sale):
        return
    taken: dict[tuple[int, StockPoint, Literal["available", "reserved", "expected"]], int] = {}
    promised: dict[tuple[int, StockPoint], datetime] = {}
    for found in new.kept.draws:
        place = (found.line_no, found.point, found.source)
        taken[place] = taken.get(place, 0) + found.units
        arrives_on = new.parcels[found.parcel].parcel.arrives_on
        promised[found.line_no, found.point] = _instant(arrives_on)
    for (line_no, point, source), units in taken.items():
        yield Take(
            line_id=new.lines[line_no - 1].line_id,
            order_id=new.header.order_id,
            point_id=point_ids[point],
            units=units,
            source=source,
            promised_at=promised[line_no, point],
        )


def claims(
    new: NewRows, parts: Parts, accepting: Mapping[int, frozenset[NodeId]]
) -> Iterable[ClaimWish]:
    """Return the claims of a draft's waiting units. accepting: nodes that may serve each line."""
    if isinstance(new.kept, Sale):
        return
    draft = new.kept
    method: Method = draft.request.method
    for wait in draft.waiting:
        line = new.lines[wait.line_no - 1]
        arrives_on = None if wait.parcel is None else new.parcels[wait.parcel].parcel.arrives_on
        yield ClaimWish(
            line_id=line.line_id,
            order_id=new.header.order_id,
            sku=line.line.sku,
            parts=parts[line.line.sku],
            units=wait.units,
            nodes=accepting[wait.line_no],
            promised_at=None if arrives_on is None else _instant(arrives_on),
            serving="together" if draft.order.splitting == "together" else "as_it_comes",
            method=method,
        )


def facts(new: NewRows) -> Iterable[OrderPlaced | LinesBackordered | LinesUnsourced]:
    """Return what is announced of a new order."""
    header, order = new.header, new.header.order
    at_till = (order.node,) if isinstance(new.kept, Sale) and order.node else ()
    yield OrderPlaced(
        order_id=header.order_id,
        channel=order.channel,
        method=order.method,
        lines=len(new.lines),
        units=sum(line.units for line in order.lines),
        total_minor=header.amounts.total_minor,
        currency=order.currency,
        nodes=at_till or tuple(dict.fromkeys(one.parcel.node for one in new.parcels)),
        postcode=order.place.postcode if order.place else "",
        latitude=None if order.place is None else round(order.place.latitude, 3),
        longitude=None if order.place is None else round(order.place.longitude, 3),
        promised_on=header.promised_on,
    )
    backordered = _lines_in(new, "backordered")
    if backordered:
        yield LinesBackordered(header.order_id, backordered)
    unsourced = _lines_in(new, "unsourced")
    if unsourced:
        yield LinesUnsourced(header.order_id, unsourced, "out_of_stock")


def _lines_in(new: NewRows, status: Status) -> tuple[LineId, ...]:
    return tuple(dict.fromkeys(q.line_id for q in new.quantities if q.status == status))


def _instant(on: date) -> datetime:
    return datetime.combine(on, time.min, UTC)
