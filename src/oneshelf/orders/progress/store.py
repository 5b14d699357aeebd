"""Read and write how far orders have come. Nothing is decided here."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from msgspec import Struct

from oneshelf.base.database import Transaction
from oneshelf.base.identifiers import OrderId, ParcelId
from oneshelf.orders.progress.order_state import (
    Line,
    NewParcel,
    OrderHead,
    OrderState,
    Parcel,
)
from oneshelf.orders.progress.quantities import Move, Quantity


class HoldRow(Struct, frozen=True):
    """One reason that keeps an order from being released."""

    order_id: OrderId
    reason: str


@dataclass(frozen=True, slots=True)
class DriftRow:
    """An order with something that is not what its quantities say it should be."""

    order_id: OrderId
    found: str | None
    due: str | None


def lock_orders(tx: Transaction, order_ids: Collection[OrderId]) -> list[OrderHead]:
    """Lock orders until the transaction ends, in order_id order, so that batches never cross."""
    return tx.rows(
        OrderHead,
        """
        SELECT order_id, public_id, channel, customer, standing, method, node, country, postcode,
               latitude, longitude, wanted_by, preference, splitting, backorder, placed_at,
               promised_on, grace_until, version
          FROM orders.sales_order
         WHERE order_id = ANY(%(ids)s::bigint[])
         ORDER BY order_id
           FOR NO KEY UPDATE
        """,
        ids=list(order_ids),
    )


def find_orders(tx: Transaction, order_ids: Collection[OrderId]) -> list[OrderHead]:
    """Read orders without a lock."""
    return tx.rows(
        OrderHead,
        """
        SELECT order_id, public_id, channel, customer, standing, method, node, country, postcode,
               latitude, longitude, wanted_by, preference, splitting, backorder, placed_at,
               promised_on, grace_until, version
          FROM orders.sales_order
         WHERE order_id = ANY(%(ids)s::bigint[])
         ORDER BY order_id
        """,
        ids=list(order_ids),
    )


def find_lines(tx: Transaction, order_ids: Collection[OrderId]) -> list[Line]:
    """Return the orders' lines, in their order."""
    return tx.rows(
        Line,
        """
        SELECT order_id, line_id, line_no, sku, units
          FROM orders.line
         WHERE order_id = ANY(%(ids)s::bigint[])
         ORDER BY order_id, line_no
        """,
        ids=list(order_ids),
    )


def find_quantities(tx: Transaction, order_ids: Collection[OrderId]) -> list[Quantity]:
    """Return where the orders' units stand."""
    return tx.rows(
        Quantity,
        """
        SELECT quantity_id, order_id, line_id, units, was, status, parcel_id
          FROM orders.quantity
         WHERE order_id = ANY(%(ids)s::bigint[])
         ORDER BY order_id, quantity_id
        """,
        ids=list(order_ids),
    )


def find_parcels(tx: Transaction, order_ids: Collection[OrderId]) -> list[Parcel]:
    """Return the orders' parcels, also those that came to nothing."""
    return tx.rows(
        Parcel,
        """
        SELECT order_id, parcel_id, node, service, ready_at, collected_at, arrives_on, capacity_on
          FROM orders.parcel
         WHERE order_id = ANY(%(ids)s::bigint[])
         ORDER BY order_id, parcel_id
        """,
        ids=list(order_ids),
    )


def find_holds(tx: Transaction, order_ids: Collection[OrderId]) -> list[HoldRow]:
    """Return the reasons that keep the orders from being released."""
    return tx.rows(
        HoldRow,
        """
        SELECT order_id, reason
          FROM orders.hold
         WHERE order_id = ANY(%(ids)s::bigint[]) AND lifted_at IS NULL
        """,
        ids=list(order_ids),
    )


def find_orders_of_parcels(
    tx: Transaction, parcel_ids: Collection[ParcelId]
) -> list[tuple[ParcelId, OrderId]]:
    """Return whose the parcels are; that never changes."""
    return [
        (ParcelId(parcel), OrderId(order))
        for parcel, order in tx.tuples(
            """
            SELECT parcel_id, order_id
              FROM orders.parcel
             WHERE parcel_id = ANY(%(ids)s::bigint[])
            """,
            ids=list(parcel_ids),
        )
    ]


