"""Doors for the floor: what to do at a node, and what was done with its parcels."""

from datetime import date, datetime
from typing import Annotated, get_args

from msgspec import Meta
from msgspec.structs import replace as replace_shape

from oneshelf.base.database import Transaction
from oneshelf.inventory.lines.handling import Reason as ShortReason
from oneshelf.outbound.packing.actions import pack
from oneshelf.outbound.parcel_steps import ParcelAnswer
from oneshelf.outbound.picking.actions import pick
from oneshelf.outbound.picking.picks import Pick, PickAnswer
from oneshelf.outbound.pickup.actions import (
    HandOverAnswer,
    PickupCode,
    hand_over,
    make_ready,
    renew_codes,
)
from oneshelf.outbound.pickup.codes import HandOver
from oneshelf.outbound.shipping.actions import Delivery, Shipment, deliver, ship
from oneshelf.web.decoding import Shape
from oneshelf.web.doors import Nowhere, Wish, reading, writing
from oneshelf.web.outbound import reads
from oneshelf.web.outbound.reads import WorkRow, WorkStatus
from oneshelf.web.stock.knowing import require_known
from oneshelf.web.values.naming import (
    ROWS_MAX,
    AnyUnits,
    LineNo,
    NodeName,
    ParcelNumber,
    SkuName,
)
from oneshelf.web.values.paging import Cursor, PageSize, read_cursor, write_cursor

Rows = Meta(min_length=1, max_length=ROWS_MAX)


class WorkAsked(Shape, frozen=True):
    """Whose work, and which of it; left out: all that is not with a carrier or customer yet."""

    node: NodeName
    status: WorkStatus | None = None
    limit: PageSize = 50
    cursor: Cursor | None = None


class WorkPage(Shape, frozen=True):
    """Parcels in the order they came, a row for each line."""

    work: list[WorkRow]
    next_cursor: str | None


class PickReport(Shape, frozen=True):
    """Units of a line that are in the tote now, in all; `short`: why the rest cannot be.

    sku: the part that is short, if the line is a kit.
    """

    parcel: ParcelNumber
    line_no: LineNo
    units: AnyUnits
    short: ShortReason | None = None
    sku: SkuName | None = None


class PickReports(Shape, frozen=True):
    """Decided one after another."""

    picks: Annotated[list[PickReport], Rows]


class PicksTold(Shape, frozen=True):
    """An answer for each, in order."""

    answers: list[PickAnswer]


class Parcels(Shape, frozen=True):
    """Which parcels."""

    parcels: Annotated[list[ParcelNumber], Rows]


class ParcelsTold(Shape, frozen=True):
    """An answer for each, in order."""

    answers: list[ParcelAnswer]


class ShipReport(Shape, frozen=True):
    """A carrier took one parcel."""

    parcel: ParcelNumber
    tracking_number: Annotated[str, Meta(min_length=1, max_length=64)]


class ShipReports(Shape, frozen=True):
    """Decided one after another."""

    shipments: Annotated[list[ShipReport], Rows]


class DeliveryReport(Shape, frozen=True):
    """One parcel arrived on this day, local to the door."""

    parcel: ParcelNumber
    delivered_on: date


class DeliveryReports(Shape, frozen=True):
    """Decided one after another."""

    deliveries: Annotated[list[DeliveryReport], Rows]


class ReadyTold(Shape, frozen=True):
    """codes: to be sent to the customers; told this once and stored nowhere."""

    answers: list[ParcelAnswer]
    codes: list[PickupCode]


class CodesTold(Shape, frozen=True):
    """codes: to be sent to the customers; told this once and stored nowhere."""

    codes: list[PickupCode]


class Customer(Shape, frozen=True):
    """Somebody at the counter. code: null after a look at a proof of identity."""

    parcel: ParcelNumber
    code: Annotated[str, Meta(max_length=20)] | None = None


class Customers(Shape, frozen=True):
    """Decided one after another."""

    customers: Annotated[list[Customer], Meta(min_length=1, max_length=20)]


class CustomersTold(Shape, frozen=True):
    """An answer for each, in order."""

    answers: list[HandOverAnswer]


