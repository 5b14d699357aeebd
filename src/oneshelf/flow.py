"""What happens next. Read top to bottom: the life of an order.

Left, a fact some folder announced. Right, the actions the worker runs because of it: at least
once, in this order. So every action is safe to repeat. Below, the work that time causes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Generic, TypeVar, cast

from oneshelf.base.database import Transaction
from oneshelf.base.facts import Fact
from oneshelf.base.policies import PolicyDecided
from oneshelf.base.reading import Reaction, Reader
from oneshelf.catalog.facts import CatalogChanged
from oneshelf.inventory import facts as inventory
from oneshelf.inventory.claims.actions import serve_waiting
from oneshelf.inventory.reservations.actions import lapse_due
from oneshelf.matching.capacity.facts import CapacityChanged
from oneshelf.matching.carts.actions import settle
from oneshelf.matching.decisions.actions import forget_old
from oneshelf.matching.outlook import Outlook
from oneshelf.matching.watermarks.actions import tell_crossings
from oneshelf.matching.watermarks.facts import WatermarkCrossed
from oneshelf.orders import facts as orders
from oneshelf.orders.changes.actions import release_due
from oneshelf.orders.resourcing.actions import source_again
from oneshelf.orders.serving.actions import source_served, supply_lost, supply_re_dated
from oneshelf.outbound import facts as outbound
from oneshelf.post_purchase import facts as post_purchase
from oneshelf.teamwork.exceptions.actions import close_solved, open_exceptions

Told = TypeVar("Told", bound=Fact)
Simple = Callable[[Transaction, Sequence[Told], datetime], None]
Sourcing = Callable[[Outlook, Transaction, Sequence[Told], datetime], None]


@dataclass(frozen=True, slots=True)
class ByPlan(Generic[Told]):
    """A reaction that plans, and so needs the worker's outlook."""

    action: Sourcing[Told]


@dataclass(frozen=True, slots=True)
class Entry:
    """One kind of fact and what follows from it; `why` where nothing does."""

    fact: type[Fact]
    reactions: tuple[Reaction | ByPlan[Fact], ...]
    why: str = ""


@dataclass(frozen=True, slots=True)
class Looking:
    """Work that looks into the worker's outlook first."""

    act: Callable[[Outlook, Transaction, datetime], int]


@dataclass(frozen=True, slots=True)
class Due:
    """Work that time causes: does up to a batch of it and returns how much it did."""

    name: str
    act: Callable[[Transaction, datetime], int] | Looking

    def action(self) -> Callable[..., int]:
        """Return the action itself."""
        return self.act.act if isinstance(self.act, Looking) else self.act


def when(fact: type[Told], *reactions: Simple[Told] | ByPlan[Told]) -> Entry:
    """Say what follows from a fact."""
    return Entry(fact, cast("tuple[Reaction | ByPlan[Fact], ...]", reactions))


def nothing_after(fact: type[Fact], why: str) -> Entry:
    """Say that nothing follows from a fact, and why."""
    return Entry(fact, (), why)


SEEN = "every process that plans reads it into its outlook"
TOLD = "the live page and channels read it; later issues tell the customer"

REACTIONS: tuple[Entry, ...] = (
    nothing_after(CatalogChanged, SEEN),
    nothing_after(PolicyDecided, SEEN),
    nothing_after(inventory.StockChanged, SEEN),
    nothing_after(CapacityChanged, SEEN),
    nothing_after(WatermarkCrossed, TOLD),
    nothing_after(orders.OrderPlaced, "time releases it, once its grace has passed"),
    when(orders.LinesUnsourced, open_exceptions),
    nothing_after(orders.LinesBackordered, "its claims wait for the receipt"),
    when(inventory.ClaimServed, ByPlan(source_served)),
    when(inventory.CommitmentLost, ByPlan(source_again)),
    when(orders.LinesSourced, close_solved),
    when(inventory.PromiseLost, ByPlan(supply_lost)),
    when(inventory.ReceiptLineReDated, ByPlan(supply_re_dated)),
    nothing_after(orders.PromiseChanged, TOLD),
    when(inventory.ReservationLapsed, settle),
    when(inventory.ReservationLost, settle),
    when(inventory.UnitsFoundAtTill, open_exceptions),
    nothing_after(orders.OrderHeld, "nothing held is released by any path"),
    nothing_after(orders.OrderHoldLifted, "time releases the order again"),
    when(orders.OrderCancelled, close_solved),
    nothing_after(orders.ContactErased, "nothing else holds personal data"),
    nothing_after(orders.OrderReleased, "the node's work list shows it"),
    nothing_after(orders.PickRecalled, "the node's lists show it: do not pick, or put back"),
    nothing_after(outbound.UnitsPutBack, "older claims got them in the same transaction"),
    nothing_after(outbound.ParcelPicked, "the node's work list shows it"),
    nothing_after(outbound.PickShort, "the rest was sourced anew in the same transaction"),
    nothing_after(outbound.ParcelPacked, "the node's work list shows it"),
    nothing_after(outbound.PickupReady, TOLD),
    when(outbound.PickupCodeLocked, open_exceptions),
    nothing_after(outbound.ParcelShipped, TOLD),
    nothing_after(outbound.ParcelHandedOver, TOLD),
    nothing_after(outbound.ParcelDelivered, TOLD),
    nothing_after(post_purchase.ReturnReceived, TOLD),
)

DUE: tuple[Due, ...] = (
    Due("holds that lapsed", lapse_due),
    Due("claims that wait while units are free", serve_waiting),
    Due("orders whose grace has passed", release_due),
    Due("stock that crossed a watermark", Looking(tell_crossings)),
    Due("decision records older than 90 days", forget_old),
)


def readers(outlook: Outlook, entries: Sequence[Entry] = REACTIONS) -> list[Reader]:
    """Return a reader for each reaction, named after its folder, its verb and its fact."""
    return [
        Reader(
            name_of(entry, reaction), {entry.fact.__name__: entry.fact}, bound(reaction, outlook)
        )
        for entry in entries
        for reaction in entry.reactions
    ]


def bound(reaction: Reaction | ByPlan[Fact], outlook: Outlook) -> Reaction:
    """Give a planning reaction its outlook."""
    return partial(reaction.action, outlook) if isinstance(reaction, ByPlan) else reaction


def due_work(outlook: Outlook) -> list[tuple[str, Callable[[Transaction, datetime], int]]]:
    """Return the work that time causes, by name; what looks has its outlook."""
    return [
        (due.name, partial(due.act.act, outlook) if isinstance(due.act, Looking) else due.act)
        for due in DUE
    ]


def action_of(reaction: Reaction | ByPlan[Fact]) -> Callable[..., None]:
    """Return the action itself."""
    return reaction.action if isinstance(reaction, ByPlan) else reaction


def name_of(entry: Entry, reaction: Reaction | ByPlan[Fact]) -> str:
    """Return the name that the reaction's cursors bear."""
    action = action_of(reaction)
    folder = action.__module__.removeprefix("oneshelf.").removesuffix(".actions")
    return f"{folder}.{getattr(action, '__name__', '')}/{entry.fact.__name__}"
