"""Which units of an order come back. Pure."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID, uuid5

from oneshelf.base.identifiers import NodeId, OrderId
from oneshelf.catalog.products import KitPart
from oneshelf.inventory.ledger import StockPoint
from oneshelf.inventory.lines.handling import Condition, Returned
from oneshelf.orders.lifecycle import Status
from oneshelf.orders.progress.order_state import Line, OrderState
from oneshelf.orders.progress.quantities import Move

WITH_THE_CUSTOMER: tuple[Status, ...] = ("delivered", "handed_over", "shipped")


@dataclass(frozen=True, slots=True)
class Return:
    """Units of one line that stand on the counter. The request's id makes a repeat harmless."""

    request: UUID
    order_id: OrderId
    line_no: int
    units: int
    node: NodeId
    condition: Condition

    def __post_init__(self) -> None:
        """Refuse what only a bug in the caller can ask for."""
        if self.units < 1:
            raise ValueError(f"a return is of at least 1 unit, got {self.units}")


@dataclass(frozen=True, slots=True)
class ReturnAnswer:
    """What became of a return. units_returnable: of the line, had it been fewer."""

    request: UUID
    outcome: Literal[
        "received", "already_received", "more_than_sold", "unknown_order", "unknown_line"
    ]
    units_returnable: int = 0


def return_moves(order: OrderState, wanted: Return) -> tuple[list[Move], ReturnAnswer]:
    """Return the moves of one return and its answer: all of its units or none."""
    line = order.line_numbered(wanted.line_no)
    if line is None:
        return [], ReturnAnswer(wanted.request, "unknown_line")
    there = [
        quantity
        for quantity in order.standing_in(WITH_THE_CUSTOMER)
        if quantity.line_id == line.line_id
    ]
    returnable = sum(quantity.units for quantity in there)
    if returnable < wanted.units:
        return [], ReturnAnswer(wanted.request, "more_than_sold", returnable)
    moves: list[Move] = []
    left = wanted.units
    for quantity in sorted(there, key=lambda one: WITH_THE_CUSTOMER.index(one.status)):
        if units := min(left, quantity.units):
            moves.append(quantity.to("returned", wanted.condition, units))
            left -= units
    return moves, ReturnAnswer(wanted.request, "received", returnable - wanted.units)


def to_stock(wanted: Return, line: Line, parts: tuple[KitPart, ...]) -> list[Returned]:
    """Return the units that go onto shelves: components, if the line is a kit."""
    return [
        Returned(
            request=uuid5(wanted.request, part.sku),
            point=StockPoint(part.sku, wanted.node),
            units=part.units * wanted.units,
            condition=wanted.condition,
            line_id=line.line_id,
        )
        for part in parts
    ]
