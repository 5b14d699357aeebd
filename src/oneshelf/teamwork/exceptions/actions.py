"""Show people what no rule could settle, and take it away when it is settled."""

from collections.abc import Collection, Sequence
from datetime import datetime

from oneshelf.base.database import Transaction
from oneshelf.base.facts import Fact
from oneshelf.orders.facts import AboutOrder
from oneshelf.teamwork.exceptions import store
from oneshelf.teamwork.exceptions.exceptions import ExceptionId, exception_of


def open_exceptions(tx: Transaction, facts: Sequence[Fact], now: datetime) -> None:
    """Open an exception for each fact that needs a person, unless the same one is open."""
    found = [exception for fact in facts if (exception := exception_of(fact))]
    if found:
        store.add(tx, found, now)


def close_solved(tx: Transaction, facts: Sequence[AboutOrder], now: datetime) -> None:
    """Close what was open because an order's lines had no units, once they all have."""
    orders = {fact.order_id for fact in facts}
    if solved := store.find_solved(tx, "lines_unsourced", orders):
        store.close(tx, solved, now)


def close(tx: Transaction, exception_ids: Collection[ExceptionId], now: datetime) -> int:
    """Close exceptions that somebody took care of; return how many were open."""
    return len(store.close(tx, exception_ids, now)) if exception_ids else 0
