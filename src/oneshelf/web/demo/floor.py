"""People at work in the demo: they pick, pack, ship, hand over and deliver, through the API.

What goes wrong is decided by the seed and the names of things, never by ids or arrival.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Literal, TypeVar

from oneshelf.base.calendars import instant, is_open, is_working_day, local_date
from oneshelf.base.identifiers import NodeId, OrderId, ParcelId, ServiceId, Sku
from oneshelf.catalog.carriers import Service
from oneshelf.catalog.nodes import Node
from oneshelf.catalog.products import Product
from oneshelf.inventory.lines.handling import Reason
from oneshelf.simulation.retailer import accidents
from oneshelf.web.demo.client import Client

Item = TypeVar("Item")

PART = 100
HAND_OVER_PART = 20
DELIVERED_AT = time(13)


@dataclass(frozen=True, slots=True)
class Work:
    """A row of a node's work list."""

    parcel: ParcelId
    order: OrderId
    service: ServiceId | None
    ready_at: datetime
    arrives_on: date
    line_no: int
    sku: Sku
    units: int
    status: Literal["released", "picked", "packed", "ready_for_pickup"]


@dataclass(frozen=True, slots=True)
class WorkPage:
    """A page of it."""

    work: tuple[Work, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Recalled:
    """Units that a node has to put back."""

    order: OrderId
    line_no: int
    sku: Sku
    units: int


@dataclass(frozen=True, slots=True)
class RecalledPage:
    """The longest known of them."""

    recalled: tuple[Recalled, ...]


@dataclass(frozen=True, slots=True)
class PickupCode:
    """What the customer got to say at the counter."""

    parcel_id: ParcelId
    code: str


@dataclass(frozen=True, slots=True)
class ReadyTold:
    """Codes of parcels made ready."""

    codes: tuple[PickupCode, ...]


@dataclass(frozen=True, slots=True)
class Done:
    """Any answer: the demo reads the work list again instead."""


@dataclass(slots=True)
class Floor:
    """Everybody in the nodes and on the road. keys: the channel's id of each order.

    client: of the server they speak to in this round.
    """

    client: Client
    seed: int
    nodes: Sequence[Node]
    services: Mapping[ServiceId, Service]
    products: Mapping[Sku, Product]
    keys: dict[OrderId, str]
    looked_at: datetime
    deliveries: list[tuple[datetime, str, ParcelId, date]] = field(default_factory=list)
    pickups: list[tuple[datetime, str, ParcelId, str]] = field(default_factory=list)

    def work(self, client: Client, now: datetime) -> None:
        """Do what there is to do at every open node, then what is due on the road."""
        self.client = client
        for node in self.nodes:
            if is_open(node.calendar, now):
                self._work_at(node, now)
        self._deliver(now)
        self._hand_over(now)
        self.looked_at = now

    def is_idle(self) -> bool:
        """Say whether nothing is on the road or waits for a customer who will come."""
        return not self.deliveries and not self.pickups

    def next_due(self) -> datetime | None:
        """Return when the next delivery or customer is due."""
        return min((one[0] for one in (*self.deliveries, *self.pickups)), default=None)

    def _work_at(self, node: Node, now: datetime) -> None:
        self._put_back(node.node_id)
        todo = self._list(node.node_id)
        if released := [row for row in todo if row.status == "released"]:
            self._pick(node, released)
            todo = self._list(node.node_id)
        unfinished = {row.parcel for row in todo if row.status == "released"}
        packable = {row.parcel for row in todo if row.status == "picked"} - unfinished
        self._pack(sorted(packable))
        ready = [row for row in todo if row.parcel in packable or row.status == "packed"]
        self._ship(node, [row for row in ready if row.service], now)
        self._make_ready([row for row in ready if row.service is None], now)

    def _list(self, node: NodeId) -> list[Work]:
        found: list[Work] = []
        cursor = ""
        while True:
            page = self.client.get(f"/api/v1/nodes/{node}/work?limit=200{cursor}", WorkPage)
            found += [row for row in page.work if row.order in self.keys]
            if page.next_cursor is None:
                return found
            cursor = f"&cursor={page.next_cursor}"

    def _put_back(self, node: NodeId) -> None:
        path = f"/api/v1/nodes/{node}/recalled"
        page = self.client.get(f"{path}?limit={PART}", RecalledPage)
        if page.recalled:
            self.client.post(path, {"units": [asdict(row) for row in page.recalled]}, Done)

    def _pick(self, node: Node, rows: Sequence[Work]) -> None:
        found = sorted(rows, key=lambda row: (self.keys[row.order], row.parcel, row.line_no))
        picks = [self._picked(node, list(line)) for _, line in groupby(found, _line)]
        for part in _parts(picks, PART):
            self.client.post("/api/v1/parcels/pick", {"picks": part}, Done)

    def _picked(self, node: Node, rows: Sequence[Work]) -> dict[str, object]:
        row, units = rows[0], sum(row.units for row in rows)
        parts = self.products[row.sku].components()
        seen = accidents.pick(self.seed, node, self.keys[row.order], row.sku, units)
        report: dict[str, object] = {
            "parcel": row.parcel,
            "line_no": row.line_no,
            "units": seen.units,
        }
        if seen.units < units:
            reason: Reason = "damaged" if seen.reason == "damaged" else "mismatch"
            report |= {"short": reason, "sku": parts[0].sku}
        return report

    def _pack(self, parcels: Sequence[ParcelId]) -> None:
        for part in _parts(parcels, PART):
            self.client.post("/api/v1/parcels/pack", {"parcels": part}, Done)

    def _ship(self, node: Node, rows: Sequence[Work], now: datetime) -> None:
        leaving = {
            row.parcel: row for row in rows if row.service and self._collected(row.service, now)
        }
        shipments = [
            {"parcel": parcel, "tracking_number": f"LK{parcel:08d}GB"} for parcel in sorted(leaving)
        ]
        for part in _parts(shipments, PART):
            self.client.post("/api/v1/parcels/ship", {"shipments": part}, Done)
        for row in leaving.values():
            self._expect_delivery(node, row, now)

    def _collected(self, service_id: ServiceId, now: datetime) -> bool:
        """Say whether a van came since the last look."""
        service = self.services[service_id]
        on = local_date(service.collects, now)
        at = instant(service.collects.time_zone, on, service.collected_at)
        return is_working_day(service.collects, on) and self.looked_at < at <= now

    def _expect_delivery(self, node: Node, row: Work, now: datetime) -> None:
        if row.service is None:
            return
        key = self.keys[row.order]
        missed = (local_date(node.calendar, now) - local_date(node.calendar, row.ready_at)).days
        late = accidents.delivery_days_late(self.seed, row.service, node.node_id, key)
        on = row.arrives_on + timedelta(days=max(0, missed) + late)
        at = instant(node.calendar.time_zone, on, DELIVERED_AT)
        self.deliveries.append((at, key, row.parcel, on))

    def _deliver(self, now: datetime) -> None:
        due = sorted(one for one in self.deliveries if one[0] <= now)
        self.deliveries = [one for one in self.deliveries if one[0] > now]
        arrived = [{"parcel": parcel, "delivered_on": on} for _, _, parcel, on in due]
        for part in _parts(arrived, PART):
            self.client.post("/api/v1/parcels/deliver", {"deliveries": part}, Done)

    def _make_ready(self, rows: Sequence[Work], now: datetime) -> None:
        orders = {row.parcel: row.order for row in rows}
        for part in _parts(sorted(orders), PART):
            told = self.client.post("/api/v1/parcels/ready", {"parcels": part}, ReadyTold)
            for code in told.codes:
                key = self.keys[orders[code.parcel_id]]
                hours = accidents.fetched_after_hours(self.seed, key)
                if hours is not None:
                    at = now + timedelta(hours=hours)
                    self.pickups.append((at, key, code.parcel_id, code.code))

    def _hand_over(self, now: datetime) -> None:
        due = sorted(one for one in self.pickups if one[0] <= now)
        self.pickups = [one for one in self.pickups if one[0] > now]
        customers = [{"parcel": parcel, "code": code} for _, _, parcel, code in due]
        for part in _parts(customers, HAND_OVER_PART):
            self.client.post("/api/v1/parcels/hand-over", {"customers": part}, Done)


def _line(row: Work) -> tuple[ParcelId, int]:
    return row.parcel, row.line_no


def _parts(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
