"""The catalog as arrays: compiled once per catalog version, then only read. Pure.

Besides the arrays it remembers answers that depend on the catalog alone (timetables, lanes to a
destination, who is fit for which goods); remembering changes speed, never an answer. Each answer
keeps its world alive, so all are forgotten when another catalog takes over.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate
from math import cos, radians
from typing import ParamSpec, TypeVar, cast

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from oneshelf.base.calendars import WorkCalendar
from oneshelf.base.identifiers import NodeId, Sku
from oneshelf.catalog.assortment import Catalog
from oneshelf.catalog.carriers import Service, Zone
from oneshelf.catalog.nodes import Method, Node, NodeKind, Toggle
from oneshelf.catalog.products import AMBIENT, Hazard, Licence, Product, Temperature
from oneshelf.matching.request import Destination, WantedLine
from oneshelf.matching.sourcing.marks import every
from oneshelf.matching.timetable import Pickup, Shift, Timetable

Ints = NDArray[np.int64]
Reals = NDArray[np.float64]
Marks = NDArray[np.bool_]

EARTH_RADIUS_KM = 6371.0088
UNLIMITED = 2**40
BLOCK_DAYS = 90  # a timetable starts at a multiple of this, and a little earlier
LEAD_DAYS = 10
NEEDS_REMEMBERED = 16_384
LANES_REMEMBERED = 2_048  # districts; 11 kB each at 200 nodes and 2 services
CARRIED_REMEMBERED = 1_024  # nothing, or a byte for each line and service
UNFIT_REMEMBERED = 512  # nothing, or a byte for each line and node
NO_ZONE = -1

Item = TypeVar("Item", bound=Hashable)
Asked = ParamSpec("Asked")
Answer = TypeVar("Answer")

FORGETTING: list[Callable[[], None]] = []


@dataclass(frozen=True, slots=True)
class Tariffs:
    """One row for each zone of each service, then one free row for the customer's own pickup."""

    base_millis: Ints
    base_weight_g: Ints
    step_millis: Ints
    step_weight_g: Ints
    divisor_mm3_per_g: Ints
    weight_g_max: Ints


class Carried(Struct, frozen=True):
    """Which lines [V, L] each service carries: as hazards go, and as temperatures go besides."""

    hazards: Marks
    both: Marks


class Lanes(Struct, frozen=True):
    """From every node by every service to one destination.

    tariff[N, V]: the tariff of the zone; NO_ZONE where the service does not go.
    """

    distance_km: Reals
    tariff: Ints
    transit_days: Ints
    carried_gram_gco2e_millionths: Ints


@dataclass(frozen=True, slots=True)
class Needs:
    """What one product asks of a node and of a service, its parts included.

    Law and physics: no order, sold or not, goes without them.
    """

    licences: frozenset[Licence]
    temperatures: frozenset[Temperature]
    hazards: frozenset[Hazard]


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """Nodes in rising id (the node index), services in rising id, and what they are like."""

    nodes: tuple[Node, ...]
    node_index: Mapping[NodeId, int]
    services: tuple[Service, ...]
    products: Mapping[Sku, Product]
    toggled: Mapping[Sku, tuple[tuple[int, frozenset[Method]], ...]]
    latitude: Reals
    longitude: Reals
    cosine: Reals
    parcel_millis: Ints
    unit_millis: Ints
    parcels_per_day_max: Ints
    does: Mapping[Method, Marks]
    is_kind: Mapping[NodeKind, Marks]
    countries: NDArray[np.str_]
    shifts: tuple[Shift, ...]
    shift_of_node: Ints
    pickups: tuple[Pickup, ...]
    pickup_of_service: Ints
    deliveries: tuple[WorkCalendar, ...]
    delivery_of_service: Ints
    tariffs: Tariffs
    tariff_transit_days: Ints
    tariff_of_service: Ints  # of its first zone
    zone_km_max: Reals  # [V, Z]; below zero where a service has fewer zones
    emission: Ints  # [V] in gCO2e per tonne-kilometre
    _timetables: dict[int, Timetable] = field(default_factory=dict)

    def components(self, lines: Sequence[WantedLine]) -> tuple[Sku, ...]:
        """Return the SKUs that these lines take from shelves, in rising order.

        A line whose SKU is unknown adds none.
        """
        known = (self.products[line.sku] for line in lines if line.sku in self.products)
        return tuple(sorted({part.sku for product in known for part in product.components()}))

    def timetable(self, on: int) -> Timetable:
        """Return the timetable that holds a day and the year after it."""
        first = on // BLOCK_DAYS * BLOCK_DAYS - LEAD_DAYS
        kept = self._timetables.get(first)
        if kept is None:
            transit_max = int(self.tariff_transit_days.max(initial=0))
            kept = Timetable(self.shifts, self.pickups, self.deliveries, transit_max, first)
            self._timetables[first] = kept
        return kept


