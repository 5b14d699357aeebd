"""Look at orders. Plain SELECTs."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from oneshelf.base.database import Transaction
from oneshelf.base.identifiers import ChannelId, NodeId, OrderId, ParcelId, ServiceId, Sku
from oneshelf.catalog.channels import Standing
from oneshelf.orders.canonical import OrderMethod
from oneshelf.orders.lifecycle import OrderStatus, Status


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """Which orders. before: a page starts behind this place; None: with the newest."""

    channel: str | None
    status: OrderStatus | None
    key: str | None
    mail: str | None
    phone: str | None
    tracking: str | None
    before: tuple[datetime, int] | None
    limit: int


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An order in a list. number: the short one people see."""

    number: OrderId
    order_id: UUID
    channel: ChannelId
    key: str
    method: OrderMethod
    standing: Standing
    status: OrderStatus
    units: int
    node: NodeId | None
    placed_at: datetime
    promised_on: date | None
    total_minor: int
    currency: str
    version: int


@dataclass(frozen=True, slots=True)
class MoneyRow:
    """What the order costs."""

    goods_minor: int
    discount_minor: int
    tax_minor: int
    shipping_minor: int
    total_minor: int


@dataclass(frozen=True, slots=True)
class LineRow:
    """One line as it was ordered."""

    line_no: int
    sku: Sku
    units: int
    price_minor: int
    discount_minor: int
    tax_minor: int


@dataclass(frozen=True, slots=True)
class StandingRow:
    """Where units of a line stand. parcel: None while they have none."""

    line_no: int
    units: int
    status: Status
    parcel: ParcelId | None
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class ParcelRow:
    """One parcel as it was promised."""

    parcel: ParcelId
    node: NodeId
    service: ServiceId | None
    ready_at: datetime
    arrives_on: date
    cost_minor: int


@dataclass(frozen=True, slots=True)
class HoldRow:
    """A reason the order waits for."""

    reason: str
    placed_at: datetime


@dataclass(frozen=True, slots=True)
class ContactRow:
    """Who the order is for; empty once erased."""

    name: str
    mail: str
    phone: str
    street: str
    city: str
    postcode: str
    country: str


@dataclass(frozen=True, slots=True)
class ProgressRow:
    """One step of some units of a line."""

    line_no: int
    units: int
    was: Status
    status: Status
    reason: str
    by: str
    changed_at: datetime


ORDERS = """
    SELECT sales_order.order_id AS number, public_id AS order_id, channel, key, method, standing,
           status, node, placed_at, promised_on, total_minor, currency, version,
           (SELECT sum(units)::bigint FROM orders.line
             WHERE line.order_id = sales_order.order_id) AS units
      FROM orders.sales_order
     WHERE true
"""
BEFORE = " AND (placed_at, sales_order.order_id) < (%(placed_at)s, %(number)s::bigint)"
OF_CHANNEL = " AND channel = %(channel)s"
IN_STATUS = " AND status = %(status)s"
OF_KEY = " AND key = %(key)s"
# An array, because the planner knows that few orders are meant: else it may walk all, newest first.
OF_MAIL = (
    " AND sales_order.order_id = ANY(ARRAY(SELECT order_id FROM orders.contact"
    " WHERE lower(btrim(mail)) = lower(btrim(%(mail)s)) AND mail <> ''))"
)
OF_PHONE = (
    " AND sales_order.order_id = ANY(ARRAY(SELECT order_id FROM orders.contact"
    " WHERE regexp_replace(phone, '^00|[^0-9]', '', 'g')"
    " = regexp_replace(%(phone)s, '^00|[^0-9]', '', 'g') AND phone <> ''))"
)
OF_TRACKING = (
    " AND sales_order.order_id = ANY(ARRAY(SELECT order_id FROM orders.parcel"
    " JOIN outbound.shipment USING (parcel_id) WHERE tracking_number = %(tracking)s))"
)
NEWEST_FIRST = " ORDER BY placed_at DESC, sales_order.order_id DESC LIMIT %(limit)s"


