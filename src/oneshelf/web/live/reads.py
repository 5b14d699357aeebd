"""What the live page looks at. Plain SELECTs; nothing is locked or written."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from oneshelf.base.database import Transaction
from oneshelf.base.identifiers import ChannelId, FactId, NodeId, OrderId, Sku
from oneshelf.catalog.channels import ChannelKind
from oneshelf.catalog.nodes import Method, NodeKind
from oneshelf.orders.canonical import OrderMethod
from oneshelf.orders.lifecycle import Status

FACTS_PER_LOOK = 500
ARCS_OF_BEFORE = 60
FACTS_BEFORE_MAX = 5_000
LAND_DOTS_MAX = 3_000
ORDERS_SHOWN = 10
SKUS_OFFERED = 50


@dataclass(frozen=True, slots=True)
class Place:
    """A node, as the map knows it."""

    node_id: NodeId
    name: str
    kind: NodeKind
    city: str
    country: str
    latitude: float
    longitude: float
    methods: list[Method]


@dataclass(frozen=True, slots=True)
class Stream:
    """A channel."""

    channel_id: ChannelId
    name: str
    kind: ChannelKind


@dataclass(frozen=True, slots=True)
class FreshFact:
    """A fact since the last look. body: only of an OrderPlaced; else empty."""

    fact_id: FactId
    name: str
    body: str
    happened_at: datetime


@dataclass(frozen=True, slots=True)
class Promises:
    """Open orders, how many of them will keep their date, and units sold that do not stand."""

    promises: int
    on_course: int
    oversold_units: int


@dataclass(frozen=True, slots=True)
class ShownOrder:
    """One of the latest orders. places: the node of each of its parcels."""

    order_id: OrderId
    channel: ChannelId
    method: OrderMethod
    node: NodeId | None
    placed_at: datetime
    promised_on: date | None
    lines: int
    places: list[NodeId]
    statuses: list[Status]


@dataclass(frozen=True, slots=True)
class LastDecision:
    """The latest decision record. channel: of its order."""

    order_id: OrderId
    channel: ChannelId
    record: bytes


@dataclass(frozen=True, slots=True)
class ShelfStock:
    """Units of one SKU on one node's shelves, by what they wait for."""

    node: NodeId
    free: int
    in_cart: int
    sold: int
    picked: int


@dataclass(frozen=True, slots=True)
class Article:
    """A product, as the picker offers it."""

    sku: Sku
    name: str
    category: str
    is_kit: bool


def read_places(tx: Transaction) -> list[Place]:
    """Return every node, warehouses first."""
    return tx.rows(
        Place,
        """
        SELECT node_id, name, kind, city, country, latitude, longitude, methods::text[] AS methods
          FROM catalog.node
         ORDER BY kind <> 'warehouse', kind, name, node_id
        """,
    )


def read_streams(tx: Transaction) -> list[Stream]:
    """Return every channel, in the order of their kinds."""
    return tx.rows(
        Stream,
        """
        SELECT channel_id, name, kind FROM catalog.channel
         ORDER BY array_position(
                      ARRAY['web', 'app', 'marketplace', 'till', 'call_centre', 'file'], kind),
                  name
        """,
    )


def read_time_zone(tx: Transaction) -> str:
    """Return the zone most nodes live in; UTC where there is none."""
    found = tx.scalars(
        """
        SELECT time_zone FROM catalog.node JOIN catalog.calendar USING (calendar_id)
         GROUP BY time_zone ORDER BY count(*) DESC, time_zone LIMIT 1
        """
    )
    return str(found[0]) if found else "UTC"


def read_clock_speed(tx: Transaction) -> float | None:
    """Return the seconds in a second of a demo's or test's clock; None: the time is real."""
    found = tx.scalars("SELECT speed FROM base.clock")
    return float(found[0]) if found else None


def read_destinations(tx: Transaction) -> list[tuple[float, float]]:
    """Return where latest orders went, (latitude, longitude), to a tenth of a degree."""
    return [
        (latitude, longitude)
        for latitude, longitude in tx.tuples(
            """
            SELECT DISTINCT round(latitude::numeric, 1)::float8,
                            round(longitude::numeric, 1)::float8
              FROM (SELECT latitude, longitude FROM orders.sales_order
                     WHERE latitude IS NOT NULL AND longitude IS NOT NULL
                     ORDER BY order_id DESC LIMIT 20000) AS latest
             LIMIT %(most)s
            """,
            most=LAND_DOTS_MAX,
        )
    ]


