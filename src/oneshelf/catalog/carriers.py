"""Who carries parcels, how fast, for how much. Pure."""

from dataclasses import dataclass
from datetime import time

from oneshelf.base.calendars import WorkCalendar
from oneshelf.base.identifiers import CalendarId, CarrierId, ServiceId
from oneshelf.catalog.opening_hours import ITS_OWN
from oneshelf.catalog.products import AMBIENT, Hazard, Temperature


@dataclass(frozen=True, slots=True)
class Carrier:
    """Who drives the van."""

    carrier_id: CarrierId
    name: str


@dataclass(frozen=True, slots=True)
class Zone:
    """Destinations of one price and speed, tried in order; the first that matches counts.

    distance_km_max: as the crow flies from node to destination; None matches any distance.
    postcode_prefixes: empty matches any postcode.
    transit_days: carrier working days from pickup to delivery, 0 is the same day.
    base_minor up to base_weight_g; then step_minor for every begun step_weight_g.
    """

    name: str
    distance_km_max: int | None
    postcode_prefixes: tuple[str, ...]
    transit_days: int
    base_minor: int
    base_weight_g: int
    step_minor: int
    step_weight_g: int


@dataclass(frozen=True, slots=True)
class Service:
    """One service of one carrier.

    collects: calendar of pickups at our nodes; collected_at: the local time of the pickup there.
    delivers: calendar of delivery days.
    dimensional_divisor_mm3_per_g: chargeable weight is the larger of weight and volume / divisor.
    refuses: hazards it does not carry. temperatures: those it keeps on the way, at least one.
    countries: ISO codes it serves.
    collects_id, delivers_id: the calendars' names; empty: calendars of its own.
    """

    service_id: ServiceId
    carrier_id: CarrierId
    name: str
    collects: WorkCalendar
    collected_at: time
    delivers: WorkCalendar
    zones: tuple[Zone, ...]
    dimensional_divisor_mm3_per_g: int
    weight_g_max: int
    refuses: frozenset[Hazard]
    countries: frozenset[str]
    emission_gco2e_per_tonne_km: int
    collects_id: CalendarId = ITS_OWN
    delivers_id: CalendarId = ITS_OWN
    temperatures: frozenset[Temperature] = AMBIENT


@dataclass(frozen=True, slots=True)
class ServiceZone:
    """One zone and where it stands in its service's order, from 1."""

    service_id: ServiceId
    place: int
    zone: Zone
