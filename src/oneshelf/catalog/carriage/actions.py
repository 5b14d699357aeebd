"""What can be done with carriers. Twice in a list: the last counts. Each returns what changed."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from oneshelf.base.database import Transaction
from oneshelf.base.identifiers import CalendarId, CarrierId, ServiceId
from oneshelf.base.outbox import announce
from oneshelf.catalog.carriage import store
from oneshelf.catalog.carriers import Carrier, Service, ServiceZone
from oneshelf.catalog.facts import CatalogChanged, Kind
from oneshelf.catalog.opening_hours import NamedCalendar


def put_carriers(
    tx: Transaction, carriers: Sequence[Carrier], now: datetime
) -> frozenset[CarrierId]:
    """Write carriers."""
    last = {carrier.carrier_id: carrier for carrier in carriers}
    changed = store.put_carriers(tx, list(last.values()))
    _announce(tx, "carriers", changed, now)
    return frozenset(CarrierId(key) for key in changed)


def own_calendars(service: Service) -> tuple[Service, list[NamedCalendar]]:
    """Name the calendars that a service brings itself, so that they can be stored."""
    collects = CalendarId(f"service:{service.service_id}:collects")
    delivers = CalendarId(f"service:{service.service_id}:delivers")
    brought = [
        NamedCalendar(name, calendar)
        for name, calendar, given in (
            (collects, service.collects, service.collects_id),
            (delivers, service.delivers, service.delivers_id),
        )
        if not given
    ]
    named = replace(
        service,
        collects_id=service.collects_id or collects,
        delivers_id=service.delivers_id or delivers,
    )
    return named, brought


def put_terms(tx: Transaction, services: Sequence[Service], now: datetime) -> frozenset[ServiceId]:
    """Write services whose calendars stand already, and leave their zones as they are."""
    last = {service.service_id: service for service in services}
    changed = store.put_services(tx, list(last.values()))
    _announce(tx, "services", changed, now)
    return frozenset(ServiceId(key) for key in changed)


def put_zones(
    tx: Transaction, zones: Sequence[ServiceZone], now: datetime
) -> frozenset[tuple[ServiceId, int]]:
    """Write single zones of services, by their place."""
    last = {(zone.service_id, zone.place): zone for zone in zones}
    changed = store.put_zones(tx, list(last.values()))
    _announce(tx, "zones", [f"{service}|{place}" for service, place in changed], now)
    return frozenset((ServiceId(service), place) for service, place in changed)


def replace_zones(
    tx: Transaction, services: Sequence[Service], now: datetime
) -> frozenset[ServiceId]:
    """Make the zones of these services exactly what they carry."""
    last = {service.service_id: service for service in services}
    changed = put_zones(
        tx,
        [
            ServiceZone(service.service_id, place, zone)
            for service in last.values()
            for place, zone in enumerate(service.zones, start=1)
        ],
        now,
    )
    gone = store.drop_zones_after(tx, list(last), [len(row.zones) for row in last.values()])
    _announce(tx, "zones", [f"{service}|{place}" for service, place in gone], now)
    return frozenset(ServiceId(service) for service, _ in (*changed, *gone))


def load_carriers(tx: Transaction) -> list[Carrier]:
    """Load every carrier, in key order."""
    return store.load_carriers(tx)


def load_services(tx: Transaction) -> list[Service]:
    """Load every service with its zones and calendars, in key order."""
    return store.load_services(tx)


def _announce(tx: Transaction, kind: Kind, keys: Collection[str], now: datetime) -> None:
    if keys:
        announce(tx, [CatalogChanged(kind, sorted(set(keys)))], now)