def update_quantities(tx: Transaction, quantities: Sequence[Quantity], now: datetime) -> None:
    """Write what has changed in quantities."""
    tx.run(
        """
        UPDATE orders.quantity
           SET units = given.units, was = given.was, status = given.status,
               parcel_id = given.parcel_id, changed_at = %(now)s
          FROM unnest(%(ids)s::bigint[], %(units)s::bigint[], %(was)s::text[],
                      %(statuses)s::text[], %(parcels)s::bigint[])
               AS given (quantity_id, units, was, status, parcel_id)
         WHERE quantity.quantity_id = given.quantity_id
        """,
        ids=[quantity.quantity_id for quantity in quantities],
        units=[quantity.units for quantity in quantities],
        was=[quantity.was for quantity in quantities],
        statuses=[quantity.status for quantity in quantities],
        parcels=[quantity.parcel_id for quantity in quantities],
        now=now,
    )


def add_quantities(tx: Transaction, quantities: Sequence[Quantity], now: datetime) -> None:
    """Write new quantities."""
    tx.run(
        """
        INSERT INTO orders.quantity (order_id, line_id, units, was, status, parcel_id, changed_at)
        SELECT order_id, line_id, units, was, status, parcel_id, %(now)s
          FROM unnest(%(orders)s::bigint[], %(lines)s::bigint[], %(units)s::bigint[],
                      %(was)s::text[], %(statuses)s::text[], %(parcels)s::bigint[])
               WITH ORDINALITY
               AS given (order_id, line_id, units, was, status, parcel_id, place)
         ORDER BY place
        """,
        orders=[quantity.order_id for quantity in quantities],
        lines=[quantity.line_id for quantity in quantities],
        units=[quantity.units for quantity in quantities],
        was=[quantity.was for quantity in quantities],
        statuses=[quantity.status for quantity in quantities],
        parcels=[quantity.parcel_id for quantity in quantities],
        now=now,
    )


def log_moves(tx: Transaction, moves: Sequence[Move], now: datetime) -> None:
    """Write down every change of status, with who and what caused it."""
    tx.run(
        """
        INSERT INTO orders.progress (order_id, line_id, units, was, status, parcel_id, reason, by,
                                     because, changed_at)
        SELECT order_id, line_id, units, was, status, parcel_id, reason, %(by)s, %(because)s,
               %(now)s
          FROM unnest(%(orders)s::bigint[], %(lines)s::bigint[], %(units)s::bigint[],
                      %(was)s::text[], %(statuses)s::text[], %(parcels)s::bigint[],
                      %(reasons)s::text[])
               WITH ORDINALITY
               AS given (order_id, line_id, units, was, status, parcel_id, reason, place)
         ORDER BY place
        """,
        orders=[move.order_id for move in moves],
        lines=[move.line_id for move in moves],
        units=[move.units for move in moves],
        was=[move.was for move in moves],
        statuses=[move.status for move in moves],
        parcels=[
            move.parcel_id_before if move.parcel_id_after is None else move.parcel_id_after
            for move in moves
        ],
        reasons=[move.reason for move in moves],
        by=tx.by,
        because=tx.because,
        now=now,
    )


def raise_versions(tx: Transaction, orders: Sequence[OrderState]) -> None:
    """Raise the orders' versions; note their statuses and which wait for their release."""
    tx.run(
        """
        UPDATE orders.sales_order
           SET version = version + 1, status = given.status, awaits_release = given.awaits
          FROM unnest(%(ids)s::bigint[], %(statuses)s::text[], %(awaiting)s::boolean[])
               AS given (order_id, status, awaits)
         WHERE sales_order.order_id = given.order_id
        """,
        ids=[order.head.order_id for order in orders],
        statuses=[order.status() for order in orders],
        awaiting=[order.awaits_release() for order in orders],
    )


