"""Play the week minute by minute: each minute begins when everything of the last one is settled."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from uuid import UUID

from oneshelf.base.calendars import instant
from oneshelf.base.identifiers import OrderId, ReceiptLineId
from oneshelf.simulation.retailer.baskets import Basket
from oneshelf.simulation.retailer.cancellations import Cancellation
from oneshelf.simulation.retailer.script import Minute, Step, Week, server_of
from oneshelf.simulation.retailer.stock import Truck
from oneshelf.web.demo.client import Client
from oneshelf.web.demo.floor import Done, Floor

ZONE = "Europe/London"
ROUNDS = tuple(time(hour) for hour in range(6, 23))
LATER_ROUNDS = (time(13, 5), time(19, 5))
LATER_DAYS_MAX = 12


@dataclass(frozen=True, slots=True)
class Parcel:
    """A promised parcel, as far as the demo looks at it."""

    node: str
    arrives_on: date


@dataclass(frozen=True, slots=True)
class Placed:
    """An order that was placed."""

    number: OrderId
    promised_on: date | None
    parcels: tuple[Parcel, ...]


@dataclass(frozen=True, slots=True)
class Short:
    """Units of a line that nobody has."""

    units: int


@dataclass(frozen=True, slots=True)
class Problem:
    """A refusal."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class BulkAnswer:
    """The answer to one order of a file."""

    line: int
    status: int
    answer: Placed | None = None
    problem: Problem | None = None


@dataclass(slots=True)
class Tally:
    """What was asked and what was refused. placed: orders by server, in the servers' order."""

    placed: list[int]
    asked: int = 0
    refused: int = 0
    units_asked: int = 0
    units_refused: int = 0
    cancelled_too_late: int = 0
    moment: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Play:
    """The week on its way. settle: returns when every reaction and snapshot has caught up.

    clients: one of each server; server: where the step that is played now goes.
    """

    week: Week
    clients: Sequence[Client]
    floor: Floor
    lines: dict[tuple[str, int], ReceiptLineId]
    set_clock: Callable[[datetime], None]
    settle: Callable[[], None]
    tally: Tally
    server: int = 0
    numbers: dict[str, OrderId] = field(default_factory=dict)
    baskets: dict[str, Basket] = field(default_factory=dict)
    kept: dict[tuple[str, int], int] = field(default_factory=dict)

    @property
    def client(self) -> Client:
        """Return the one that this step speaks through."""
        return self.clients[self.server]

    def run(self, tell: Callable[[datetime, int], None]) -> None:
        """Play every minute, then let the parcels arrive. tell: the time, and minutes played."""
        minutes = {minute.at: minute for minute in self.week.minutes}
        rounds = set(self._rounds())
        played = 0
        for at in sorted(minutes.keys() | rounds):
            self.set_clock(at)
            if at in minutes:
                self._begin(minutes[at])
                played += 1
            self.settle()
            if at in rounds:
                self._go_round(at)
            tell(at, played)
        for at in self._later():
            self.set_clock(at)
            self.settle()
            self._go_round(at)
            tell(at, played)
            if self.floor.is_idle():
                return

    def _go_round(self, at: datetime) -> None:
        self._turn_to("round", at)
        self.floor.work(self.client, at)
        self.settle()

    def _turn_to(self, step: Step, at: datetime) -> None:
        self.server = server_of(self.week.seed, len(self.clients), step, at)

    def _rounds(self) -> Iterator[datetime]:
        first = self.week.minutes[0].at.date()
        days = (self.week.minutes[-1].at.date() - first).days + 1
        for day in range(days):
            for at in ROUNDS:
                yield instant(ZONE, first + timedelta(days=day), at)

    def _later(self) -> Iterator[datetime]:
        last = self.week.minutes[-1].at
        for day in range(LATER_DAYS_MAX):
            for at in LATER_ROUNDS:
                then = instant(ZONE, last.date() + timedelta(days=day), at)
                if then > last:
                    yield then

    def _begin(self, minute: Minute) -> None:
        self._turn_to("minute", minute.at)
        for truck in minute.trucks:
            self._unload(truck)
        if minute.requests:
            self.place(minute.requests)
        for cancellation in minute.cancellations:
            self._cancel(cancellation)

    def _unload(self, truck: Truck) -> None:
        received = [
            {
                "receipt_line": self.lines[truck.reference, number],
                "units": line.units,
                "rest": "will_not_come",
            }
            for number, line in enumerate(truck.lines, 1)
        ]
        self.client.post("/api/v1/receipts/received", {"received": received}, Done)

    def place(self, baskets: Sequence[Basket]) -> None:
        """Send orders in bulk and take note of their answers."""
        bodies = [order_of(basket) for basket in baskets]
        answers = self.client.post_lines("/api/v1/orders/bulk", bodies, BulkAnswer)
        for basket, answer in zip(baskets, answers, strict=True):
            self._note(basket, answer)

    def place_again(self, basket: Basket, key: UUID) -> None:
        """Send a basket of the week as a new order."""
        body = order_of(basket, key)
        [answer] = self.client.post_lines("/api/v1/orders/bulk", [body], BulkAnswer)
        if answer.answer is not None:
            self.floor.keys[answer.answer.number] = str(key)

    def _note(self, basket: Basket, answer: BulkAnswer) -> None:
        tally, units = self.tally, sum(line.units for line in basket.lines)
        tally.asked += 1
        tally.units_asked += units
        moment = self.week.moment
        if basket.external_id in {moment.web, moment.app, moment.till}:
            tally.moment[basket.external_id] = _told(basket, answer)
        if answer.answer is not None:
            tally.placed[self.server] += 1
            self.numbers[basket.external_id] = answer.answer.number
            self.baskets[basket.external_id] = basket
            self.floor.keys[answer.answer.number] = basket.external_id
            return
        tally.refused += 1
        tally.units_refused += units

    def _cancel(self, cancellation: Cancellation) -> None:
        number = self.numbers.get(cancellation.external_id)
        if number is None:
            return  # the order was refused: there is nothing to cancel
        basket = self.baskets[cancellation.external_id]
        [line_no] = [at for at, one in enumerate(basket.lines, 1) if one.sku == cancellation.sku]
        place = (cancellation.external_id, line_no)
        kept = self.kept.get(place, basket.lines[line_no - 1].units) - cancellation.units
        self.kept[place] = kept
        body = {"line_no": line_no, "units_kept": kept, "reason": "customer"}
        if not self.client.try_post(f"/api/v1/orders/{number}/cancel", body):
            self.tally.cancelled_too_late += 1