def remembering(maxsize: int) -> Callable[[Callable[Asked, Answer]], Callable[Asked, Answer]]:
    """Remember the latest so many answers about worlds, until `forget_worlds`."""

    def remember(function: Callable[Asked, Answer]) -> Callable[Asked, Answer]:
        kept = lru_cache(maxsize=maxsize)(function)
        FORGETTING.append(kept.cache_clear)
        return cast("Callable[Asked, Answer]", kept)  # lru_cache forgets what may be asked

    return remember


def forget_worlds() -> None:
    """Forget every answer about any world."""
    for forget in FORGETTING:
        forget()


def compile_world(
    nodes: Iterable[Node],
    services: Iterable[Service],
    products: Iterable[Product],
    toggles: Iterable[Toggle] = (),
) -> World:
    """Sort, number and measure the catalog."""
    placed = tuple(sorted(nodes, key=lambda node: node.node_id))
    index = {node.node_id: place for place, node in enumerate(placed)}
    carried = tuple(sorted(services, key=lambda service: service.service_id))
    toggled: dict[Sku, list[tuple[int, frozenset[Method]]]] = {}
    for toggle in toggles:
        if toggle.node_id in index:
            toggled.setdefault(toggle.sku, []).append((index[toggle.node_id], toggle.methods))
    shifts, shift_of_node = _numbered(
        [Shift(node.calendar, node.cut_off, node.handling_minutes) for node in placed]
    )
    pickups, pickup_of_service = _numbered(
        [Pickup(service.collects, service.collected_at) for service in carried]
    )
    deliveries, delivery_of_service = _numbered([service.delivers for service in carried])
    methods: tuple[Method, ...] = ("ship", "pickup")
    kinds: tuple[NodeKind, ...] = ("warehouse", "store", "dark_store", "drop_ship")
    latitude = np.radians([node.latitude for node in placed])
    transit = [zone.transit_days for service in carried for zone in service.zones] + [0]
    return World(
        nodes=placed,
        node_index=index,
        services=carried,
        products={product.sku: product for product in products},
        toggled={sku: tuple(kept) for sku, kept in toggled.items()},
        latitude=latitude,
        longitude=np.radians([node.longitude for node in placed]),
        cosine=np.cos(latitude),
        parcel_millis=_ints(node.parcel_cost_minor * 1000 for node in placed),
        unit_millis=_ints(node.unit_cost_minor * 1000 for node in placed),
        parcels_per_day_max=_ints(
            UNLIMITED if node.parcels_per_day_max is None else node.parcels_per_day_max
            for node in placed
        ),
        does={
            method: np.array([method in node.methods for node in placed], np.bool_)
            for method in methods
        },
        is_kind={
            kind: np.array([node.kind == kind for node in placed], np.bool_) for kind in kinds
        },
        countries=np.array([node.country for node in placed], np.str_),
        shifts=tuple(shifts),
        shift_of_node=_ints(shift_of_node),
        pickups=tuple(pickups),
        pickup_of_service=_ints(pickup_of_service),
        deliveries=tuple(deliveries),
        delivery_of_service=_ints(delivery_of_service),
        tariffs=_tariffs(carried),
        tariff_transit_days=_ints(transit),
        tariff_of_service=_ints(accumulate((len(one.zones) for one in carried[:-1]), initial=0)),
        zone_km_max=_zone_reach(carried),
        emission=_ints(service.emission_gco2e_per_tonne_km for service in carried),
    )


def world_of(catalog: Catalog) -> World:
    """Compile a loaded catalog."""
    return compile_world(
        catalog.nodes.values(),
        catalog.services.values(),
        catalog.products.values(),
        (Toggle(node, sku, methods) for (node, sku), methods in catalog.toggles.items()),
    )


@remembering(maxsize=NEEDS_REMEMBERED)
def needs_of(world: World, sku: Sku) -> Needs:
    """Return what a product of the world asks; a kit that says nothing is kept as its parts are."""
    product = world.products[sku]
    parts = [world.products[part.sku] for part in product.parts if part.sku in world.products]
    said = frozenset({product.temperature})
    return Needs(
        licences=product.licences.union(*(part.licences for part in parts)),
        temperatures=(said - AMBIENT).union(part.temperature for part in parts) or said,
        hazards=frozenset(one.hazard for one in (product, *parts)) - {"none"},
    )


@remembering(maxsize=256)
def licensed(world: World, needs: Needs) -> Marks:
    """Return which nodes hold the licences."""
    return np.array([needs.licences <= node.licences for node in world.nodes], np.bool_)


@remembering(maxsize=256)
def kept(world: World, needs: Needs) -> Marks:
    """Return which nodes keep goods at these temperatures."""
    return np.array([needs.temperatures <= node.temperatures for node in world.nodes], np.bool_)


@remembering(maxsize=256)
def taken(world: World, needs: Needs) -> Marks:
    """Return which services take the hazards."""
    return np.array([not needs.hazards & one.refuses for one in world.services], np.bool_)


