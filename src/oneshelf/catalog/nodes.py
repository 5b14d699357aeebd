"""Where stock stands: warehouses, stores, dark stores, drop-ship suppliers. Pure."""

from dataclasses import dataclass
from datetime import time
from typing import Final, Literal, get_args

from oneshelf.base.calendars import WorkCalendar
from oneshelf.base.identifiers import CalendarId, NodeId, Sku
from oneshelf.catalog.opening_hours import ITS_OWN
from oneshelf.catalog.products import AMBIENT, Licence, Temperature

NodeKind = Literal["warehouse", "store", "dark_store", "drop_ship"]
Method = Literal["ship", "pickup"]
METHODS: Final[frozenset[Method]] = frozenset(get_args(Method))


@dataclass(frozen=True, slots=True)
class Node:
    """One place.

    cut_off: an order that comes later (local time) is worked on the next working day.
    handling_minutes: working time from order to ready parcel.
    parcels_per_day_max: None is unlimited, 0 is closed.
    methods: what it does at all; `Toggle` takes single SKUs out.
    calendar_id: the calendar's name; empty: a calendar of its own.
    licences: those it holds. temperatures: those it can keep, at least one.
    """

    node_id: NodeId
    name: str
    kind: NodeKind
    street: str
    city: str
    postcode: str
    country: str
    latitude: float
    longitude: float
    calendar: WorkCalendar
    cut_off: time
    handling_minutes: int
    parcels_per_day_max: int | None
    methods: frozenset[Method]
    parcel_cost_minor: int
    unit_cost_minor: int
    calendar_id: CalendarId = ITS_OWN
    licences: frozenset[Licence] = frozenset()
    temperatures: frozenset[Temperature] = AMBIENT


@dataclass(frozen=True, slots=True)
class Toggle:
    """What one node does for one SKU, where that is less than the node's own methods."""

    node_id: NodeId
    sku: Sku
    methods: frozenset[Method]
