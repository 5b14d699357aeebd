"""Read and write capacity. Nothing is decided here."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from oneshelf.base.database import Transaction
from oneshelf.base.identifiers import NodeId, OrderId, PublicId
from oneshelf.matching.capacity.holding import CartHold, Hold, NodeDay


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
class CartRow:
    """Parcels of a cart on a day. is_held: its reservation says that it still stands."""

    reservation: PublicId
    node_id: NodeId
    on_day: date
    parcels: int
    is_held: bool


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


def find_cart_holds(tx: Transaction, reservations: Collection[PublicId]) -> list[CartRow]:
    """Find what carts hold. Locks nothing: who has locked a reservation changes its rows."""
    return tx.rows(
        CartRow,
        """
        SELECT cart.reservation, cart.node_id, cart.on_day, cart.parcels,
               held.status = 'held' AS is_held
          FROM matching.cart_capacity AS cart
          JOIN inventory.reservation AS held ON held.public_id = cart.reservation
         WHERE cart.reservation = ANY(%(reservations)s::uuid[])
         ORDER BY cart.reservation, cart.node_id, cart.on_day
        """,
        reservations=list(reservations),
    )


def find_ended(tx: Transaction, days: Collection[NodeDay], now: datetime) -> list[CartRow]:
    """Find on locked days what carts hold whose reservations ended or ran out of time."""
    return tx.rows(
        CartRow,
        """
        SELECT cart.reservation, cart.node_id, cart.on_day, cart.parcels,
               held.status = 'held' AS is_held
          FROM matching.cart_capacity AS cart
          JOIN inventory.reservation AS held ON held.public_id = cart.reservation
         WHERE (cart.node_id, cart.on_day) IN (
                   SELECT * FROM unnest(%(nodes)s::text[], %(days)s::date[]))
           AND (held.status <> 'held' OR held.lapses_at <= %(now)s)
        """,
        nodes=[day.node for day in days],
        days=[day.on for day in days],
        now=now,
    )


def insert_cart_holds(tx: Transaction, holds: Sequence[CartHold]) -> list[CountRow]:
    """Write holds of carts on days that have rows; return the new parcels of each day."""
    return tx.rows(
        CountRow,
        """
        WITH new AS (
            INSERT INTO matching.cart_capacity (reservation, node_id, on_day, parcels)
            SELECT given.reservation, given.node_id, given.on_day, given.parcels
              FROM unnest(%(reservations)s::uuid[], %(nodes)s::text[], %(days)s::date[],
                          %(parcels)s::bigint[]) AS given (reservation, node_id, on_day, parcels)
              JOIN matching.capacity_day AS day USING (node_id, on_day)
                ON CONFLICT DO NOTHING
            RETURNING node_id, on_day, parcels
        )
        SELECT node_id, on_day, sum(parcels)::bigint AS parcels
          FROM new
         GROUP BY node_id, on_day
        """,
        reservations=[hold.reservation for hold in holds],
        nodes=[hold.day.node for hold in holds],
        days=[hold.day.on for hold in holds],
        parcels=[hold.parcels for hold in holds],
    )


def delete_cart_holds(tx: Transaction, holds: Sequence[CartHold]) -> list[CountRow]:
    """Delete holds of carts on locked days; return the parcels that each day gets back."""
    return tx.rows(
        CountRow,
        """
        WITH gone AS (
            DELETE FROM matching.cart_capacity AS cart
             USING unnest(%(reservations)s::uuid[], %(nodes)s::text[], %(days)s::date[])
                   AS given (reservation, node_id, on_day)
             WHERE (cart.reservation, cart.node_id, cart.on_day)
                   = (given.reservation, given.node_id, given.on_day)
            RETURNING cart.node_id, cart.on_day, cart.parcels
        )
        SELECT node_id, on_day, sum(parcels)::bigint AS parcels
          FROM gone
         GROUP BY node_id, on_day
        """,
        reservations=[hold.reservation for hold in holds],
        nodes=[hold.day.node for hold in holds],
        days=[hold.day.on for hold in holds],
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
    """Find the days whose figure is not the number of parcels that hold them."""
    return tx.rows(
        DriftRow,
        """
        SELECT day.node_id, day.on_day, day.taken, coalesce(held.parcels, 0) AS held
          FROM matching.capacity_day AS day
          LEFT JOIN (SELECT node_id, on_day, sum(parcels)::bigint AS parcels
                       FROM (SELECT node_id, on_day, 1 AS parcels FROM matching.capacity_hold
                              UNION ALL
                             SELECT node_id, on_day, parcels FROM matching.cart_capacity) AS every
                      GROUP BY node_id, on_day) AS held USING (node_id, on_day)
         WHERE day.taken <> coalesce(held.parcels, 0)
         ORDER BY day.node_id, day.on_day
        """,
    )


def find_left_behind(tx: Transaction) -> list[CartRow]:
    """Find what carts hold that were given back or became orders: both take it along."""
    return tx.rows(
        CartRow,
        """
        SELECT cart.reservation, cart.node_id, cart.on_day, cart.parcels, false AS is_held
          FROM matching.cart_capacity AS cart
          JOIN inventory.reservation AS held ON held.public_id = cart.reservation
         WHERE held.status IN ('released', 'consumed')
         ORDER BY cart.reservation, cart.node_id, cart.on_day
        """,
    )