def find_drift(tx: Transaction) -> list[DriftRow]:
    """Find orders whose status, or whose lines' units, are not what their quantities say."""
    return tx.rows(
        DriftRow,
        """
        SELECT order_id, sales_order.status AS found, stand.status AS due
          FROM orders.sales_order
          LEFT JOIN (
               SELECT order_id,
                      CASE WHEN bool_and(status = 'cancelled') THEN 'cancelled'
                           WHEN bool_or(status IN ('new', 'unsourced', 'backordered'))
                           THEN 'waiting'
                           WHEN bool_or(status = 'sourced') THEN 'open'
                           WHEN bool_or(status IN ('released', 'picked', 'packed')) THEN 'in_work'
                           WHEN bool_or(status IN ('shipped', 'ready_for_pickup'))
                           THEN 'on_its_way'
                           ELSE 'done' END AS status
                 FROM orders.quantity
                GROUP BY order_id) AS stand USING (order_id)
         WHERE sales_order.status IS DISTINCT FROM stand.status
         UNION ALL
        SELECT line.order_id, stand.units::text, line.units::text
          FROM orders.line
          LEFT JOIN (SELECT line_id, sum(units) AS units
                       FROM orders.quantity
                      GROUP BY line_id) AS stand USING (line_id)
         WHERE line.units IS DISTINCT FROM stand.units
         ORDER BY order_id, found
        """,
    )


def draw_parcel_ids(tx: Transaction, count: int) -> list[ParcelId]:
    """Draw numbers for new parcels."""
    return tx.scalars(
        "SELECT nextval('orders.parcel_number') FROM generate_series(1, %(count)s)", count=count
    )


def update_dates(tx: Transaction, parcels: Sequence[Parcel]) -> None:
    """Write other days for parcels of locked orders."""
    tx.run(
        """
        UPDATE orders.parcel
           SET ready_at = given.ready_at, collected_at = given.collected_at,
               arrives_on = given.arrives_on, capacity_on = given.capacity_on
          FROM unnest(%(ids)s::bigint[], %(ready)s::timestamptz[], %(collected)s::timestamptz[],
                      %(arrives)s::date[], %(capacity)s::date[])
               AS given (parcel_id, ready_at, collected_at, arrives_on, capacity_on)
         WHERE parcel.parcel_id = given.parcel_id
        """,
        ids=[parcel.parcel_id for parcel in parcels],
        ready=[parcel.ready_at for parcel in parcels],
        collected=[parcel.collected_at for parcel in parcels],
        arrives=[parcel.arrives_on for parcel in parcels],
        capacity=[parcel.capacity_on for parcel in parcels],
    )


def add_parcels(
    tx: Transaction, parcel_ids: Sequence[ParcelId], parcels: Sequence[NewParcel]
) -> None:
    """Write new parcels under the numbers drawn for them."""
    tx.run(
        """
        INSERT INTO orders.parcel (parcel_id, order_id, node, service, ready_at, collected_at,
                                   arrives_on, capacity_on, cost_millis, cost_minor)
        SELECT * FROM unnest(%(ids)s::bigint[], %(orders)s::bigint[], %(nodes)s::text[],
                             %(services)s::text[], %(ready)s::timestamptz[],
                             %(collected)s::timestamptz[], %(arrives)s::date[],
                             %(capacity)s::date[], %(millis)s::bigint[], %(minor)s::bigint[])
        """,
        ids=list(parcel_ids),
        orders=[parcel.order_id for parcel in parcels],
        nodes=[parcel.node for parcel in parcels],
        services=[parcel.service for parcel in parcels],
        ready=[parcel.ready_at for parcel in parcels],
        collected=[parcel.collected_at for parcel in parcels],
        arrives=[parcel.arrives_on for parcel in parcels],
        capacity=[parcel.capacity_on for parcel in parcels],
        millis=[parcel.cost_millis for parcel in parcels],
        minor=[parcel.cost_minor for parcel in parcels],
    )
