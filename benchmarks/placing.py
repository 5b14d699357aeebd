"""T4: several hundred buyers place orders over HTTP, each answered before its next.

Ours: `oneshelf serve`. Baseline: the same server with one transaction an order (see
`naive_server.py`). Both run it twice, a process a core, as a shop would; buyers are dealt out, and
the cores are shared with PostgreSQL and the crowd.

    T4/hot      everybody wants one SKU that stands at one node of 16
    T4/spread   1 to 3 lines of 1,000 SKUs, each at about half of 16 nodes
    T4/500      1 to 3 lines of 1,000 SKUs, each at about a tenth of 500 nodes

Violations: answers other than `placed`, units promised or moved that nobody asked for, a SKU with
fewer units than buyers that is not sold exactly, audit findings.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from random import Random
from statistics import quantiles

import msgspec
import psycopg

from load import Crowd, Request, send
from oneshelf.base.identifiers import ChannelId, Sku
from oneshelf.orders.answers import Placed
from oneshelf.orders.canonical import Contact, NewOrder, OrderLine
from oneshelf.simulation.network import Network, draw_network, draw_place
from rounds import Figures, Line, compare, finish
from worlds import (
    OURS,
    Shelf,
    admin_key,
    count_differences,
    fresh_database,
    open_network,
    postgres,
    servers,
)

CLIENTS = 300
SERVERS = 2
SLICES = 6
WARMING_UP = 300
ORDERS_MAX = 8_000
SCARCE, WANTED_OF_SCARCE = 40, 120
SKUS = 1_000
PATH = "/api/v1/orders"
NAIVE = (sys.executable, str(Path(__file__).with_name("naive_server.py")))


@dataclass(frozen=True, slots=True)
class Scene:
    """What is sold from where. orders: how many the naive arm and ours place in a slice."""

    name: str
    network: Network
    shelves: tuple[Shelf, ...]
    lines_max: int
    orders: tuple[int, int]

    def rare(self) -> Sku:
        """Return the SKU of which there is too little."""
        return self.network.products[-1].sku

    def scarce(self) -> Shelf:
        """Return where it stands."""
        return self.rare(), self.network.nodes[0].node_id, SCARCE


def scenes() -> tuple[Scene, ...]:
    """Draw what the three arms sell."""
    few, many = draw_network(4, 16, SKUS), draw_network(5, 500, SKUS)
    chance = Random(6)
    hot = ((few.products[0].sku, few.nodes[0].node_id, 1_000_000),)
    return (
        Scene("T4/hot", few, hot, 1, (120, 700)),
        Scene("T4/spread", few, _stock(few, 0.5, chance), 3, (120, 700)),
        Scene("T4/500", many, _stock(many, 0.1, chance), 3, (100, 300)),
    )


def _stock(network: Network, share: float, chance: Random) -> tuple[Shelf, ...]:
    return tuple(
        (product.sku, node.node_id, chance.randint(2_000, 9_000))
        for product in network.products[:-1]
        for node in network.nodes
        if chance.random() < share
    )


def draw_orders(scene: Scene, many: int, chance: Random) -> list[NewOrder]:
    """Draw orders for what stands somewhere."""
    skus = sorted({sku for sku, _, _ in scene.shelves})
    return [
        _order(
            f"{number}",
            tuple(
                OrderLine(sku=sku, units=chance.randint(1, 2), price_minor=1_999)
                for sku in chance.sample(skus, chance.randint(1, min(scene.lines_max, len(skus))))
            ),
            chance,
        )
        for number in range(many)
    ]


def _order(key: str, lines: tuple[OrderLine, ...], chance: Random) -> NewOrder:
    return NewOrder(
        channel=ChannelId("web"),
        key=key,
        method="ship",
        lines=lines,
        currency="GBP",
        place=draw_place(chance),
        contact=Contact(name="Ann Example", mail="ann@example.org", street="1 High Street"),
    )


class Arm:
    """A fresh database, a server on it, and what its crowd was answered."""

    def __init__(self, scene: Scene, url: str, command: Sequence[str]) -> None:
        """Open the shop; `serving` opens its doors."""
        chance = Random(7)
        line = OrderLine(sku=scene.rare(), units=1, price_minor=1_999)
        self._orders = iter(draw_orders(scene, ORDERS_MAX, chance))
        self._scarce = [_order(f"scarce-{n}", (line,), chance) for n in range(WANTED_OF_SCARCE)]
        self._url = url
        self._placed: list[tuple[NewOrder, Placed]] = []
        self._seconds = 0.0
        self._latencies_s: list[float] = []
        self.violations = 0
        open_network(url, scene.network, [*scene.shelves, scene.scarce()])
        self._key = admin_key(url)
        self._command = command
        self._addresses: list[str] = []

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Run the server, warm it up; at the end sell the scarce SKU out and audit."""
        with servers(self._url, SERVERS, command=self._command) as self._addresses:
            self.sell(WARMING_UP)
            self._seconds, self._latencies_s = 0.0, []
            yield
            statuses = self._send(self._scarce).statuses
        self.violations += abs(statuses[201] - SCARCE)
        self.violations += WANTED_OF_SCARCE - statuses[201] - statuses[409]
        self.violations += self._differing() + count_differences(self._url)

    def sell(self, many: int) -> None:
        """Place the next orders."""
        orders = list(islice(self._orders, many))
        crowd = self._send(orders)
        for order, answer in zip(orders, crowd.answers, strict=True):
            try:
                self._placed.append((order, msgspec.json.decode(answer, type=Placed)))
            except msgspec.ValidationError:  # a problem: an order that ought to be placed was not
                self.violations += 1
                print(f"   {self._name()} did not place: {answer.decode()}", flush=True)
        self._seconds += crowd.seconds
        self._latencies_s += crowd.latencies_s

    def figures(self) -> Figures:
        """Return orders a second since the warming up."""
        p99_ms = quantiles(self._latencies_s, n=100)[98] * 1000
        told = f"{self._name()}: p99 {p99_ms:.0f} ms"
        return Figures(len(self._latencies_s) / self._seconds, self.violations, told)

    def _name(self) -> str:
        return "ours" if self._command == OURS else "naive"

    def _send(self, orders: Sequence[NewOrder]) -> Crowd:
        bodies = [Request("POST", PATH, msgspec.json.encode(one)) for one in orders]
        return send(self._addresses, self._key, bodies, min(CLIENTS, len(bodies)))

    def _differing(self) -> int:
        """Hold what was asked against what was promised and what is committed."""
        asked = sum(line.units for order, _ in self._placed for line in order.lines)
        told = [one for _, one in self._placed]
        promised = sum(line.units for one in told for p in one.parcels for line in p.lines)
        with psycopg.connect(self._url) as connection:
            rows = connection.execute("SELECT sum(committed) FROM inventory.point").fetchall()
        return int(promised != asked) + int(rows[0][0] != asked + SCARCE)


def compared(server: str, scene: Scene) -> Line:
    """Compare the two on one scene, a second of the one and a second of the other in turn."""
    seen: list[Figures] = []

    def both(_: int) -> Figures:
        with fresh_database(server) as one, fresh_database(server) as other:
            naive, ours = Arm(scene, one, NAIVE), Arm(scene, other, OURS)
            with naive.serving(), ours.serving():
                for _ in range(SLICES):
                    naive.sell(scene.orders[0])
                    ours.sell(scene.orders[1])
            seen.append(ours.figures())
            return naive.figures()

    return compare(scene.name, both, lambda number: seen[number])


def main() -> None:
    """Run every scene, or those that are named."""
    named = sys.argv[1:]
    with postgres() as server:
        finish([compared(server, one) for one in scenes() if not named or one.name in named])


if __name__ == "__main__":
    main()