def read_stock_by_node(tx: Transaction) -> dict[str, int]:
    """Return the units on each node's shelves. Reads every point: ask seldom."""
    return dict(
        tx.tuples(
            """
            SELECT node, sum(available + reserved + committed + picked)::bigint
              FROM inventory.point WHERE receipt_line_id IS NULL GROUP BY node
            """
        )
    )


def read_fresh_facts(tx: Transaction, floor: FactId, seen: Collection[FactId]) -> list[FreshFact]:
    """Return the newest facts above the floor but those seen, the newest first."""
    return tx.rows(
        FreshFact,
        """
        SELECT fact_id, name, CASE WHEN name = 'OrderPlaced' THEN body::text ELSE '' END AS body,
               happened_at
          FROM base.fact
         WHERE fact_id > %(floor)s AND fact_id <> ALL(%(seen)s::bigint[])
         ORDER BY fact_id DESC LIMIT %(most)s
        """,
        floor=floor,
        seen=list(seen),
        most=FACTS_PER_LOOK,
    )


def read_newest_fact(tx: Transaction) -> FactId:
    """Return the highest fact that is visible."""
    return FactId(tx.scalars("SELECT coalesce(max(fact_id), 0) FROM base.fact")[0])


def read_orders_before(tx: Transaction, newest: FactId) -> list[FreshFact]:
    """Return the latest OrderPlaced facts, the newest first."""
    return tx.rows(
        FreshFact,
        """
        SELECT fact_id, name, body::text AS body, happened_at
          FROM base.fact
         WHERE fact_id > %(floor)s AND fact_id <= %(newest)s AND name = 'OrderPlaced'
         ORDER BY fact_id DESC LIMIT %(most)s
        """,
        floor=newest - FACTS_BEFORE_MAX,
        newest=newest,
        most=ARCS_OF_BEFORE,
    )


def find_first_fact(tx: Transaction, since: datetime) -> FactId:
    """Return about where the facts since then begin: ids and times grow together, or nearly so."""
    low, high = 0, read_newest_fact(tx)
    while high - low > FACTS_BEFORE_MAX:
        middle = (low + high) // 2
        [happened_at] = tx.scalars(
            "SELECT happened_at FROM base.fact WHERE fact_id >= %(middle)s"
            " ORDER BY fact_id LIMIT 1",
            middle=middle,
        )
        low, high = (middle, high) if happened_at < since else (low, FactId(middle))
    return FactId(low)


def count_orders(tx: Transaction, since: datetime) -> int:
    """Return how many orders were placed since then."""
    query = "SELECT count(*) FROM orders.sales_order WHERE placed_at >= %(since)s"
    return int(tx.scalars(query, since=since)[0])


def read_resourced(tx: Transaction, above: FactId, since: datetime) -> set[str]:
    """Return the orders whose lines got units elsewhere since then, by facts above this one."""
    return set(
        tx.scalars(
            """
            SELECT subject FROM base.fact
             WHERE fact_id > %(above)s AND name = 'LinesSourced' AND happened_at >= %(since)s
            """,
            above=above,
            since=since,
        )
    )


def read_promises(tx: Transaction, since: datetime, today: date) -> Promises:
    """Return how the promises of orders placed since then stand.

    On course: it arrived in time, or has a parcel that will, or waits for a dated receipt. Till
    sales promise nothing. Oversold: units of orders beyond what their points hold for orders.
    """
    [promises] = tx.rows(
        Promises,
        """
        WITH promised AS (
            SELECT bool_and(CASE WHEN quantity.status = 'delivered' THEN delivered_on <= promised_on
                       ELSE quantity.status <> 'unsourced' AND promised_on >= %(today)s
                            AND coalesce(arrives_on <= promised_on, true) END) AS keeps
              FROM orders.sales_order
              JOIN orders.quantity USING (order_id)
              LEFT JOIN orders.parcel USING (parcel_id)
              LEFT JOIN outbound.shipment USING (parcel_id)
             WHERE placed_at >= %(since)s AND method <> 'carried'
               AND quantity.status
                   NOT IN ('ready_for_pickup', 'handed_over', 'returned', 'cancelled')
             GROUP BY sales_order.order_id
        ), owed AS (
            SELECT point_id, sum(units) AS units FROM inventory.commitment GROUP BY point_id
        )
        SELECT (SELECT count(*) FROM promised) AS promises,
               (SELECT count(*) FROM promised WHERE keeps) AS on_course,
               (SELECT coalesce(sum(greatest(
                           owed.units - (point.committed + point.picked + point.promised), 0)),
                           0)::bigint
                  FROM owed JOIN inventory.point USING (point_id)) AS oversold_units
        """,
        since=since,
        today=today,
    )
    return promises


