"""Place orders: plan on the snapshot, lock what the plans chose, decide, write, announce."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from oneshelf.base.database import Transaction
from oneshelf.base.identifiers import NodeId, PublicId, Sku, new_id
from oneshelf.base.outbox import announce
from oneshelf.base.repeat_keys import RepeatKey, forget_keys, store_answers, take_keys
from oneshelf.catalog.products import KitPart
from oneshelf.inventory.claims.actions import lock_for_waiting, open_claims, serve_claims
from oneshelf.inventory.ledger import Balance, StockPoint
from oneshelf.inventory.levels.actions import read_levels
from oneshelf.inventory.lines.actions import sell_at_till
from oneshelf.inventory.lines.handling import TillSale
from oneshelf.inventory.reservations.actions import lock_holds
from oneshelf.inventory.reservations.holding import Gone, HeldUnits
from oneshelf.inventory.shelf.actions import commit_units, find_shelves, lock_points
from oneshelf.matching.capacity.actions import hold as hold_capacity
from oneshelf.matching.capacity.actions import load_capacity, lock_days
from oneshelf.matching.capacity.holding import Hold, NodeDay
from oneshelf.matching.carts.actions import consume, read_days
from oneshelf.matching.decisions.actions import Decided as Decision
from oneshelf.matching.decisions.actions import Recorded, recorded, remember
from oneshelf.matching.outlook import Outlook
from oneshelf.matching.plan import Refusal
from oneshelf.matching.request import SourcingRequest
from oneshelf.orders.answers import Decided, Placed, Reserved, Undecided
from oneshelf.orders.canonical import NewOrder, faults
from oneshelf.orders.capture import store
from oneshelf.orders.capture.answering import mismatched, placed
from oneshelf.orders.capture.asked import Asked, as_before, as_first
from oneshelf.orders.capture.asking import refused, sourcing_request, unknown_names, unreadable
from oneshelf.orders.capture.drafting import (
    FOR_LACK_OF_STOCK,
    Draft,
    Held,
    Sale,
    draw,
    draw_held,
    is_mismatch,
    keep,
    part_doubles,
    stand,
    wait_for,
)
from oneshelf.orders.capture.writing import NewRows, claims, facts, new_rows, takes

Days = tuple[NodeDay, ...]
LIKELY_DAYS = 60

Locking = Literal[
    "after_planning",  # plan on the snapshot, lock what the plans chose
    "before_planning",  # for orders that lost their units twice: lock, read, then plan
]


def place(
    tx: Transaction,
    asked: Sequence[Asked],
    outlook: Outlook,
    now: datetime,
    locking: Locking = "after_planning",
) -> list[Decided]:
    """Decide a batch of orders in their order; return an answer for each.

    Locks: repeat keys, reservations, capacity days, stock points; each in key order. The outlook
    is held to plan, never while locks are waited for: who has them may want to plan again.
    `Undecided` orders were not written: their plans lost units to another writer, and they lead
    the next batch.
    """
    batch = _Batch(tx, asked, outlook, now)
    batch.take_keys()
    batch.lock_reservations()
    if locking == "before_planning":
        batch.lock_likely()
    with outlook.planning(now):
        batch.plan()
    batch.record()
    batch.lock_and_keep()
    if batch.has_refusals():  # else nobody waits, stock in hand, for carts that are being planned
        with outlook.planning(now):
            batch.refuse_on_fresh_read()
    batch.write()
    batch.settle_keys()
    return [batch.answers[position] for position in range(len(asked))]


class _Batch:
    """One batch on its way: steps in the order of the lock order, answers by position."""

    def __init__(
        self, tx: Transaction, asked: Sequence[Asked], outlook: Outlook, now: datetime
    ) -> None:
        self.answers: dict[int, Decided] = {}
        self._tx = tx
        self._asked = asked
        self._outlook = outlook
        self._now = now
        self._fresh: list[int] = []
        self._reserved: dict[PublicId, tuple[HeldUnits, ...] | Gone] = {}
        self._days: dict[PublicId, Days] = {}
        self._drafts: list[Draft] = []
        self._sales: list[Sale] = []
        self._refusals: dict[int, tuple[SourcingRequest, Refusal]] = {}
        self._levels = outlook.levels(())
        self._recorded: dict[int, Recorded] = {}
        self._accepting: dict[int, dict[int, frozenset[NodeId]]] = {}
        self._waits_at: dict[int, dict[StockPoint, int]] = {}
        self._balances: dict[StockPoint, Balance] = {}
        self._kept: list[Draft] = []
        self._serves = False

    def take_keys(self) -> None:
        """Answer what was answered before; the rest is decided."""
        first: dict[RepeatKey, int] = {}
        for position, one in enumerate(self._asked):
            first.setdefault(one.key(), position)
        hashes = {key: self._asked[position].body_hash for key, position in first.items()}
        stored = take_keys(self._tx, hashes)
        for position, one in enumerate(self._asked):
            if (answer := stored.get(one.key())) is not None:
                self.answers[position] = as_before(one, answer)
        self._fresh = [position for key, position in first.items() if key not in stored]

    def lock_reservations(self) -> None:
        """Lock what the batch's orders name, and read what it holds: no crowd waits for a cart."""
        asked = [self._asked[position].order.reservation for position in self._fresh]
        named = {PublicId(one) for one in asked if one}
        self._reserved = lock_holds(self._tx, named, self._now)
        self._days = read_days(self._tx, named)

    def lock_likely(self) -> None:
        """Lock what a plan could choose or wait for, and read it, so that the plan stands."""
        outlook, tx = self._outlook, self._tx
        shelves: set[tuple[Sku, NodeId]] = set()
        for position in self._fresh:
            parts = outlook.parts(self._asked[position].order.lines)
            skus = sorted({part.sku for components in parts.values() for part in components})
            shelves |= {(sku, node) for node in outlook.likely_nodes(skus) for sku in skus}
        dates = [self._now.date() + timedelta(days=ahead) for ahead in range(LIKELY_DAYS)]
        days = {NodeDay(node, on) for node in {node for _, node in shelves} for on in dates}
        if lock_days(tx, days.union(*self._days.values()), self._now):
            outlook.learn_capacity(load_capacity(tx, dates[0]))
        self._lock(set(), shelves)
        goods = {sku for sku, _ in shelves}
        outlook.learn_stock(read_levels(tx, goods, outlook.coming(goods)))

    def plan(self) -> None:
        """Plan each order in turn; what one would take, the next no longer sees."""
        outlook = self._outlook
        for position in self._fresh:
            order = self._asked[position].order
            problems = faults(order) or unknown_names(
                order, outlook.channels, outlook.world.node_index, outlook.world.products
            )
            if problems:
                self.answers[position] = unreadable(order, problems)
            elif order.method == "carried":
                self._sales.append(Sale(position, order))
                outlook.take(self._sale_points(self._sales[-1]).items(), ())
            else:
                self._plan_one(position, order)
        outlook.give_back()  # what is to come is compared later, without what this batch takes
        self._levels = outlook.levels(self._lacking())

    def _plan_one(self, position: int, order: NewOrder) -> None:
        outlook = self._outlook
        request = sourcing_request(order, outlook.channels[order.channel], self._now)
        parts = outlook.parts(order.lines)
        reserved, held, own = self._reserved_for(order)
        plan = outlook.plan(request) if held is None else outlook.plan_held(request, held, own)
        if held is not None and is_mismatch(plan, request, parts, held):
            if request.standing == "ask":
                self.answers[position] = mismatched(order)
                return
            reserved, held, plan = "mismatched", None, outlook.plan(request)
        if isinstance(plan, Refusal):
            self._refusals[position] = (request, plan)
            return
        if held is None:
            draws = tuple(draw(plan, request, parts, outlook.stock.choose_points))
            outlook.take(((found.point, found.units) for found in draws), plan.capacity_days())
        else:
            draws = tuple(draw_held(plan, request, parts, held))
            outlook.take((), plan.capacity_days())
            outlook.hand_on(own)
        waiting = tuple(wait_for(plan, draws, request, parts))
        draft = Draft(position, order, request, plan, draws, waiting, reserved)
        self._drafts.append(draft)
        if waiting:  # a new catalog may come before the locks: what it accepts is kept as planned
            self._accepting[position] = outlook.accepting(request, plan.rejections)
            points = self._would_wait_at(draft, parts)
            self._waits_at[position] = {one: outlook.stock.available(one) for one in points}

    def _reserved_for(self, order: NewOrder) -> tuple[Reserved, Held | None, Days]:
        """Return units and days of the order's reservation; None: it has none, or too late."""
        if order.reservation is None:
            return "none", None, ()
        named = PublicId(order.reservation)
        found = self._reserved[named]
        if isinstance(found, str):
            return "lapsed", None, ()
        return "consumed", [(unit.point, unit.units) for unit in found], self._days[named]

    def record(self) -> None:
        """Write down what was decided on: others wait for the stock that is locked next."""
        self._recorded = {one.position: recorded(one.plan) for one in self._drafts}

    def lock_and_keep(self) -> None:
        """Lock what the drafts chose and would wait for; keep those whose units still stand."""
        days = {day for one in self._drafts for day in one.plan.capacity_days()}
        room = lock_days(self._tx, days.union(*self._days.values()), self._now)
        points = {found.point for one in self._drafts for found in one.draws}
        points |= {point for sale in self._sales for point in self._sale_points(sale)}
        self._lock(points, self._waiting_shelves(self._drafts))
        kept = [units for units in self._reserved.values() if not isinstance(units, str)]
        held = [unit for units in kept for unit in units]
        sold = [self._sale_points(sale) for sale in self._sales]
        floors = {point: self._outlook.floor(point) for point in self._balances}
        standing = stand(self._balances, held, sold, floors, room, self._days)
        drafts, gone = part_doubles(self._drafts)
        self._kept, lost = keep(drafts, standing, self._has_news)
        self._serves = standing.has_left(self._waiting_shelves(self._kept))
        self.answers |= {one.position: Undecided() for one in (*gone, *lost)}
        used = [one.order.reservation for one in self._kept if one.reserved == "consumed"]
        carts = [PublicId(one) for one in used if one]
        consume(self._tx, {cart: self._days[cart] for cart in carts}, self._now)

    def _lock(self, points: set[StockPoint], shelves: set[tuple[Sku, NodeId]]) -> None:
        """Lock points; where drafts may wait, also all lots and what serving them may touch."""
        tx, now = self._tx, self._now
        found = find_shelves(tx, shelves) if shelves else []
        points = {*points, *found, *(StockPoint(*one) for one in shelves)} - self._balances.keys()
        if points and shelves:
            skus = {sku for sku, _ in shelves}
            self._balances |= lock_for_waiting(tx, points, skus, now)
        elif points:
            self._balances |= lock_points(tx, points, now)

    def _waiting_shelves(self, drafts: Sequence[Draft]) -> set[tuple[Sku, NodeId]]:
        waits = (draft.position for draft in drafts if draft.waiting)
        return {(one.sku, one.node) for position in waits for one in self._waits_at[position]}

    def _would_wait_at(
        self, draft: Draft, parts: Mapping[Sku, Sequence[KitPart]]
    ) -> set[StockPoint]:
        return {
            StockPoint(part.sku, node)
            for wait in draft.waiting
            for part in parts[draft.order.lines[wait.line_no - 1].sku]
            for node in self._accepting[draft.position][wait.line_no]
        }

    def _sale_points(self, sale: Sale) -> Counter[StockPoint]:
        return sale.points(self._outlook.parts(sale.order.lines))

    def _has_news(self, draft: Draft) -> bool:
        return any(
            self._balances[point].available > known
            for point, known in self._waits_at[draft.position].items()
        )

    def _lacking(self) -> set[Sku]:
        return {
            sku
            for request, refusal in self._refusals.values()
            if refusal.reason in FOR_LACK_OF_STOCK
            for sku in self._outlook.world.components(request.lines)
        }

    def has_refusals(self) -> bool:
        """Say whether any plan was a refusal."""
        return bool(self._refusals)

    def refuse_on_fresh_read(self) -> None:
        """Refuse only what a fresh read refuses too, less the units of the plans that hold."""
        outlook, lacking = self._outlook, self._lacking()
        if lacking:
            outlook.learn_stock(read_levels(self._tx, lacking, outlook.coming(lacking)))
        rose = outlook.levels(lacking).risen_since(self._levels)
        if rose:
            outlook.take(
                ((found.point, found.units) for one in self._kept for found in one.draws), ()
            )
        for position, (request, refusal) in self._refusals.items():
            may_stand = refusal.reason in FOR_LACK_OF_STOCK and not rose.isdisjoint(
                outlook.world.components(request.lines)
            )
            again = outlook.plan(request) if may_stand else refusal
            if isinstance(again, Refusal):
                self.answers[position] = refused(again, self._asked[position].order)
            else:
                self.answers[position] = Undecided()

    def write(self) -> None:
        """Write everything that was kept, set by set, and announce it."""
        rows = self._number()
        if not rows:
            return
        tx, now = self._tx, self._now
        store.insert_orders(tx, [new.header for new in rows])
        contacts = [
            (new.header.order_id, contact)
            for new in rows
            if (contact := new.header.order.contact) is not None
        ]
        store.insert_contacts(tx, contacts)
        store.insert_lines(tx, [line for new in rows for line in new.lines])
        store.insert_parcels(tx, [parcel for new in rows for parcel in new.parcels])
        quantities = [quantity for new in rows for quantity in new.quantities]
        sent_by = {new.header.order_id: self._asked[new.kept.position].by for new in rows}
        store.insert_quantities(tx, quantities, sent_by, now)
        self._move_stock(rows)
        decided = [
            Decision(new.header.order_id, "source", self._recorded[new.kept.position])
            for new in rows
            if isinstance(new.kept, Draft)
        ]
        remember(tx, decided, now)
        announce(tx, [fact for new in rows for fact in facts(new)], now)
        if self._serves:  # a plan left units that its order now waits for: nobody later gets them
            skus = {sku for sku, _ in self._waiting_shelves(self._kept)}
            serve_claims(tx, self._balances, now, skus=skus, queues="unlocked")
        self.answers |= {new.kept.position: placed(new) for new in rows}

    def _number(self) -> list[NewRows]:
        every: list[Draft | Sale] = [*self._kept, *self._sales]
        kept = sorted(every, key=lambda one: one.position)
        lines = sum(len(one.order.lines) for one in kept)
        parcels = sum(len(one.plan.parcels) for one in self._kept)
        drawn = store.draw_numbers(self._tx, len(kept), lines, parcels)
        numbers = (iter(drawn[0]), iter(drawn[1]), iter(drawn[2]))
        channels = self._outlook.channels
        return [
            new_rows(one, channels[one.order.channel], numbers, new_id(), self._now) for one in kept
        ]

    def _move_stock(self, rows: Sequence[NewRows]) -> None:
        tx, now = self._tx, self._now
        sold = [
            TillSale(
                new_id(),
                StockPoint(part.sku, new.kept.till()),
                part.units * line.line.units,
                line.line_id,
            )
            for new in rows
            if isinstance(new.kept, Sale)
            for line in new.lines
            for part in self._outlook.parts(new.kept.order.lines)[line.line.sku]
        ]
        sell_at_till(tx, sold, now)
        ids = {point: balance.point_id for point, balance in self._balances.items()}
        commit_units(tx, [take for new in rows for take in takes(new, ids)], now)
        wishes = [
            wish
            for new in rows
            if isinstance(new.kept, Draft) and new.kept.waiting
            for wish in claims(
                new, self._outlook.parts(new.kept.order.lines), self._accepting[new.kept.position]
            )
        ]
        open_claims(tx, wishes, now)
        held = [
            Hold(one.order_id, one.parcel_id, NodeDay(one.parcel.node, one.parcel.capacity_on))
            for new in rows
            for one in new.parcels
        ]
        hold_capacity(tx, held, now)

    def settle_keys(self) -> None:
        """Keep the answers of what was written, forget the keys of the rest, answer the doubles."""
        asked = self._asked
        written = {
            asked[position].key(): msgspec.json.encode(answer).decode()
            for position in self._fresh
            if isinstance(answer := self.answers[position], Placed)
        }
        store_answers(self._tx, written)
        forget_keys(
            self._tx,
            [key for position in self._fresh if (key := asked[position].key()) not in written],
        )
        first = {asked[position].key(): position for position in sorted(self.answers, reverse=True)}
        for position, one in enumerate(asked):
            if position not in self.answers:
                self.answers[position] = as_first(
                    one, asked[first[one.key()]], self.answers[first[one.key()]]
                )