def order_of(basket: Basket, key: UUID | None = None) -> dict[str, object]:
    """Return a basket as the API takes it. key: another one than the basket's own."""
    method = {"ship": "ship", "pickup": "pickup", "till": "carried"}[basket.handover]
    order: dict[str, object] = {
        "channel": basket.channel,
        "key": str(key) if key else basket.external_id,
        "method": method,
        "currency": "GBP",
        "customer": basket.customer_ref,
        "backorder": "accepted" if method == "ship" else "refused",
        "lines": [
            {"sku": line.sku, "units": line.units, "price_minor": line.price_minor}
            for line in basket.lines
        ],
    }
    if basket.store is not None:
        order["node"] = basket.store
    if (to := basket.recipient) is not None:
        order["contact"] = {
            "name": to.name,
            "mail": to.mail,
            "phone": to.phone,
            "street": to.street,
            "city": to.city,
            "postcode": to.postcode,
            "country": to.country,
        }
        if method == "ship":
            order["place"] = {
                "country": to.country,
                "postcode": to.postcode.split()[0],
                "latitude": to.latitude,
                "longitude": to.longitude,
            }
    return order


def _told(basket: Basket, answer: BulkAnswer) -> str:
    """Say in a sentence what became of one of the three who wanted the last unit."""
    if answer.answer is None:
        return "was told at once that it is sold out, and paid nothing."
    if basket.handover == "till":
        return "the customer carries it home."
    [parcel] = answer.answer.parcels
    return f"gets it from {parcel.node.title()}, on {parcel.arrives_on:%A} {parcel.arrives_on.day}."
