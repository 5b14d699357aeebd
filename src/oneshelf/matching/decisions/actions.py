"""Keep, find and forget decision records. Each action runs inside the caller's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from oneshelf.base.database import Transaction
from oneshelf.base.identifiers import OrderId
from oneshelf.matching.decision_record import Record, decode, encode, record
from oneshelf.matching.decisions import store
from oneshelf.matching.plan import Plan

DecisionKind = Literal["promise", "source", "resource"]

KEPT_DAYS = 90
FORGOTTEN_AT_ONCE_MAX = 5_000


@dataclass(frozen=True, slots=True)
class Recorded:
    """What is kept of a plan, of one in stages each: the policy's version and the record."""

    stages: tuple[tuple[int, bytes], ...]


@dataclass(frozen=True, slots=True)
class Decided:
    """A plan that was made for an order."""

    order_id: OrderId
    kind: DecisionKind
    recorded: Recorded


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision as it was kept."""

    decision_id: int
    order_id: OrderId
    kind: str
    decided_at: datetime
    record: Record


def recorded(plan: Plan) -> Recorded:
    """Return what is to be kept of a plan. Takes a while: before stock is locked, if it can."""
    return Recorded(
        tuple((stage.policy_version, encode(record(stage))) for stage in plan.stages or (plan,))
    )


def remember(tx: Transaction, decided: Sequence[Decided], now: datetime) -> list[int]:
    """Keep the records of plans; return their ids in order."""
    kept = [(each, *stage) for each in decided for stage in each.recorded.stages]
    if not kept:
        return []
    return store.insert(
        tx,
        [each.order_id for each, _, _ in kept],
        [each.kind for each, _, _ in kept],
        [policy_version for _, policy_version, _ in kept],
        [of_stage for _, _, of_stage in kept],
        now,
    )


def find_decisions(tx: Transaction, order_id: OrderId) -> list[Decision]:
    """Return the decisions of an order, oldest first."""
    return [
        Decision(row.decision_id, row.order_id, row.kind, row.decided_at, decode(row.record))
        for row in store.find(tx, order_id)
    ]


def forget_old(tx: Transaction, now: datetime, kept_days: int = KEPT_DAYS) -> int:
    """Delete up to 5,000 records older than so many days; return how many. Safe to repeat."""
    return store.delete_before(tx, now - timedelta(days=kept_days), FORGOTTEN_AT_ONCE_MAX)
