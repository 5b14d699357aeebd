"""Look-ups in a million orders over HTTP, 95 % of them within 200 ms.

Lists (newest, of a status, of a channel, far back), and one order by number, the channel's key,
mail, phone and tracking number, by 8 clients that each ask again when answered. Baseline: the 200
ms after which a person notices that a screen waits. Ours: the 95th percentile.

Violations: a slower one, an answer that is not the order asked for or a page that is not full,
audit findings. ORDERS=100000 runs with fewer orders.
"""

import os
from collections.abc import Callable
from dataclasses import replace
from random import Random
from urllib.parse import quote

from chain import Chain, draw_orders
from history import GREW, multiply, open_with_past
from history import ORDERS as OF_ORDERS
from load import Request, send
from oneshelf.base.database import Database
from oneshelf.base.identifiers import Sku
from oneshelf.catalog.actions import put_products
from oneshelf.orders.canonical import NewOrder
from oneshelf.orders.changes.actions import cancel
from oneshelf.orders.changes.cancelling import Cancellation
from oneshelf.simulation.network import draw_network
from oneshelf.web.values.paging import write_cursor
from rounds import Figures, compare, finish
from worlds import MONDAY, admin_key, count_differences, fresh_database, postgres, servers

ORDERS = int(os.environ.get("ORDERS", "1000000"))
SAMPLE = 2_000
FRESH = 300
ASKED = 400
CLIENTS = 8
BOUND_MS = 200.0
NETWORK = draw_network(1, 40, 500)
NOWHERE = replace(NETWORK.products[0], sku=Sku("sku-nowhere"))
UNITS = 2_000
LIST = "/api/v1/orders"

Looked = tuple[str, str]
"""What is asked for, and what the answer must hold."""


def main() -> None:
    """Fill, serve, ask."""
    with postgres() as server, fresh_database(server) as url:
        fill(url)
        lines = []
        with servers(url) as addresses:
            key = admin_key(url)
            for name, looked in look_ups(url).items():
                arm = asking(addresses, key, looked)
                lines.append(
                    compare(f"looking_up/{name}", lambda _: Figures(BOUND_MS), arm, "less")
                )
        found = count_differences(url)
    print(f"   audit of {ORDERS} orders: {found} differences")
    finish(lines)


def fill(url: str) -> None:
    """Write a past, and a present: orders that are open, in work, cancelled."""
    shelves = [(one.sku, node.node_id, UNITS) for one in NETWORK.products for node in NETWORK.nodes]
    open_with_past(url, NETWORK, shelves, SAMPLE)
    multiply(url, ORDERS // SAMPLE - 1, GREW | OF_ORDERS)
    chain = Chain(url)
    chain.place_all(draw_orders(NETWORK, Random(1), FRESH))
    chain.worker.settle()
    with chain.database.transaction("benchmark", "cancel") as tx:
        put_products(tx, [NOWHERE], MONDAY)
        numbers = tx.scalars(
            "SELECT order_id FROM orders.sales_order ORDER BY order_id DESC LIMIT %(many)s",
            many=FRESH // 3,
        )
        cancel(tx, [Cancellation(number, "changed_mind") for number in numbers], MONDAY)
    chain.place_all(draw_orders(NETWORK, Random(2), FRESH))
    chain.place_all([_of_nothing(one) for one in draw_orders(NETWORK, Random(3), FRESH // 3)])
    chain.close()


def _of_nothing(order: NewOrder) -> NewOrder:
    """Sell what nobody has: the order waits."""
    lines = (replace(order.lines[0], sku=NOWHERE.sku),)
    return replace(order, lines=lines, standing="sold")


def look_ups(url: str) -> dict[str, list[Looked]]:
    """Draw what is asked for, each time another order, old or new."""
    database = Database(url)
    with database.transaction("benchmark", "look") as tx:
        [[first, last]] = tx.tuples("SELECT min(order_id), max(order_id) FROM orders.sales_order")
        chance = Random(3)
        rows = tx.tuples(
            """
            SELECT order_id, placed_at, key, mail, phone, tracking_number
              FROM orders.sales_order
              JOIN orders.contact USING (order_id)
              JOIN orders.parcel USING (order_id)
              JOIN outbound.shipment USING (parcel_id)
             WHERE order_id = ANY(%(ids)s)
            """,
            ids=[chance.randint(first, last) for _ in range(ASKED)],
        )
    database.close()
    whole = '"next_cursor":"'
    pages = {
        "the newest": "",
        "waiting": "?status=waiting",
        "cancelled": "?status=cancelled",
        "open": "?status=open",
        "done": "?status=done",
        "a channel": "?channel=market",
        "a channel's done": "?channel=market&status=done",
    }
    asked = {name: [(f"{LIST}{query}", whole)] * ASKED for name, query in pages.items()}
    asked["far back"] = [
        (f"{LIST}?cursor={write_cursor((placed_at, number))}", whole)
        for number, placed_at, *_ in rows
        if number > first + SAMPLE
    ]
    ways: dict[str, Callable[..., str]] = {
        "number": lambda number, *_: f"{LIST}/{number}",
        "key": lambda _, __, key, *___: f"{LIST}?key={key}",
        "mail": lambda _, __, ___, mail, *____: f"{LIST}?mail={mail.upper()}",
        "phone": lambda *row: f"{LIST}?phone={quote(row[4].replace(' ', '-'))}",
        "tracking": lambda *row: f"{LIST}?tracking={row[5]}",
    }
    for name, path in ways.items():
        asked[name] = [(path(*row), f'"number":{row[0]},') for row in rows]
    return asked


def asking(addresses: list[str], key: str, looked: list[Looked]) -> Callable[[int], Figures]:
    """Return an arm that asks and looks whether the answers hold what they must."""
    requests = [Request("GET", path) for path, _ in looked]

    def ask(_: int) -> Figures:
        crowd = send(addresses, key, requests, CLIENTS)
        wrong = sum(
            must.encode() not in answer
            for (_, must), answer in zip(looked, crowd.answers, strict=True)
        )
        p95_ms = crowd.percentile_ms(95)
        told = f"{crowd.per_second():.0f}/s"
        return Figures(p95_ms, wrong + (p95_ms >= BOUND_MS), told)

    return ask


if __name__ == "__main__":
    main()
