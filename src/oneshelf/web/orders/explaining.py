"""Why an order goes where it goes, in sentences."""

from datetime import datetime

from oneshelf.base.database import Transaction
from oneshelf.base.identifiers import OrderId
from oneshelf.matching.decisions.actions import find_decisions
from oneshelf.matching.explanation import explain
from oneshelf.web.decoding import Shape
from oneshelf.web.doors import reading
from oneshelf.web.orders import reads
from oneshelf.web.orders.looking import OrderNumbered, unknown_order


class DecisionTold(Shape, frozen=True):
    """One decision about the order, a sentence each."""

    decided_at: datetime
    kind: str
    sentences: tuple[str, ...]


class OrderExplained(Shape, frozen=True):
    """Decisions, oldest first; kept for some months only."""

    number: OrderId
    decisions: list[DecisionTold]


def explain_order(tx: Transaction, asked: OrderNumbered) -> OrderExplained:
    """Return why an order goes where it goes."""
    number = OrderId(asked.number)
    if reads.find_order(tx, number) is None:
        raise unknown_order(number)
    return OrderExplained(
        number=number,
        decisions=[
            DecisionTold(decided_at=one.decided_at, kind=one.kind, sentences=explain(one.record))
            for one in find_decisions(tx, number)
        ],
    )


DOORS = (
    reading(
        "/api/v1/orders/{number}/explain",
        "read:orders",
        "Why an order goes where it goes",
        explain_order,
        OrderNumbered,
        OrderExplained,
    ),
)
