"""What was told to the crowd, written down as it is heard."""

import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

from oneshelf.base.identifiers import OrderId, ReceiptLineId, Sku
from oneshelf.catalog.products import KitPart
from oneshelf.orders.answers import Placed
from oneshelf.orders.canonical import NewOrder
from oneshelf.simulation.torture.answers import Deed, Law, OrderTold, Told, Violation, content
from oneshelf.simulation.torture.world import World

SEEN_MAX = 1_000  # of a law: whoever breaks it so often has broken it


@dataclass(slots=True)
class Book:
    """The crowd's memory. key_id: of the API key; hold ids are made from it.

    gone: (order, line, units) that left a node. overdue: what receipt lines still had to bring.
    patience_s: how long anybody asks the same question. open_questions: whose refusal may not be
    the last word; asked again in the end.
    opened_at, speed: of the shop's clock, as it was when nobody had turned it yet.
    """

    world: World
    key_id: str
    opened_at: datetime
    speed: float
    patience_s: float
    began_s: float = field(default_factory=time.monotonic)
    sent: int = 0
    orders: dict[tuple[str, str], OrderTold] = field(default_factory=dict)
    refused: set[tuple[str, str]] = field(default_factory=set)
    placed: list[tuple[NewOrder, Placed]] = field(default_factory=list)
    units: defaultdict[Deed, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    consumed: set[UUID] = field(default_factory=set)
    released: set[UUID] = field(default_factory=set)
    refused_holds: set[UUID] = field(default_factory=set)
    unheard: dict[tuple[str, str], str] = field(default_factory=dict)
    unheard_holds: set[UUID] = field(default_factory=set)
    brought: Counter[Sku] = field(default_factory=Counter)
    overdue: list[ReceiptLineId] = field(default_factory=list)
    gone: list[tuple[OrderId, int, int]] = field(default_factory=list)
    open_questions: list[Callable[[], Awaitable[object]]] = field(default_factory=list)
    seen: list[Violation] = field(default_factory=list)
    heard: Counter[str] = field(default_factory=Counter)
    parts: dict[Sku, tuple[KitPart, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Begin with what stood there when the doors opened."""
        self.parts = self.world.parts()
        for one in self.world.shelves:
            self.brought[one.sku] += one.units

    def broke(self, law: Law, subject: str, detail: str) -> None:
        """Note that an answer broke a law."""
        if sum(one.law == law for one in self.seen) < SEEN_MAX:
            self.seen.append(Violation(law, subject, detail))

    def acknowledged(self, order: NewOrder, answer: Placed) -> None:
        """Note an order that was acknowledged, for the first time or again."""
        key = (str(order.channel), order.key)
        told = OrderTold(answer.number, answer.total_minor, content(order))
        before = self.orders.setdefault(key, told)
        if before != told:
            self.broke("one_key", "/".join(key), f"told {before}, then {told}")
        elif before is told:
            self.placed.append((order, answer))
            self.refused.discard(key)
            if answer.reservation == "consumed" and order.reservation:
                self.consumed.add(order.reservation)

    def missed(self, order: NewOrder) -> None:
        """Note an order about which some answer was not heard."""
        self.unheard[str(order.channel), order.key] = content(order)

    def turned_away(self, order: NewOrder) -> None:
        """Note an order that was refused."""
        key = (str(order.channel), order.key)
        if key in self.orders:
            self.broke("one_key", "/".join(key), "acknowledged, then refused")
        self.refused.add(key)

    def now(self) -> datetime:
        """Return about what the shop's clock shows."""
        return self.opened_at + timedelta(seconds=(time.monotonic() - self.began_s) * self.speed)

    def did(self, deed: Deed, subject: str, units: int) -> None:
        """Note units that were acknowledged."""
        if units:
            self.units[deed][subject] += units

    def bring(self, sku: Sku, units: int) -> None:
        """Note units that came onto shelves, of a kit its parts."""
        for part in self.parts[sku]:
            self.brought[part.sku] += part.units * units

    def hold_id(self, key: str) -> UUID:
        """Return the id that a hold asked for under this key bears."""
        return uuid5(NAMESPACE_URL, f"oneshelf/{self.key_id}/{key}")

    def one_of(self, which: float) -> tuple[NewOrder, Placed] | None:
        """Return one of the acknowledged orders, more often a late one."""
        if not self.placed:
            return None
        return self.placed[-1 - int(which * which * len(self.placed))]

    def told(self) -> Told:
        """Close the book."""
        return Told(
            self.orders,
            frozenset(self.refused - self.orders.keys()),
            self.units,
            frozenset(self.consumed),
            frozenset(self.released),
            frozenset(self.refused_holds),
            self.unheard,
            frozenset(self.unheard_holds),
            self.brought,
            self.seen,
            self.sent,
        )
