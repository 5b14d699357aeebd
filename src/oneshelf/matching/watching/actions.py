"""Load a process's outlook and bring it forward by the facts that became visible."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import msgspec

from oneshelf.base.database import Transaction
from oneshelf.base.facts import Fact
from oneshelf.base.policies import PolicyDecided, read_policy
from oneshelf.base.reading import FactRow, await_facts, visible_facts
from oneshelf.catalog.actions import load_catalog
from oneshelf.catalog.assortment import Catalog
from oneshelf.catalog.facts import CatalogChanged
from oneshelf.inventory.buffers import BufferPolicy
from oneshelf.inventory.facts import StockChanged
from oneshelf.inventory.levels.actions import read_all_levels
from oneshelf.matching.capacity.actions import load_capacity
from oneshelf.matching.capacity.facts import CapacityChanged
from oneshelf.matching.outlook import Known, Outlook, compile_known
from oneshelf.matching.policy import SourcingPolicy

SOURCING_POLICY = "sourcing"
BUFFER_POLICY = "buffers"
IDS_WATCHED = 2_000
DAYS_BEHIND = timedelta(days=7)
KINDS = ("StockChanged", "CapacityChanged", "CatalogChanged", "PolicyDecided")


@dataclass(frozen=True, slots=True)
class News:
    """Facts that became visible, of those above an id."""

    rows: Sequence[FactRow]
    above: int


class Watch:
    """One process's outlook and how far it has read."""

    def __init__(self, tx: Transaction, now: datetime) -> None:
        """Load everything."""
        self.complete_to = 0
        self._seen: set[int] = set()
        self.outlook = Outlook(_load(tx, now), now.date())

    def refresh(self, tx: Transaction, complete_to: int, now: datetime) -> int:
        """Take over what became visible; return how many facts. complete_to: as in `take_over`."""
        rows = visible_facts(tx, KINDS, self.complete_to, self._seen)
        self.take_over(tx, rows, complete_to, now)
        return len(rows)

    def await_news(self, tx: Transaction, patience: timedelta) -> News:
        """Wait until something is visible that was not taken over, or patience has run out.

        Looks at the newest 2,000 ids: while an old transaction is open, many more are known above
        the safe id, and each look would go through them. An older fact that appears late is left
        to `refresh`.
        """
        above = max(self.complete_to, self._window())
        known = [fact_id for fact_id in tuple(self._seen) if fact_id > above]
        return News(await_facts(tx, KINDS, above, known, patience), above)

    def watches_all(self) -> bool:
        """Say whether `await_news` would see every fact that is not known."""
        return self._window() <= self.complete_to

    def _window(self) -> int:
        return max(self._seen, default=0) - IDS_WATCHED

    def take_over_news(self, tx: Transaction, news: News, complete_to: int, now: datetime) -> None:
        """Take over what was waited for. complete_to: the safe id, looked up before the waiting."""
        is_whole = news.above <= self.complete_to  # else an older one may have appeared unseen
        self.take_over(tx, news.rows, complete_to if is_whole else self.complete_to, now)

    def take_over(
        self, tx: Transaction, rows: Sequence[FactRow], complete_to: int, now: datetime
    ) -> None:
        """Take over these facts. complete_to: the safe id, looked up before they were read.

        Order and repeats are harmless: figures carry versions. A new catalog or policy is loaded
        whole.
        """
        fresh = [row for row in rows if row.fact_id not in self._seen]
        if any(row.name in {CatalogChanged.__name__, PolicyDecided.__name__} for row in fresh):
            self.outlook.replace(_load(tx, now), now.date())
        else:
            for row in fresh:
                self._tell(row.name, row.body)
        self._seen |= {row.fact_id for row in fresh}
        if complete_to > self.complete_to:
            self.complete_to = complete_to
            self._seen = {fact_id for fact_id in self._seen if fact_id > complete_to}

    def learn(self, facts: Sequence[Fact]) -> None:
        """Take over figures of facts that are written; to read them again does no harm."""
        for fact in facts:
            match fact:
                case StockChanged():
                    self.outlook.learn_stock(fact)
                case CapacityChanged():
                    self.outlook.learn_capacity(fact)
                case _:
                    pass

    def _tell(self, name: str, body: str) -> None:
        kind = StockChanged if name == StockChanged.__name__ else CapacityChanged
        self.learn([msgspec.json.decode(body, type=kind)])


def _load(tx: Transaction, now: datetime) -> Known:
    known = compile_known(*_decided(tx), now.date())
    known.stock.apply(read_all_levels(tx))
    known.capacity.apply(load_capacity(tx, now.date() - DAYS_BEHIND))
    return known


def _decided(tx: Transaction) -> tuple[Catalog, SourcingPolicy, BufferPolicy]:
    sourcing, version = read_policy(tx, SOURCING_POLICY, SourcingPolicy, SourcingPolicy())
    buffers, _ = read_policy(tx, BUFFER_POLICY, BufferPolicy, BufferPolicy())
    return load_catalog(tx), replace(sourcing, version=version or sourcing.version), buffers
