"""One look at the database for every browser: what is new goes to all of them.

The thread watches only while somebody does. Without news a look is one query of an index.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from threading import Event, Lock, Thread

import structlog

from oneshelf.base.clock import read_now
from oneshelf.base.database import Database, Transaction
from oneshelf.base.errors import OneshelfError
from oneshelf.base.identifiers import FactId
from oneshelf.web.live import reads, rendering, scene
from oneshelf.web.live.counting import Counter
from oneshelf.web.live.mailbox import Mailbox, Message

LOOK_EVERY_S = 0.15
AFTER_FAILURE_S = 1.0
LATE_S = 10.0  # a transaction that commits later than this after the next is not drawn
SEEN_MAX = 2_000
ARCS_PER_LOOK = 40
BROWSERS_MAX = 1_000
STAGE_REMEMBERED_S = 2.0  # while nobody watches
REST_FACTOR = 10  # a part may take a tenth of the time
LOG = structlog.get_logger("oneshelf.web.live")

Draw = Callable[[Transaction, scene.Stage, datetime], None]


@dataclass(slots=True)
class _Part:
    """One part of the page. every_s: not more often; is_stale: something may have changed it."""

    draw: Draw
    every_s: float
    follows_time: bool = False  # drawn without news too
    is_stale: bool = True
    due_s: float = 0.0


class Feed:
    """All browsers of one process."""

    def __init__(self, database: Database, stopping: Event) -> None:
        """Watch nothing until somebody comes. stopping: ends every stream."""
        self._database = database
        self._stopping = stopping
        self.counter = Counter()
        self._lock = Lock()
        self._mailboxes: set[Mailbox] = set()
        self._newcomers: list[Mailbox] = []
        self._is_watching = False
        self._parts = {
            "clock": _Part(self._draw_clock, 1.0, follows_time=True),
            "orders": _Part(self._draw_orders, 0.3),
            "decision": _Part(self._draw_decision, 5.0),  # time to read it
            "shelf": _Part(self._draw_shelves, 0.5),
            "figures": _Part(self._draw_figures, 1.0),
            "stage": _Part(self._set_stage, 60.0, follows_time=True),
        }
        self._stage: scene.Stage | None = None
        self._stage_until_s = 0.0
        self._stage_read_to = FactId(0)
        self._articles: dict[str, reads.Article | None] = {}
        self._floor = FactId(0)
        self._has_floor = False
        self._seen: dict[FactId, float] = {}
        self._sent: dict[str, str] = {}
        self._known_order = 0
        self._rows: tuple[scene.OrderRow, ...] = ()
        self._best: tuple[float, reads.Article | None] = (0.0, None)

    def stage(self, tx: Transaction) -> scene.Stage:
        """Return the stage as the watcher set it, or set it now."""
        with self._lock:
            known, is_fresh = self._stage, time.monotonic() < self._stage_until_s
            if known is not None and (self._is_watching or is_fresh):
                return known
        return self._renew_stage(tx)

    def _renew_stage(self, tx: Transaction) -> scene.Stage:
        read_to = reads.read_newest_fact(tx)
        stage = scene.set_stage(tx, self._stage)
        with self._lock:
            self._stage = stage
            self._stage_read_to = read_to
            self._stage_until_s = time.monotonic() + STAGE_REMEMBERED_S
            self._articles.clear()
        return stage

    def is_full(self) -> bool:
        """Say whether as many browsers watch as one process serves."""
        with self._lock:
            return len(self._mailboxes) >= BROWSERS_MAX

    def join(self, mailbox: Mailbox) -> None:
        """Let a browser watch."""
        with self._lock:
            self._mailboxes.add(mailbox)
            self._newcomers.append(mailbox)
            for part in self._parts.values():
                part.is_stale = True
            self._sent.clear()
            if not self._is_watching:
                self._is_watching = True
                Thread(target=self._watch, name="live", daemon=True).start()

    def leave(self, mailbox: Mailbox) -> None:
        """Let a browser go."""
        with self._lock:
            self._mailboxes.discard(mailbox)

    def _watch(self) -> None:
        self._has_floor, self._seen = False, {}
        while self._somebody_watches():
            pause_s = LOOK_EVERY_S
            try:
                with self._database.transaction("web", "live page") as tx:
                    self._look(tx)
            except OneshelfError as error:
                LOG.warning("waiting", code=error.code)
                pause_s = AFTER_FAILURE_S
            self._stopping.wait(pause_s)

    def _somebody_watches(self) -> bool:
        with self._lock:
            if self._stopping.is_set():
                for mailbox in self._mailboxes:
                    mailbox.close()
                self._mailboxes.clear()
            self._is_watching = bool(self._mailboxes)
            return self._is_watching

    def _look(self, tx: Transaction) -> None:
        stage = self._stage or self._renew_stage(tx)
        if not self._has_floor:
            self._floor, self._has_floor = reads.read_newest_fact(tx), True
            is_current = self._floor == self._stage_read_to  # else the catalog may have changed
            rest_s = self._parts["stage"].every_s if is_current else 0.0
            self._parts["stage"].due_s = time.monotonic() + rest_s
        fresh = self._read_fresh(tx)
        placed = [fact for fact in fresh if fact.body][:ARCS_PER_LOOK]
        if placed:
            arcs = scene.draw_arcs(stage, placed, None)
            self._tell([Message("arcs", rendering.encode_arcs(arcs), self._newest())])
        self._greet(tx, stage)
        if any(fact.name in {"CatalogChanged", "BuffersChanged"} for fact in fresh):
            part = self._parts["stage"]
            part.due_s = min(part.due_s, self._stage_until_s)
        started_s = time.monotonic()
        due = [
            part
            for part in self._parts.values()
            if part.due_s <= started_s and (part.follows_time or part.is_stale or fresh)
        ]
        for part in self._parts.values():
            part.is_stale = part.is_stale or bool(fresh)
        if not due:
            return
        now = read_now(tx)
        for part in due:
            part.is_stale = False
            before_s = time.monotonic()
            part.draw(tx, stage, now)
            after_s = time.monotonic()
            part.due_s = after_s + max(part.every_s, REST_FACTOR * (after_s - before_s))

    def _greet(self, tx: Transaction, stage: scene.Stage) -> None:
        """Send newcomers the orders that were placed since their page was drawn."""
        with self._lock:
            newcomers, self._newcomers = [box for box in self._newcomers if box.after], []
        if not newcomers:
            return
        newest = reads.read_newest_fact(tx)
        facts = reads.read_orders_before(tx, newest)
        now = read_now(tx)
        for mailbox in newcomers:
            missed = [fact for fact in facts if fact.fact_id > mailbox.after]
            if arcs := scene.draw_arcs(stage, missed, now):
                mailbox.put([Message("arcs", rendering.encode_arcs(arcs), int(newest))])

    def _read_fresh(self, tx: Transaction) -> list[reads.FreshFact]:
        fresh = reads.read_fresh_facts(tx, self._floor, self._seen)
        now_s = time.monotonic()
        self._seen |= {fact.fact_id: now_s for fact in fresh}
        ordered = sorted(self._seen)
        settled = [
            fact_id
            for place, fact_id in enumerate(ordered)
            if now_s - self._seen[fact_id] > LATE_S or len(ordered) - place > SEEN_MAX
        ]
        if settled:
            self._floor = max(settled)
            self._seen = {fact: at for fact, at in self._seen.items() if fact > self._floor}
        return fresh

    def _newest(self) -> int:
        return max(self._seen, default=self._floor)

    def _tell(self, messages: list[Message], sku: str | None = None) -> None:
        with self._lock:
            readers = [box for box in self._mailboxes if sku is None or box.sku == sku]
        for mailbox in readers:
            mailbox.put(messages)

    def _send(self, event: str, text: str, sku: str | None = None) -> None:
        key = event if sku is None else f"{event} {sku}"
        with self._lock:
            is_news = self._sent.get(key) != text
            self._sent[key] = text
        if is_news:
            self._tell([Message(event, text, self._newest())], sku)

    def _draw_clock(self, _tx: Transaction, stage: scene.Stage, now: datetime) -> None:
        self._send("clock", rendering.render_clock(stage, now))

    def _draw_orders(self, tx: Transaction, stage: scene.Stage, now: datetime) -> None:
        rows = scene.show_orders(tx, stage, stage.today(now))
        newest = rows[0].number if rows else 0
        known, self._known_order = self._known_order or newest, newest
        if rows != self._rows or "orders" not in self._sent:
            self._rows = rows
            self._send("orders", rendering.render_orders(rows, known))

    def _draw_decision(self, tx: Transaction, stage: scene.Stage, _now: datetime) -> None:
        self._send("decision", rendering.render_decision(scene.show_decision(tx, stage)))

    def _draw_figures(self, tx: Transaction, stage: scene.Stage, now: datetime) -> None:
        self._send("figures", rendering.render_figures(self.counter.count(tx, stage, now)))

    def _draw_shelves(self, tx: Transaction, stage: scene.Stage, now: datetime) -> None:
        with self._lock:
            wanted = {mailbox.sku for mailbox in self._mailboxes}
        for sku in wanted:
            article = self._article(tx, sku) if sku else self._best_seller(tx, stage, now)
            if article or not sku:
                shelf = scene.show_shelf(tx, stage, article) if article else None
                self._send("shelf", rendering.render_shelf(shelf), sku)

    def _article(self, tx: Transaction, sku: str) -> reads.Article | None:
        if sku not in self._articles:
            self._articles[sku] = reads.find_article(tx, sku)
        return self._articles[sku]

    def _best_seller(
        self, tx: Transaction, stage: scene.Stage, now: datetime
    ) -> reads.Article | None:
        looked_s, article = self._best
        if article is None or time.monotonic() - looked_s > self._parts["stage"].every_s:
            article = scene.choose_article(tx, stage, now)
            self._best = (time.monotonic(), article)
        return article

    def _set_stage(self, tx: Transaction, _stage: scene.Stage, _now: datetime) -> None:
        stage = self._renew_stage(tx)
        self._send("ground", stage.ground())
        self._send("places", rendering.render_places(stage))
