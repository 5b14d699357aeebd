"""Read and write capacity. Nothing is decided here."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from oneshelf.base.database import Transaction
from oneshelf.base.identifiers import NodeId, OrderId
from oneshelf.matching.capacity.holding import Hold, NodeDay


@dataclass(frozen=True, slots=True)
class DayRow:
    """One day's figures. parcels_max: None where the node has no limit now."""

    node_id: NodeId
    on_day: date
    taken: int
    version: int
    parcels_max: int | None


@dataclass(frozen=True, slots=True)
class CountRow:
    """So many parcels on a day."""

    node_id: NodeId
    on_day: date
    parcels: int


@dataclass(frozen=True, slots=True)
class DriftRow:
    """A day whose figure is not the number of its holds."""

    node_id: NodeId
    on_day: date
    taken: int
    held: int


def insert_missing(tx: Transaction, days: Collection[NodeDay]) -> None:
    """Give every day of a limited node a row, in key order."""
    ordered = sorted(days)
    tx.run(
        """
        INSERT INTO matching.capacity_day (node_id, on_day)
        SELECT given.node_id, given.on_day
          FROM unnest(%(nodes)s::text[], %(days)s::date[]) AS given (node_id, on_day)
          JOIN catalog.node ON node.node_id = given.node_id
           AND node.parcels_per_day_max IS NOT NULL
         ORDER BY given.node_id, given.on_day
            ON CONFLICT DO NOTHING
        """,
        nodes=[day.node for day in ordered],
        days=[day.on for day in ordered],
    )


def lock_days(tx: Transaction, days: Collection[NodeDay]) -> list[DayRow]:
    """Lock the days that have rows, in key order."""
    ordered = sorted(days)
    return tx.rows(
        DayRow,
        """
        SELECT day.node_id, day.on_day, day.taken, day.version,
               node.parcels_per_day_max AS parcels_max
          FROM matching.capacity_day AS day
          JOIN catalog.node ON node.node_id = day.node_id
         WHERE (day.node_id, day.on_day) IN (
                   SELECT * FROM unnest(%(nodes)s::text[], %(days)s::date[]))
         ORDER BY day.node_id, day.on_day
           FOR NO KEY UPDATE OF day
        """,
        nodes=[day.node for day in ordered],
        days=[day.on for day in ordered],
    )


def insert_holds(tx: Transaction, holds: Sequence[Hold]) -> list[CountRow]:
    """Write holds on days that have rows; return how many new ones each day got."""
    return tx.rows(
        CountRow,
        """
        WITH new AS (
            INSERT INTO matching.capacity_hold (order_id, parcel, node_id, on_day)
            SELECT given.order_id, given.parcel, given.node_id, given.on_day
              FROM unnest(%(orders)s::bigint[], %(parcels)s::bigint[], %(nodes)s::text[],
                          %(days)s::date[]) AS given (order_id, parcel, node_id, on_day)
              JOIN matching.capacity_day AS day USING (node_id, on_day)
                ON CONFLICT DO NOTHING
            RETURNING node_id, on_day
        )
        SELECT node_id, on_day, count(*) AS parcels
          FROM new
         GROUP BY node_id, on_day
        """,
        orders=[hold.order_id for hold in holds],
        parcels=[hold.parcel for hold in holds],
        nodes=[hold.day.node for hold in holds],
        days=[hold.day.on for hold in holds],
    )


def delete_holds(
    tx: Transaction, orders: Sequence[OrderId], parcels: Sequence[int | None]
) -> list[CountRow]:
    """Delete holds by (order, parcel), every parcel where none is named; return their days."""
    return tx.rows(
        CountRow,
        """
        WITH gone AS (
            DELETE FROM matching.capacity_hold AS hold
             USING unnest(%(orders)s::bigint[], %(parcels)s::bigint[]) AS given (order_id, parcel)
             WHERE hold.order_id = given.order_id
               AND hold.parcel = coalesce(given.parcel, hold.parcel)
            RETURNING node_id, on_day
        )
        SELECT node_id, on_day, count(*) AS parcels
          FROM gone
         GROUP BY node_id, on_day
        """,
        orders=list(orders),
        parcels=list(parcels),
    )


def add(tx: Transaction, counts: Sequence[CountRow]) -> list[DayRow]:
    """Add parcels (or take them away) on days this transaction has locked."""
    return tx.rows(
        DayRow,
        """
        UPDATE matching.capacity_day AS day
           SET taken = day.taken + given.parcels, version = day.version + 1
          FROM unnest(%(nodes)s::text[], %(days)s::date[], %(parcels)s::bigint[])
               AS given (node_id, on_day, parcels)
         WHERE day.node_id = given.node_id AND day.on_day = given.on_day
        RETURNING day.node_id, day.on_day, day.taken, day.version, NULL::bigint AS parcels_max
        """,
        nodes=[count.node_id for count in counts],
        days=[count.on_day for count in counts],
        parcels=[count.parcels for count in counts],
    )


def load(tx: Transaction, since: date) -> list[DayRow]:
    """Read the days from a date on."""
    return tx.rows(
        DayRow,
        """
        SELECT node_id, on_day, taken, version, NULL::bigint AS parcels_max
          FROM matching.capacity_day
         WHERE on_day >= %(since)s
         ORDER BY node_id, on_day
        """,
        since=since,
    )


def find_drift(tx: Transaction) -> list[DriftRow]:
    """Find the days whose figure is not the number of their holds."""
    return tx.rows(
        DriftRow,
        """
        SELECT day.node_id, day.on_day, day.taken, coalesce(held.parcels, 0) AS held
          FROM matching.capacity_day AS day
          LEFT JOIN (SELECT node_id, on_day, count(*) AS parcels
                       FROM matching.capacity_hold
                      GROUP BY node_id, on_day) AS held USING (node_id, on_day)
         WHERE day.taken <> coalesce(held.parcels, 0)
         ORDER BY day.node_id, day.on_day
        """,
    )