@remembering(maxsize=256)
def kept_on_the_way(world: World, needs: Needs) -> Marks:
    """Return which services carry goods at these temperatures."""
    return np.array([needs.temperatures <= one.temperatures for one in world.services], np.bool_)


def takes(world: World, needs: Needs, refused: frozenset[Hazard]) -> Marks:
    """Return which services take the hazards, of which some may be refused to all."""
    taking = taken(world, needs)
    return np.zeros_like(taking) if needs.hazards & refused else taking


@remembering(maxsize=CARRIED_REMEMBERED)
def carried_of(
    world: World, needs: tuple[Needs, ...], refused: frozenset[Hazard]
) -> Carried | None:
    """Return what the services carry of lines with these needs; None: everything."""
    hazards = [takes(world, one, refused) for one in needs]
    temperatures = [kept_on_the_way(world, one) for one in needs]
    if all(map(every, (*hazards, *temperatures))):
        return None
    without = np.stack(hazards, axis=1)
    return Carried(without, without & np.stack(temperatures, axis=1))


@remembering(maxsize=UNFIT_REMEMBERED)
def unlicensed(world: World, needs: tuple[Needs, ...]) -> Marks | None:
    """Return which nodes lack a licence for which lines [N, L]; None: none does."""
    if not any(one.licences for one in needs):
        return None
    return ~np.stack([licensed(world, one) for one in needs], axis=1)


@remembering(maxsize=UNFIT_REMEMBERED)
def unkept(world: World, needs: tuple[Needs, ...]) -> Marks | None:
    """Return which nodes do not keep which lines [N, L] at their temperature; None: all do."""
    stored = [kept(world, one) for one in needs]
    return None if all(map(every, stored)) else ~np.stack(stored, axis=1)


def fit_for(world: World, sku: Sku) -> Marks:
    """Return which nodes may send or hand over a product, as far as licence and cold go."""
    needs = needs_of(world, sku)
    fit: Marks = licensed(world, needs) & kept(world, needs)
    return fit


@remembering(maxsize=LANES_REMEMBERED)
def lanes(world: World, destination: Destination) -> Lanes:
    """Return distance, zone and transit from every node by every service."""
    distance = distance_km(world, destination)
    reach = _reach(world, destination.country, "".join(destination.postcode.upper().split()))
    inside = distance[:, None, None] <= reach[None, :, :]
    zone = inside.argmax(axis=2)
    goes = inside.any(axis=2)
    tariff = np.where(goes, zone + world.tariff_of_service, NO_ZONE)
    return Lanes(
        distance_km=distance,
        tariff=tariff,
        transit_days=world.tariff_transit_days[tariff],
        carried_gram_gco2e_millionths=np.rint(distance[:, None] * world.emission).astype(np.int64),
    )


@remembering(maxsize=LANES_REMEMBERED)
def _reach(world: World, country: str, postcode: str) -> Reals:
    """Return how far each zone of each service goes to this postcode [V, Z]; below zero: not."""
    reach = world.zone_km_max.copy()
    for place, service in enumerate(world.services):
        for number, zone in enumerate(service.zones):
            if country not in service.countries or not _names(zone, postcode):
                reach[place, number] = -1.0
    return reach


def distance_km(world: World, destination: Destination) -> Reals:
    """Return the distance from every node as the crow flies (haversine)."""
    latitude, longitude = radians(destination.latitude), radians(destination.longitude)
    across = (
        np.sin((world.latitude - latitude) / 2) ** 2
        + world.cosine * cos(latitude) * np.sin((world.longitude - longitude) / 2) ** 2
    )
    kilometres: Reals = 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.minimum(across, 1.0)))
    return kilometres


def _names(zone: Zone, postcode: str) -> bool:
    return not zone.postcode_prefixes or any(
        postcode.startswith("".join(prefix.upper().split())) for prefix in zone.postcode_prefixes
    )


def _zone_reach(services: Sequence[Service]) -> Reals:
    zones = max((len(service.zones) for service in services), default=0)
    reach = np.full((len(services), max(zones, 1)), -1.0)
    for place, service in enumerate(services):
        for number, zone in enumerate(service.zones):
            limit = zone.distance_km_max
            reach[place, number] = np.inf if limit is None else limit
    return reach


def _tariffs(services: Sequence[Service]) -> Tariffs:
    rows = [
        (
            zone.base_minor * 1000,
            zone.base_weight_g,
            zone.step_minor * 1000,
            zone.step_weight_g,
            service.dimensional_divisor_mm3_per_g,
            service.weight_g_max,
        )
        for service in services
        for zone in service.zones
    ]
    rows.append((0, UNLIMITED, 0, 1, 0, UNLIMITED))
    return Tariffs(*np.array(rows, np.int64).T.copy())


def _numbered(items: Sequence[Item]) -> tuple[list[Item], list[int]]:
    numbers: dict[Item, int] = {}
    places = [numbers.setdefault(item, len(numbers)) for item in items]
    return list(numbers), places


def _ints(values: Iterable[int]) -> Ints:
    return np.array(list(values), np.int64)
