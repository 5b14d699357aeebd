"""Write new orders, all of a batch at once. Nothing is decided here."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from oneshelf.base.database import Transaction
from oneshelf.base.identifiers import LineId, OrderId, ParcelId
from oneshelf.orders.canonical import Contact
from oneshelf.orders.capture.writing import NewHeader, NewLine, NewParcel, NewQuantity


def draw_numbers(
    tx: Transaction, orders: int, lines: int, parcels: int
) -> tuple[list[OrderId], list[LineId], list[ParcelId]]:
    """Draw numbers for a batch, rising within each kind."""
    rows = tx.tuples(
        """
        SELECT 0, nextval('orders.order_number') FROM generate_series(1, %(orders)s)
         UNION ALL
        SELECT 1, nextval('orders.line_number') FROM generate_series(1, %(lines)s)
         UNION ALL
        SELECT 2, nextval('orders.parcel_number') FROM generate_series(1, %(parcels)s)
        """,
        orders=orders,
        lines=lines,
        parcels=parcels,
    )
    drawn: tuple[list[int], list[int], list[int]] = ([], [], [])
    for kind, number in rows:
        drawn[kind].append(number)
    return (
        [OrderId(number) for number in sorted(drawn[0])],
        [LineId(number) for number in sorted(drawn[1])],
        [ParcelId(number) for number in sorted(drawn[2])],
    )


def insert_orders(tx: Transaction, headers: Iterable[NewHeader]) -> None:
    """Insert the orders themselves."""
    tx.copy_in(
        """
        COPY orders.sales_order (order_id, public_id, channel, key, customer, standing, method,
            node, country, postcode, latitude, longitude, wanted_by, preference, splitting,
            backorder, currency, goods_minor, discount_minor, tax_minor, shipping_minor,
            total_minor, placed_at, grace_until, promised_on, status) FROM STDIN
        """,
        (
            (
                new.order_id,
                new.public_id,
                new.order.channel,
                new.order.key,
                new.order.customer,
                new.standing,
                new.order.method,
                new.order.node,
                new.order.place and new.order.place.country,
                new.order.place and new.order.place.postcode,
                new.order.place and new.order.place.latitude,
                new.order.place and new.order.place.longitude,
                new.order.wanted_by,
                new.order.preference,
                new.order.splitting,
                new.order.backorder,
                new.order.currency,
                new.amounts.goods_minor,
                new.amounts.discount_minor,
                new.amounts.tax_minor,
                new.amounts.shipping_minor,
                new.amounts.total_minor,
                new.placed_at,
                new.grace_until,
                new.promised_on,
                new.status,
            )
            for new in headers
        ),
    )


def insert_contacts(tx: Transaction, contacts: Iterable[tuple[OrderId, Contact]]) -> None:
    """Insert who the orders are for."""
    tx.copy_in(
        "COPY orders.contact (order_id, name, mail, phone, street, city, postcode, country)"
        " FROM STDIN",
        (
            (
                order_id,
                contact.name,
                contact.mail,
                contact.phone,
                contact.street,
                contact.city,
                contact.postcode,
                contact.country,
            )
            for order_id, contact in contacts
        ),
    )


def insert_lines(tx: Transaction, lines: Sequence[NewLine]) -> None:
    """Insert the lines of the batch's orders."""
    tx.copy_in(
        "COPY orders.line (line_id, order_id, line_no, sku, units, price_minor, discount_minor,"
        " tax_minor) FROM STDIN",
        (
            (
                new.line_id,
                new.order_id,
                new.line_no,
                new.line.sku,
                new.line.units,
                new.line.price_minor,
                new.line.discount_minor,
                new.line.tax_minor,
            )
            for new in lines
        ),
    )


def insert_parcels(tx: Transaction, parcels: Sequence[NewParcel]) -> None:
    """Insert the parcels that nodes will prepare."""
    tx.copy_in(
        "COPY orders.parcel (parcel_id, order_id, node, service, ready_at, collected_at,"
        " arrives_on, capacity_on, cost_millis, cost_minor) FROM STDIN",
        (
            (
                new.parcel_id,
                new.order_id,
                new.parcel.node,
                new.parcel.service,
                new.parcel.ready_at,
                new.parcel.collected_at,
                new.parcel.arrives_on,
                new.parcel.capacity_on,
                new.parcel.cost.millis(),
                new.cost_minor,
            )
            for new in parcels
        ),
    )


def insert_quantities(
    tx: Transaction,
    quantities: Sequence[NewQuantity],
    sent_by: Mapping[OrderId, str],
    now: datetime,
) -> None:
    """Insert where the lines' units stand, and that they came there with their order."""
    tx.copy_in(
        "COPY orders.quantity (order_id, line_id, units, was, status, parcel_id, changed_at)"
        " FROM STDIN",
        (
            (new.order_id, new.line_id, new.units, "new", new.status, new.parcel_id, now)
            for new in quantities
        ),
    )
    tx.copy_in(
        "COPY orders.progress (order_id, line_id, units, was, status, parcel_id, reason, by,"
        " because, changed_at) FROM STDIN",
        (
            (
                new.order_id,
                new.line_id,
                new.units,
                "new",
                new.status,
                new.parcel_id,
                "placed",
                sent_by[new.order_id] or tx.by,
                tx.because,
                now,
            )
            for new in quantities
        ),
    )
