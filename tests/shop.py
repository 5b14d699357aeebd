"""A small shop on a real database: catalog, stock, an outlook, and orders placed as doors do."""

from datetime import UTC, datetime, time

from oneshelf.base.calendars import Opening, WorkCalendar
from oneshelf.base.identifiers import BrandId, CarrierId, ChannelId, NodeId, ServiceId, Sku, new_id
from oneshelf.base.reading import SafeIds
from oneshelf.base.repeat_keys import hash_body
from oneshelf.catalog.actions import (
    put_brands,
    put_channels,
    put_nodes,
    put_products,
    put_services,
)
from oneshelf.catalog.brands import Brand
from oneshelf.catalog.carriage.actions import put_carriers
from oneshelf.catalog.carriers import Carrier, Service, Zone
from oneshelf.catalog.channels import Channel
from oneshelf.catalog.nodes import Node
from oneshelf.catalog.products import KitPart, Product
from oneshelf.inventory.counting.actions import adjust
from oneshelf.inventory.counting.saying import Adjusted
from oneshelf.inventory.ledger import StockPoint
from oneshelf.inventory.receipts.actions import expect
from oneshelf.inventory.receipts.arriving import Expected, ExpectedLine
from oneshelf.matching.watching.actions import Watch
from oneshelf.orders.answers import Undecided
from oneshelf.orders.canonical import Contact, DeliveryPlace, NewOrder, OrderLine
from oneshelf.orders.capture.actions import place
from oneshelf.orders.capture.asked import Asked

MONDAY = datetime(2026, 1, 5, 9, tzinfo=UTC)
EVERY_DAY = WorkCalendar(
    "Europe/London", tuple(Opening(day, time(6), time(22)) for day in range(7)), frozenset()
)
PLACE = DeliveryPlace(country="GB", postcode="M1", latitude=53.48, longitude=-2.24)
JANE = Contact(name="Jane Canary", mail="jane@example.org", city="Manchester")


def node(name, latitude=53.5, longitude=-2.2, **other):
    values = {
        "node_id": NodeId(name),
        "name": name.title(),
        "kind": "store",
        "street": "1 High Street",
        "city": name.title(),
        "postcode": "M1",
        "country": "GB",
        "latitude": latitude,
        "longitude": longitude,
        "calendar": EVERY_DAY,
        "cut_off": time(16),
        "handling_minutes": 60,
        "parcels_per_day_max": None,
        "methods": frozenset({"ship", "pickup"}),
        "parcel_cost_minor": 50,
        "unit_cost_minor": 10,
    }
    return Node(**values | other)


def product(sku, **other):
    values = {
        "sku": Sku(sku),
        "name": sku.title(),
        "brand": BrandId("house"),
        "category": "home",
        "gtin": None,
        "weight_g": 400,
        "length_mm": 100,
        "width_mm": 100,
        "height_mm": 100,
        "hazard": "none",
        "price_minor": 500,
        "currency": "GBP",
    }
    return Product(**values | other)


NODES = (node("leeds", 53.8, -1.55), node("london", 51.5, -0.12), node("york", 53.96, -1.08))
PRODUCTS = (
    product("LAMP"),
    product("RUG", weight_g=3_000),
    product("VASE"),
    product("SET", parts=(KitPart(Sku("LAMP"), 2), KitPart(Sku("VASE"), 1))),
)
SERVICE = Service(
    service_id=ServiceId("post"),
    carrier_id=CarrierId("royal"),
    name="Post",
    collects=EVERY_DAY,
    collected_at=time(18),
    delivers=EVERY_DAY,
    zones=(Zone("all", None, (), 1, 300, 2_000, 60, 1_000),),
    dimensional_divisor_mm3_per_g=0,
    weight_g_max=30_000,
    refuses=frozenset(),
    countries=frozenset({"GB"}),
    emission_gco2e_per_tonne_km=0,
)


def channel(name, standing, kind="web"):
    return Channel(ChannelId(name), name.title(), kind, BrandId("house"), standing, "GBP", 0)


CHANNELS = (
    channel("web", "ask"),
    channel("market", "sold", "marketplace"),
    channel("till", "sold", "till"),
)


def order(*lines, key=None, **other):
    values = {
        "channel": ChannelId("web"),
        "key": key or str(new_id()),
        "method": "ship",
        "lines": tuple(OrderLine(sku=Sku(s), units=u, price_minor=500) for s, u in lines),
        "currency": "GBP",
        "place": PLACE,
        "contact": JANE,
    }
    if other.get("method") in {"pickup", "carried"}:
        values["place"] = None
    return NewOrder(**values | other)


class Shop:
    """One process's view of a shop; several may share a database."""

    def __init__(self, database, now=MONDAY):
        self.database = database
        self.now = now
        self.safe_ids = SafeIds()
        with database.transaction("test", "shop") as tx:
            self.watch = Watch(tx, now)

    @classmethod
    def opened(cls, database, shelves=(), nodes=NODES, products=PRODUCTS, channels=CHANNELS):
        """Write the catalog and the opening stock, then open. shelves: (sku, node, units)."""
        with database.transaction("test", "catalog") as tx:
            put_brands(tx, [Brand(BrandId("house"), "House")], MONDAY)
            put_carriers(tx, [Carrier(CarrierId("royal"), "Royal")], MONDAY)
            put_products(tx, products, MONDAY)
            put_nodes(tx, nodes, MONDAY)
            put_services(tx, [SERVICE], MONDAY)
            put_channels(tx, channels, MONDAY)
        stock(database, *shelves)
        return cls(database)

    @property
    def outlook(self):
        return self.watch.outlook

    def refresh(self):
        complete_to = self.safe_ids.look(self.database)
        with self.database.transaction("test", "refresh") as tx:
            self.watch.refresh(tx, complete_to, self.now)

    def place_once(self, orders, locking="after_planning"):
        asked = [Asked(one, hash_body(repr(one).encode())) for one in orders]
        with self.database.transaction("test", "place") as tx:
            answers = place(tx, asked, self.outlook, self.now, locking)
        self.refresh()
        return answers

    def place(self, *orders):
        """Place as a door does: what stays undecided leads the next batch."""
        answers = dict(enumerate(self.place_once(orders)))
        for locking in ("after_planning", "before_planning"):
            again = [at for at, answer in answers.items() if isinstance(answer, Undecided)]
            if again:
                new = self.place_once([orders[at] for at in again], locking)
                answers |= dict(zip(again, new, strict=True))
        return [answers[at] for at in range(len(orders))]

    def rows(self, query, **values):
        with self.database.transaction("test", "look") as tx:
            return tx.tuples(query, **values)


def stock(database, *shelves, now=MONDAY):
    with database.transaction("test", "stock") as tx:
        adjust(
            tx,
            [
                Adjusted(new_id(), StockPoint(Sku(s), NodeId(n)), units, "opening")
                for s, n, units in shelves
            ],
            now,
        )


def inbound(database, sku, at, units, due_at, now=MONDAY):
    with database.transaction("test", "expect") as tx:
        lines = (ExpectedLine(1, Sku(sku), NodeId(at), due_at, units),)
        return next(iter(expect(tx, [Expected(str(new_id()), lines)], now).values()))