def find_orders(tx: Transaction, asked: OrderFilter) -> list[OrderRow]:
    """Return orders, the newest first."""
    placed_at, number = asked.before or (None, None)
    query = (
        ORDERS
        + (BEFORE if asked.before else "")
        + (OF_CHANNEL if asked.channel is not None else "")
        + (IN_STATUS if asked.status is not None else "")
        + (OF_KEY if asked.key is not None else "")
        + (OF_MAIL if asked.mail is not None else "")
        + (OF_PHONE if asked.phone is not None else "")
        + (OF_TRACKING if asked.tracking is not None else "")
        + NEWEST_FIRST
    )
    return tx.rows(
        OrderRow,
        query,
        placed_at=placed_at,
        number=number,
        channel=asked.channel,
        status=asked.status,
        key=asked.key,
        mail=asked.mail,
        phone=asked.phone,
        tracking=asked.tracking,
        limit=asked.limit,
    )


def find_order(tx: Transaction, number: int) -> OrderRow | None:
    """Return one order."""
    rows = tx.rows(OrderRow, ORDERS + " AND sales_order.order_id = %(number)s", number=number)
    return rows[0] if rows else None


def read_money(tx: Transaction, number: int) -> MoneyRow:
    """Return what an order costs."""
    [row] = tx.rows(
        MoneyRow,
        "SELECT goods_minor, discount_minor, tax_minor, shipping_minor, total_minor"
        "  FROM orders.sales_order WHERE order_id = %(number)s",
        number=number,
    )
    return row


def find_lines(tx: Transaction, number: int) -> list[LineRow]:
    """Return an order's lines."""
    return tx.rows(
        LineRow,
        "SELECT line_no, sku, units, price_minor, discount_minor, tax_minor"
        "  FROM orders.line WHERE order_id = %(number)s ORDER BY line_no",
        number=number,
    )


def find_standing(tx: Transaction, number: int) -> list[StandingRow]:
    """Return where an order's units stand."""
    return tx.rows(
        StandingRow,
        """
        SELECT line_no, quantity.units, status, parcel_id AS parcel, changed_at
          FROM orders.quantity JOIN orders.line USING (order_id, line_id)
         WHERE order_id = %(number)s
         ORDER BY line_no, quantity_id
        """,
        number=number,
    )


def find_parcels(tx: Transaction, number: int) -> list[ParcelRow]:
    """Return an order's parcels."""
    return tx.rows(
        ParcelRow,
        "SELECT parcel_id AS parcel, node, service, ready_at, arrives_on, cost_minor"
        "  FROM orders.parcel WHERE order_id = %(number)s ORDER BY parcel_id",
        number=number,
    )


def find_holds(tx: Transaction, number: int) -> list[HoldRow]:
    """Return the reasons an order waits for."""
    return tx.rows(
        HoldRow,
        "SELECT reason, placed_at FROM orders.hold"
        " WHERE order_id = %(number)s AND lifted_at IS NULL ORDER BY hold_id",
        number=number,
    )


def find_contact(tx: Transaction, number: int) -> ContactRow | None:
    """Return who an order is for."""
    rows = tx.rows(
        ContactRow,
        "SELECT name, mail, phone, street, city, postcode, country"
        "  FROM orders.contact WHERE order_id = %(number)s",
        number=number,
    )
    return rows[0] if rows else None


def find_progress(tx: Transaction, number: int) -> list[ProgressRow]:
    """Return how an order's units got where they stand, the first step first."""
    return tx.rows(
        ProgressRow,
        """
        SELECT line_no, progress.units, was, status, reason, by, changed_at
          FROM orders.progress JOIN orders.line USING (order_id, line_id)
         WHERE order_id = %(number)s
         ORDER BY progress_id
        """,
        number=number,
    )