def read_latest_orders(tx: Transaction) -> list[ShownOrder]:
    """Return the latest orders, the newest first."""
    return tx.rows(
        ShownOrder,
        """
        SELECT order_id, channel, method, node, placed_at, promised_on,
               (SELECT count(*) FROM orders.line WHERE line.order_id = latest.order_id) AS lines,
               ARRAY(SELECT parcel.node FROM orders.parcel
                      WHERE parcel.order_id = latest.order_id
                        AND EXISTS (SELECT FROM orders.quantity
                                     WHERE quantity.parcel_id = parcel.parcel_id
                                       AND status <> 'cancelled')
                      ORDER BY parcel_id) AS places,
               ARRAY(SELECT DISTINCT status FROM orders.quantity
                      WHERE quantity.order_id = latest.order_id) AS statuses
          FROM (SELECT * FROM orders.sales_order ORDER BY order_id DESC LIMIT %(most)s) AS latest
         ORDER BY order_id DESC
        """,
        most=ORDERS_SHOWN,
    )


def read_last_decision(tx: Transaction) -> LastDecision | None:
    """Return the latest decision of an order that stands."""
    found = tx.rows(
        LastDecision,
        """
        SELECT order_id, channel, record
          FROM matching.decision JOIN orders.sales_order USING (order_id)
         ORDER BY decision_id DESC LIMIT 1
        """,
    )
    return found[0] if found else None


def read_best_sellers(tx: Transaction, since: datetime) -> list[Article]:
    """Return what sold most since then, no kits; where nothing sold, what stands most."""
    sold = tx.rows(
        Article,
        """
        SELECT product.sku, product.name, category, is_kit
          FROM orders.sales_order
          JOIN orders.line USING (order_id)
          JOIN catalog.product USING (sku)
         WHERE placed_at >= %(since)s AND NOT is_kit
         GROUP BY product.sku ORDER BY sum(units) DESC, product.sku LIMIT %(most)s
        """,
        since=since,
        most=SKUS_OFFERED,
    )
    return sold or tx.rows(
        Article,
        """
        SELECT sku, name, category, is_kit
          FROM (SELECT sku, max(available) AS units FROM inventory.point
                 WHERE receipt_line_id IS NULL GROUP BY sku
                 ORDER BY units DESC, sku LIMIT %(most)s) AS fullest
          JOIN catalog.product USING (sku)
         ORDER BY units DESC, sku
        """,
        most=SKUS_OFFERED,
    )


def find_article(tx: Transaction, wanted: str) -> Article | None:
    """Return the product of this SKU, in any case, or whose name begins so."""
    found = tx.rows(
        Article,
        """
        SELECT sku, name, category, is_kit FROM catalog.product
         WHERE sku = upper(%(wanted)s) OR sku = %(wanted)s
            OR starts_with(lower(name), lower(%(wanted)s))
         ORDER BY upper(sku) <> upper(%(wanted)s), name, sku LIMIT 1
        """,
        wanted=wanted,
    )
    return found[0] if found else None


def read_parts(tx: Transaction, kit: Sku) -> list[Article]:
    """Return what a kit is made of."""
    return tx.rows(
        Article,
        """
        SELECT sku, name, category, is_kit
          FROM catalog.kit_part JOIN catalog.product ON sku = part_sku
         WHERE kit_sku = %(kit)s ORDER BY place
        """,
        kit=kit,
    )


def read_shelves(tx: Transaction, sku: Sku) -> list[ShelfStock]:
    """Return where one SKU stands."""
    return tx.rows(
        ShelfStock,
        """
        SELECT node, sum(available)::bigint AS free, sum(reserved)::bigint AS in_cart,
               sum(committed)::bigint AS sold, sum(picked)::bigint AS picked
          FROM inventory.point
         WHERE sku = %(sku)s AND receipt_line_id IS NULL
         GROUP BY node
        """,
        sku=sku,
    )


def read_methods_off(tx: Transaction, sku: Sku) -> dict[str, list[Method]]:
    """Return what single nodes still do for the SKU, where that is less than their methods."""
    query = "SELECT node_id, methods::text[] FROM catalog.toggle WHERE sku = %(sku)s"
    return dict(tx.tuples(query, sku=sku))
