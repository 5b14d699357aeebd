"""What can be done with the catalog: write lists of rows, and load it whole.

Every `put` writes by natural key, is safe to repeat, and returns the keys of rows that changed;
only those are announced. Twice in a list: the last counts. What a row refers to stands already.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import chain

from oneshelf.base.database import Transaction
from oneshelf.base.identifiers import BrandId, CalendarId, ChannelId, NodeId, ServiceId, Sku
from oneshelf.base.outbox import announce
from oneshelf.catalog import store
from oneshelf.catalog.assortment import Catalog
from oneshelf.catalog.brands import Brand
from oneshelf.catalog.carriage import actions as carriage
from oneshelf.catalog.carriers import Service
from oneshelf.catalog.channels import Channel
from oneshelf.catalog.facts import CatalogChanged, Kind
from oneshelf.catalog.nodes import METHODS, Node, Toggle
from oneshelf.catalog.opening_hours import NamedCalendar
from oneshelf.catalog.products import Product

PAGE_ROWS = 5_000


def put_brands(tx: Transaction, brands: Sequence[Brand], now: datetime) -> frozenset[BrandId]:
    """Write brands."""
    last = {brand.brand_id: brand for brand in brands}
    changed = store.put_brands(tx, list(last.values()))
    _announce(tx, "brands", changed, now)
    return frozenset(BrandId(key) for key in changed)


def put_products(tx: Transaction, products: Sequence[Product], now: datetime) -> frozenset[Sku]:
    """Write products and the parts of kits; a part stands already or in the same list."""
    last = {product.sku: product for product in products}
    rows = list(last.values())
    changed = {
        *store.drop_changed_parts(tx, rows),
        *store.put_products(tx, rows),
        *store.add_parts(tx, [product for product in rows if product.parts]),
    }
    _announce(tx, "products", changed, now)
    return frozenset(Sku(key) for key in changed)


def put_calendars(
    tx: Transaction, calendars: Sequence[NamedCalendar], now: datetime
) -> frozenset[CalendarId]:
    """Write calendars with all their openings and closed days."""
    last = {calendar.calendar_id: calendar for calendar in calendars}
    rows = list(last.values())
    changed = {
        *store.put_calendars(tx, rows),
        *store.put_openings(tx, rows),
        *store.put_closed_days(tx, rows),
    }
    _announce(tx, "calendars", changed, now)
    return frozenset(CalendarId(key) for key in changed)


def put_nodes(tx: Transaction, nodes: Sequence[Node], now: datetime) -> frozenset[NodeId]:
    """Write nodes. One with a calendar_id shares that calendar; one without brings its own."""
    last = {node.node_id: node for node in nodes}
    named = [
        node if node.calendar_id else replace(node, calendar_id=CalendarId(f"node:{node.node_id}"))
        for node in last.values()
    ]
    own = [
        NamedCalendar(node.calendar_id, node.calendar)
        for node in named
        if not last[node.node_id].calendar_id
    ]
    hours = put_calendars(tx, own, now)
    changed = {
        *store.put_nodes(tx, named),
        *(node.node_id for node in named if node.calendar_id in hours),
    }
    _announce(tx, "nodes", changed, now)
    return frozenset(NodeId(key) for key in changed)


def put_toggles(
    tx: Transaction, toggles: Sequence[Toggle], now: datetime
) -> frozenset[tuple[NodeId, Sku]]:
    """Write toggles; one that takes nothing away is deleted."""
    last = {(toggle.node_id, toggle.sku): toggle for toggle in toggles}
    idle = [toggle for toggle in last.values() if toggle.methods == METHODS]
    changed = [
        *store.put_toggles(tx, [row for row in last.values() if row.methods != METHODS]),
        *store.drop_toggles(tx, idle),
    ]
    _announce(tx, "toggles", changed, now)
    parts = [key.split("|") for key in changed]
    return frozenset((NodeId(node_id), Sku(sku)) for node_id, sku in parts)


def put_services(
    tx: Transaction, services: Sequence[Service], now: datetime
) -> frozenset[ServiceId]:
    """Write services with all their zones, and the calendars of those that bring their own."""
    named = [carriage.own_calendars(service) for service in services]
    hours = put_calendars(tx, list(chain.from_iterable(own for _, own in named)), now)
    rows = [service for service, _ in named]
    return (
        carriage.put_terms(tx, rows, now)
        | carriage.replace_zones(tx, rows, now)
        | {row.service_id for row in rows if {row.collects_id, row.delivers_id} & hours}
    )


def put_channels(
    tx: Transaction, channels: Sequence[Channel], now: datetime
) -> frozenset[ChannelId]:
    """Write channels."""
    last = {channel.channel_id: channel for channel in channels}
    changed = store.put_channels(tx, list(last.values()))
    _announce(tx, "channels", changed, now)
    return frozenset(ChannelId(key) for key in changed)


def load_catalog(tx: Transaction) -> Catalog:
    """Load everything, for a process's snapshot."""
    return Catalog(
        brands={brand.brand_id: brand for brand in store.load_brands(tx)},
        products={product.sku: product for product in products_by_page(tx)},
        nodes={node.node_id: node for node in store.load_nodes(tx)},
        toggles={(row.node_id, row.sku): row.methods for row in toggles_by_page(tx)},
        carriers={carrier.carrier_id: carrier for carrier in carriage.load_carriers(tx)},
        services={service.service_id: service for service in carriage.load_services(tx)},
        channels={channel.channel_id: channel for channel in store.load_channels(tx)},
    )


