"""Which facts need a person. Pure."""

from dataclasses import dataclass
from typing import Literal, NewType

from oneshelf.base.facts import Fact
from oneshelf.base.identifiers import NodeId, OrderId
from oneshelf.inventory.facts import UnitsFoundAtTill
from oneshelf.orders.facts import LinesUnsourced
from oneshelf.outbound.facts import PickupCodeLocked

ExceptionId = NewType("ExceptionId", int)
Kind = Literal[
    "found_at_till",  # sold over the counter, though no shelf showed it: count it
    "lines_unsourced",  # sold, and nobody has the units
    "pickup_code_locked",  # too many wrong codes at a counter
]


@dataclass(frozen=True, slots=True)
class NewException:
    """Something a person should look at."""

    kind: Kind
    subject: str
    order_id: OrderId | None
    node: NodeId | None
    detail: str


def exception_of(fact: Fact) -> NewException | None:
    """Return what a person should look at because of a fact; None if nothing."""
    match fact:
        case UnitsFoundAtTill():
            detail = f"{fact.units} units of {fact.sku} sold that no shelf showed"
            return NewException("found_at_till", fact.subject(), None, fact.node, detail)
        case LinesUnsourced():
            lines = "1 line" if len(fact.lines) == 1 else f"{len(fact.lines)} lines"
            detail = f"{lines} without a unit: {fact.reason.replace('_', ' ')}"
            return NewException("lines_unsourced", fact.subject(), fact.order_id, None, detail)
        case PickupCodeLocked():
            detail = f"parcel {fact.parcel_id}: {fact.wrong_attempts} wrong codes"
            return NewException(
                "pickup_code_locked", fact.subject(), fact.order_id, fact.node, detail
            )
        case _:
            return None