def tell_work(tx: Transaction, asked: WorkAsked) -> WorkPage:
    """Return what a node has to do."""
    require_known(tx, (), {asked.node})
    statuses = [asked.status] if asked.status else list(get_args(WorkStatus))
    after = read_cursor(asked.cursor, int) or 0
    rows = reads.find_work(tx, asked.node, statuses, after, asked.limit)
    full = len({row.parcel for row in rows}) == asked.limit
    return WorkPage(work=rows, next_cursor=write_cursor(rows[-1].parcel) if full else None)


def take_picks(tx: Transaction, wish: Wish[Nowhere, PickReports], now: datetime) -> PicksTold:
    """Take what pickers report; what is short finds another source at once."""
    picks = [
        Pick(one.parcel, one.line_no, one.units, one.short, one.sku) for one in wish.body.picks
    ]
    return PicksTold(answers=pick(wish.house.snapshot.outlook, tx, picks, now))


def take_packed(tx: Transaction, wish: Wish[Nowhere, Parcels], now: datetime) -> ParcelsTold:
    """Close parcels."""
    return ParcelsTold(answers=pack(tx, wish.body.parcels, now))


def take_shipped(tx: Transaction, wish: Wish[Nowhere, ShipReports], now: datetime) -> ParcelsTold:
    """Give parcels to carriers."""
    shipments = [Shipment(one.parcel, one.tracking_number) for one in wish.body.shipments]
    return ParcelsTold(answers=ship(tx, shipments, now))


def take_delivered(
    tx: Transaction, wish: Wish[Nowhere, DeliveryReports], now: datetime
) -> ParcelsTold:
    """Note that parcels arrived."""
    deliveries = [Delivery(one.parcel, one.delivered_on) for one in wish.body.deliveries]
    return ParcelsTold(answers=deliver(tx, deliveries, now))


def take_ready(tx: Transaction, wish: Wish[Nowhere, Parcels], now: datetime) -> ReadyTold:
    """Keep parcels for their customers."""
    answers, codes = make_ready(tx, wish.body.parcels, now)
    return ReadyTold(answers=answers, codes=codes)


def take_renewal(tx: Transaction, wish: Wish[Nowhere, Parcels], now: datetime) -> CodesTold:
    """Make new codes for parcels that wait."""
    return CodesTold(codes=renew_codes(tx, wish.body.parcels, now))


def take_customers(tx: Transaction, wish: Wish[Nowhere, Customers], now: datetime) -> CustomersTold:
    """Hand parcels over."""
    customers = [HandOver(one.parcel, one.code) for one in wish.body.customers]
    return CustomersTold(answers=hand_over(tx, customers, now))


PATH = "/api/v1/parcels"
DOORS = (
    reading(
        "/api/v1/nodes/{node}/work",
        "work:outbound",
        "What a node has to do",
        tell_work,
        WorkAsked,
        WorkPage,
    ),
    writing(
        f"{PATH}/pick",
        "work:outbound",
        "Report picks and what is short",
        take_picks,
        Nowhere,
        PickReports,
        PicksTold,
    ),
    writing(
        f"{PATH}/pack",
        "work:outbound",
        "Close parcels whose units are all picked",
        take_packed,
        Nowhere,
        Parcels,
        ParcelsTold,
    ),
    writing(
        f"{PATH}/ship",
        "work:outbound",
        "Give packed parcels to carriers",
        take_shipped,
        Nowhere,
        ShipReports,
        ParcelsTold,
    ),
    writing(
        f"{PATH}/deliver",
        "work:outbound",
        "Note that parcels arrived",
        take_delivered,
        Nowhere,
        DeliveryReports,
        ParcelsTold,
    ),
    writing(
        f"{PATH}/ready",
        "work:outbound",
        "Keep parcels for their customers; tells the codes once",
        take_ready,
        Nowhere,
        Parcels,
        ReadyTold,
        kept=lambda told: replace_shape(told, codes=[]),
    ),
    writing(
        f"{PATH}/renew-codes",
        "work:outbound",
        "Make new codes for parcels that wait; tells them once",
        take_renewal,
        Nowhere,
        Parcels,
        CodesTold,
        kept=lambda told: replace_shape(told, codes=[]),
    ),
    writing(
        f"{PATH}/hand-over",
        "work:outbound",
        "Hand parcels over to whoever says their code",
        take_customers,
        Nowhere,
        Customers,
        CustomersTold,
    ),
)