def find_products(tx: Transaction, skus: Collection[Sku]) -> dict[Sku, Product]:
    """Find products; the unknown are missing."""
    return {product.sku: product for product in store.find_products(tx, list(skus))}


def find_gtins(tx: Transaction, gtins: Collection[str]) -> list[Product]:
    """Find the products with these barcodes, in key order; a barcode may have several."""
    return store.find_gtins(tx, list(gtins))


def find_toggles(tx: Transaction, skus: Collection[Sku]) -> list[Toggle]:
    """Find every node's toggles of these products."""
    return store.find_toggles(tx, list(skus))


def load_brands(tx: Transaction) -> list[Brand]:
    """Load every brand, in key order."""
    return store.load_brands(tx)


def load_nodes(tx: Transaction) -> list[Node]:
    """Load every node with its calendar, in key order."""
    return store.load_nodes(tx)


def load_channels(tx: Transaction) -> list[Channel]:
    """Load every channel, in key order."""
    return store.load_channels(tx)


def load_calendars(tx: Transaction) -> list[NamedCalendar]:
    """Load every calendar, in key order."""
    return store.load_calendars(tx)


def refresh_catalog(
    tx: Transaction, catalog: Catalog, changes: Sequence[CatalogChanged]
) -> Catalog:
    """Return the catalog with what these facts named read again: products and toggles by key."""
    kinds = {change.kind for change in changes}
    skus = {Sku(key) for change in changes if change.kind == "products" for key in change.keys}
    toggled = {
        Sku(key.partition("|")[2])
        for change in changes
        if change.kind == "toggles"
        for key in change.keys
    }
    if skus:
        catalog = replace(catalog, products={**catalog.products, **find_products(tx, skus)})
    if toggled:
        kept = {key: row for key, row in catalog.toggles.items() if key[1] not in toggled}
        fresh = {(row.node_id, row.sku): row.methods for row in find_toggles(tx, toggled)}
        catalog = replace(catalog, toggles=kept | fresh)
    if kinds & {"nodes", "calendars"}:
        catalog = replace(catalog, nodes={node.node_id: node for node in store.load_nodes(tx)})
    if kinds & {"services", "zones", "calendars"}:
        services = {row.service_id: row for row in carriage.load_services(tx)}
        catalog = replace(catalog, services=services)
    if "carriers" in kinds:
        carriers = {row.carrier_id: row for row in carriage.load_carriers(tx)}
        catalog = replace(catalog, carriers=carriers)
    if "channels" in kinds:
        catalog = replace(catalog, channels={c.channel_id: c for c in store.load_channels(tx)})
    if "brands" in kinds:
        catalog = replace(catalog, brands={b.brand_id: b for b in store.load_brands(tx)})
    return catalog


def products_by_page(tx: Transaction, rows_max: int = PAGE_ROWS) -> Iterator[Product]:
    """Yield every product in key order, reading a page at a time."""
    after = ""
    while page := store.load_products(tx, after, rows_max):
        yield from page
        after = page[-1].sku


def toggles_by_page(tx: Transaction, rows_max: int = PAGE_ROWS) -> Iterator[Toggle]:
    """Yield every toggle in key order, reading a page at a time."""
    after = ("", "")
    while page := store.load_toggles(tx, after, rows_max):
        yield from page
        after = (page[-1].node_id, page[-1].sku)


def _announce(tx: Transaction, kind: Kind, keys: Collection[str], now: datetime) -> None:
    if keys:
        announce(tx, [CatalogChanged(kind, sorted(keys))], now)
