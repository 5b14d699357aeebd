"""Look at the work of a node, at parcels and at what needs a person. Plain SELECTs."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from oneshelf.base.database import Transaction
from oneshelf.base.identifiers import NodeId, OrderId, ParcelId, ServiceId, Sku

WorkStatus = Literal["released", "picked", "packed", "ready_for_pickup"]


@dataclass(frozen=True, slots=True)
class WorkRow:
    """Units of one line in one parcel that a node works on. held: the order waits for a person."""

    parcel: ParcelId
    order: OrderId
    service: ServiceId | None
    ready_at: datetime
    arrives_on: date
    line_no: int
    sku: Sku
    name: str
    gtin: str | None
    units: int
    status: WorkStatus
    held: bool


@dataclass(frozen=True, slots=True)
class RecalledRow:
    """Units in a tote whose line was cancelled. parcels: whose totes they can be in."""

    recalled_id: int
    order: OrderId
    line_no: int
    parcels: list[ParcelId]
    sku: Sku
    name: str
    gtin: str | None
    units: int
    recalled_at: datetime


@dataclass(frozen=True, slots=True)
class ExceptionRow:
    """What no rule could settle."""

    exception_id: int
    kind: str
    subject: str
    order: OrderId | None
    node: NodeId | None
    detail: str
    opened_at: datetime


def find_work(
    tx: Transaction, node: str, statuses: list[str], after: int, parcels: int
) -> list[WorkRow]:
    """Return the next parcels of a node with units in these statuses, by parcel number."""
    return tx.rows(
        WorkRow,
        """
        WITH due AS (
            SELECT parcel_id
              FROM (SELECT DISTINCT parcel_id
                      FROM orders.quantity
                     WHERE in_work AND status = ANY(%(statuses)s)
                       AND parcel_id > %(after)s) AS worked_on
             CROSS JOIN LATERAL (  -- LIMIT: look up each, never walk through what has long left
                   SELECT FROM orders.parcel
                    WHERE parcel.parcel_id = worked_on.parcel_id AND node = %(node)s
                    LIMIT 1) AS here
             ORDER BY parcel_id
             LIMIT %(parcels)s
        )
        SELECT parcel_id AS parcel, parcel.order_id AS "order", service, ready_at, arrives_on,
               line_no, line.sku, coalesce(product.name, '') AS name, gtin, quantity.units, status,
               EXISTS (SELECT FROM orders.hold
                        WHERE hold.order_id = parcel.order_id AND lifted_at IS NULL) AS held
          FROM due
          JOIN orders.parcel USING (parcel_id)
          JOIN orders.quantity USING (parcel_id)
          JOIN orders.line USING (line_id)
          LEFT JOIN catalog.product ON product.sku = line.sku
         WHERE status = ANY(%(statuses)s)
         ORDER BY parcel_id, line_no, quantity_id
        """,
        node=node,
        statuses=statuses,
        after=after,
        parcels=parcels,
    )


def find_recalled(tx: Transaction, node: str, after: int, limit: int) -> list[RecalledRow]:
    """Return what is to be put back at a node, the longest known first."""
    return tx.rows(
        RecalledRow,
        """
        WITH page AS (
            SELECT recalled_id, line_id, node, sku, units, recalled_at
              FROM inventory.recalled
             WHERE node = %(node)s AND recalled_id > %(after)s
             ORDER BY recalled_id
             LIMIT %(limit)s
        )
        SELECT recalled_id, line.order_id AS "order", line_no,
               ARRAY(SELECT DISTINCT parcel_id
                       FROM orders.quantity
                       JOIN orders.parcel USING (parcel_id)
                      WHERE quantity.order_id = line.order_id
                        AND quantity.line_id = line.line_id
                        AND quantity.status = 'cancelled'
                        AND parcel.node = page.node
                      ORDER BY parcel_id) AS parcels,
               page.sku, coalesce(product.name, '') AS name, gtin, page.units, recalled_at
          FROM page
          JOIN orders.line USING (line_id)
          LEFT JOIN catalog.product ON product.sku = page.sku
         ORDER BY recalled_id
        """,
        node=node,
        after=after,
        limit=limit,
    )


def find_exceptions(tx: Transaction, after: int, limit: int) -> list[ExceptionRow]:
    """Return what is open, the oldest first."""
    return tx.rows(
        ExceptionRow,
        'SELECT exception_id, kind, subject, order_id AS "order", node, detail, opened_at'
        "  FROM teamwork.exception"
        " WHERE closed_at IS NULL AND exception_id > %(after)s"
        " ORDER BY exception_id LIMIT %(limit)s",
        after=after,
        limit=limit,
    )
