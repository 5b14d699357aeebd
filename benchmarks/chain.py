"""Orders through the core's verbs in lists, from placing to shipped, the worker's part included."""

from collections.abc import Sequence
from datetime import datetime
from random import Random
from typing import LiteralString

from oneshelf.base.database import Database
from oneshelf.base.identifiers import ChannelId, ParcelId, Sku, new_id
from oneshelf.base.reading import SafeIds
from oneshelf.base.repeat_keys import hash_body
from oneshelf.matching.watching.actions import Watch
from oneshelf.orders.answers import Undecided
from oneshelf.orders.canonical import Contact, NewOrder, OrderLine
from oneshelf.orders.capture.actions import place
from oneshelf.orders.capture.asked import Asked
from oneshelf.outbound.packing.actions import pack
from oneshelf.outbound.picking.actions import pick
from oneshelf.outbound.picking.picks import Pick
from oneshelf.outbound.shipping.actions import Shipment, ship
from oneshelf.simulation.network import Network, draw_place
from oneshelf.worker import Worker
from worlds import MONDAY

LINES_MAX, UNITS_MAX = 3, 2
CHANNELS = ("web", "app", "market"), (6, 3, 1)  # and how often
BATCH = 250

TO_PICK: LiteralString = """
SELECT parcel_id, line_no, sum(quantity.units)
  FROM orders.quantity JOIN orders.line USING (line_id)
 WHERE status = 'released' GROUP BY parcel_id, line_no ORDER BY parcel_id, line_no
"""


def draw_orders(network: Network, chance: Random, many: int) -> list[NewOrder]:
    """Draw parcels' worth of orders: 1 to 3 lines of 1 or 2 units, to anywhere."""
    return [_order(network, chance) for _ in range(many)]


def _order(network: Network, chance: Random) -> NewOrder:
    key = str(new_id())
    place_to = draw_place(chance)
    products = chance.sample(network.products, chance.randint(1, LINES_MAX))
    return NewOrder(
        channel=ChannelId(chance.choices(*CHANNELS)[0]),
        key=key,
        method="ship",
        lines=tuple(
            OrderLine(
                sku=Sku(product.sku),
                units=chance.randint(1, UNITS_MAX),
                price_minor=product.price_minor,
            )
            for product in products
        ),
        currency="GBP",
        place=place_to,
        contact=Contact(
            name=f"Name {key}",
            mail=f"{key}@example.org",
            phone=f"+44 20 {chance.randrange(10**8):08}",
            street="1 High Street",
            city="Manchester",
            postcode="M1 1AA",
            country="GB",
        ),
    )


class Chain:
    """One process with an outlook that places, and a worker, and a floor that picks and ships."""

    def __init__(self, url: str, now: datetime = MONDAY) -> None:
        """Open a database that holds a network."""
        self.database = Database(url)
        self._now = now
        self._safe = SafeIds()
        self.worker = Worker(self.database)
        with self.database.transaction("benchmark", "watch") as tx:
            self._watch = Watch(tx, now)

    def run(self, orders: Sequence[NewOrder]) -> None:
        """Take orders all the way, batch by batch."""
        for start in range(0, len(orders), BATCH):
            self.place(orders[start : start + BATCH])
            self.work_off()

    def place_all(self, orders: Sequence[NewOrder]) -> None:
        """Place orders, batch by batch."""
        for start in range(0, len(orders), BATCH):
            self.place(orders[start : start + BATCH])

    def work_off(self) -> int:
        """React to what happened, release what is due, ship it; return how much was done."""
        return self.worker.react_once() + self.worker.do_due_work() + self._fulfil()

    def place(self, orders: Sequence[NewOrder]) -> None:
        """Place as the writer of a server does: what stays undecided leads the next batch."""
        left = [Asked(order, hash_body(order.key.encode())) for order in orders]
        for locking in ("after_planning", "after_planning", "before_planning"):
            with self.database.transaction("benchmark", f"batch:{new_id()}") as tx:
                answers = place(tx, left, self._watch.outlook, self._now, locking)
            self._refresh()
            left = [one for one, told in zip(left, answers, strict=True) if told == Undecided()]
            if not left:
                return

    def _fulfil(self) -> int:
        """Pick, pack and ship all that was released; return how many parcels that were."""
        with self.database.transaction("benchmark", "look") as tx:
            picks = [Pick(*row) for row in tx.tuples(TO_PICK)]
        if not picks:
            return 0
        parcels = list(dict.fromkeys(one.parcel_id for one in picks))
        shipments = [Shipment(ParcelId(parcel), f"TRACK-{parcel}") for parcel in parcels]
        with self.database.transaction("benchmark", "pick") as tx:
            pick(self._watch.outlook, tx, picks, self._now)
        with self.database.transaction("benchmark", "pack") as tx:
            pack(tx, parcels, self._now)
        with self.database.transaction("benchmark", "ship") as tx:
            ship(tx, shipments, self._now)
        self._refresh()
        return len(parcels)

    def close(self) -> None:
        """Give the connections back."""
        self.database.close()

    def _refresh(self) -> None:
        complete_to = self._safe.look(self.database)
        with self.database.transaction("benchmark", "refresh") as tx:
            self._watch.refresh(tx, complete_to, self._now)
