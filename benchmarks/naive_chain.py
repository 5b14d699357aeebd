"""The chain as an ORM writes it: one order and one verb a transaction, one statement a row.

Every verb locks with FOR UPDATE what it changes; placing takes the nearest node that has every
line. The rows are those that the core's verbs write, and the audit holds for them.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from math import cos, hypot, radians
from typing import Any

import msgspec
import psycopg
from psycopg.types.json import Jsonb

from oneshelf.base.identifiers import new_id
from oneshelf.base.outbox import shard_of
from oneshelf.base.repeat_keys import hash_body
from oneshelf.catalog.nodes import Node
from oneshelf.orders.canonical import DeliveryPlace, NewOrder, amounts
from oneshelf.simulation.network import Network
from worlds import MONDAY

Row = dict[str, Any]
CARRIES = {  # which verb moves units between which states, and says so
    "picked": ("committed", "picked"),
    "shipped": ("picked", "outside"),
}
TELLS = {
    "released": "OrderReleased",
    "picked": "ParcelPicked",
    "packed": "ParcelPacked",
    "shipped": "ParcelShipped",
}
STEPS = (
    ("sourced", "released"),
    ("released", "picked"),
    ("picked", "packed"),
    ("packed", "shipped"),
)


def run(url: str, network: Network, orders: Sequence[NewOrder], clients: int) -> int:
    """Take orders all the way, each by one of so many connections; return how many shipped."""

    def work(mine: Sequence[NewOrder]) -> int:
        with psycopg.connect(url, autocommit=True) as connection:
            buyer = Naive(connection, network)
            return sum(buyer.take_through(order) for order in mine)

    with ThreadPoolExecutor(clients) as pool:
        return sum(pool.map(work, (orders[n::clients] for n in range(clients))))


class Naive:
    """One connection that takes an order through, one verb a transaction."""

    def __init__(self, connection: "psycopg.Connection[Any]", network: Network) -> None:
        """Know the catalog, as a cached one would be."""
        self._connection = connection
        self._nodes = network.nodes

    def take_through(self, order: NewOrder) -> int:
        """Place, release, pick, pack and ship one order; return 1 if it was shipped."""
        with self._connection.transaction():
            order_id = self._place(order)
        if order_id is None:
            return 0
        for was, status in STEPS:
            with self._connection.transaction():
                self._advance(order_id, was, status)
        return 1

    def _place(self, order: NewOrder) -> int | None:
        taken = self._insert(
            "base.repeat_key",
            channel=order.channel,
            key=order.key,
            body_hash=hash_body(order.key.encode()),
        )
        node, points = self._nearest(order)
        if not taken or node is None or order.place is None:
            return None
        money = amounts(order)
        promised_on = (MONDAY + timedelta(days=3)).date()
        order_id, parcel_id = self._draw("order_number"), self._draw("parcel_number")
        self._insert(
            "orders.sales_order",
            order_id=order_id,
            public_id=new_id(),
            channel=order.channel,
            key=order.key,
            standing="ask",
            method=order.method,
            country=order.place.country,
            postcode=order.place.postcode,
            latitude=order.place.latitude,
            longitude=order.place.longitude,
            preference=order.preference,
            splitting=order.splitting,
            backorder=order.backorder,
            currency=order.currency,
            placed_at=MONDAY,
            promised_on=promised_on,
            grace_until=MONDAY,
            status="open",
            **msgspec.to_builtins(money),
        )
        self._insert("orders.contact", order_id=order_id, **msgspec.to_builtins(order.contact))
        self._insert(
            "orders.parcel",
            parcel_id=parcel_id,
            order_id=order_id,
            node=node.node_id,
            service="economy",
            ready_at=MONDAY + timedelta(hours=2),
            collected_at=MONDAY + timedelta(hours=8),
            arrives_on=promised_on,
            cost_millis=500_000,
            cost_minor=500,
        )
        for number, line in enumerate(order.lines, 1):
            line_id = self._draw("line_number")
            self._insert(
                "orders.line",
                line_id=line_id,
                order_id=order_id,
                line_no=number,
                **msgspec.to_builtins(line),
            )
            self._insert(
                "orders.quantity",
                order_id=order_id,
                line_id=line_id,
                units=line.units,
                was="new",
                status="sourced",
                parcel_id=parcel_id,
                changed_at=MONDAY,
            )
            self._log(order_id, line_id, line.units, ("new", "sourced"), parcel_id)
            point = points[line.sku]
            self._insert(
                "inventory.commitment",
                line_id=line_id,
                order_id=order_id,
                point_id=point["point_id"],
                state="committed",
                units=line.units,
                promised_at=MONDAY + timedelta(days=3),
            )
            self._move(point, line_id, line.units, ("available", "committed"), "ordered")
        ranking = [(one.node_id, _distance(one, order.place)) for one in self._nodes]
        self._insert(
            "matching.decision",
            order_id=order_id,
            kind="source",
            decided_at=MONDAY,
            policy_version=1,
            record=msgspec.json.encode(ranking),
        )
        self._announce("StockChanged", "stock", points=list(points.values()))
        self._announce(
            "OrderPlaced",
            f"order:{order_id}",
            order_id=order_id,
            channel=order.channel,
            lines=len(order.lines),
            total_minor=money.total_minor,
            nodes=[node.node_id],
            postcode=order.place.postcode,
        )
        self._connection.execute(
            "UPDATE base.repeat_key SET answer = %s WHERE channel = %s AND key = %s",
            (Jsonb({"number": order_id, "node": node.node_id}), order.channel, order.key),
        )
        return order_id

    def _nearest(self, order: NewOrder) -> tuple[Node | None, dict[str, Row]]:
        """Lock the order's points at the nearest node that has every line."""
        place, wanted = order.place, {str(line.sku): line.units for line in order.lines}
        if place is None:
            return None, {}
        for node in sorted(self._nodes, key=lambda one: _distance(one, place)):
            points = {
                row["sku"]: row
                for row in self._rows(
                    "SELECT point_id, sku, node, available, version FROM inventory.point"
                    " WHERE node = %s AND sku = ANY(%s) AND lot IS NULL"
                    " AND receipt_line_id IS NULL ORDER BY point_id FOR UPDATE",
                    node.node_id,
                    list(wanted),
                )
            }
            if all(
                sku in points and points[sku]["available"] >= units for sku, units in wanted.items()
            ):
                return node, points
        return None, {}

    def _advance(self, order_id: int, was: str, status: str) -> int:
        self._rows("SELECT * FROM orders.sales_order WHERE order_id = %s FOR UPDATE", order_id)
        if self._rows(
            "SELECT * FROM orders.hold WHERE order_id = %s AND lifted_at IS NULL", order_id
        ):
            return 0
        [parcel] = self._rows("SELECT * FROM orders.parcel WHERE order_id = %s", order_id)
        lines = self._rows("SELECT * FROM orders.line WHERE order_id = %s", order_id)
        changed = []
        for line in lines:
            [quantity] = self._rows(
                "SELECT * FROM orders.quantity WHERE line_id = %s AND status = %s FOR UPDATE",
                line["line_id"],
                was,
            )
            self._connection.execute(
                "UPDATE orders.quantity SET was = %s, status = %s, changed_at = %s"
                " WHERE quantity_id = %s",
                (was, status, MONDAY, quantity["quantity_id"]),
            )
            self._log(order_id, line["line_id"], line["units"], (was, status), parcel["parcel_id"])
            if status in CARRIES:
                changed.append(self._carry(line, status))
        if changed:
            self._announce("StockChanged", "stock", points=changed)
        if status == "shipped":
            self._insert(
                "outbound.shipment",
                parcel_id=parcel["parcel_id"],
                service=parcel["service"],
                tracking_number=f"TRACK-{parcel['parcel_id']}",
                shipped_at=MONDAY,
            )
        self._connection.execute(
            "UPDATE orders.sales_order SET version = version + 1, awaits_release = false,"
            " status = %s WHERE order_id = %s",
            ("on_its_way" if status == "shipped" else "in_work", order_id),
        )
        told = {"order_id": order_id, "parcel_id": parcel["parcel_id"], "node": parcel["node"]}
        self._announce(TELLS[status], f"order:{order_id}", **told)
        return order_id

    def _carry(self, line: Row, status: str) -> Row:
        source, target = CARRIES[status]
        [bound] = self._rows(
            "SELECT * FROM inventory.commitment WHERE line_id = %s AND state = %s",
            line["line_id"],
            source,
        )
        [point] = self._rows(
            "SELECT point_id, sku, node, available, version FROM inventory.point"
            " WHERE point_id = %s FOR UPDATE",
            bound["point_id"],
        )
        self._connection.execute(
            "DELETE FROM inventory.commitment WHERE line_id = %s AND state = %s",
            (line["line_id"], source),
        )
        if target != "outside":
            self._insert("inventory.commitment", **bound | {"state": target})
        self._move(point, line["line_id"], line["units"], (source, target), status)
        return point

    def _move(
        self, point: Row, line_id: int, units: int, way: tuple[str, str], reason: str
    ) -> None:
        source, target = way
        self._insert(
            "inventory.movement",
            point_id=point["point_id"],
            source=source,
            target=target,
            units=units,
            reason=reason,
            subject=f"line:{line_id}",
            transfer="",
            by="benchmark",
            because="request",
            moved_at=MONDAY,
        )
        self._connection.execute(
            f"UPDATE inventory.point SET {source} = {source} - %s, {target} = {target} + %s,"  # noqa: S608 - our own words
            " version = version + 1 WHERE point_id = %s",
            (units, units, point["point_id"]),
        )

    def _log(
        self, order_id: int, line_id: int, units: int, way: tuple[str, str], parcel_id: int
    ) -> None:
        self._insert(
            "orders.progress",
            order_id=order_id,
            line_id=line_id,
            units=units,
            was=way[0],
            status=way[1],
            parcel_id=parcel_id,
            by="benchmark",
            because="request",
            changed_at=MONDAY,
        )

    def _announce(self, name: str, subject: str, **body: object) -> None:
        self._insert(
            "base.fact",
            name=name,
            subject=subject,
            shard=shard_of(subject),
            body=Jsonb(body),
            by="benchmark",
            because="request",
            happened_at=MONDAY,
        )

    def _draw(self, sequence: str) -> int:
        [row] = self._rows("SELECT nextval(%s) AS number", f"orders.{sequence}")
        return int(row["number"])

    def _insert(self, table: str, **columns: object) -> int:
        names, places = ", ".join(columns), ", ".join(["%s"] * len(columns))
        return self._connection.execute(
            f"INSERT INTO {table} ({names}) VALUES ({places}) ON CONFLICT DO NOTHING",  # noqa: S608 - our own words
            list(columns.values()),
        ).rowcount

    def _rows(self, query: str, *values: object) -> list[Row]:
        with self._connection.cursor(row_factory=psycopg.rows.dict_row) as cursor:
            return cursor.execute(query, values).fetchall()


def _distance(node: Node, place: DeliveryPlace) -> float:
    north = node.latitude - place.latitude
    east = (node.longitude - place.longitude) * cos(radians(place.latitude))
    return hypot(north, east)
