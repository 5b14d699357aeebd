"""What an associate reports about a tote with units that no order wants. Pure."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from oneshelf.base.identifiers import NodeId, OrderId, Sku
from oneshelf.inventory.recalls.recalled import Found


@dataclass(frozen=True, slots=True)
class ToteReport:
    """Units of an order's line that left their tote; the same request twice moves once."""

    request: UUID
    order_id: OrderId
    line_no: int
    node: NodeId
    sku: Sku
    units: int
    found: Found


@dataclass(frozen=True, slots=True)
class ToteAnswer:
    """units: moved now, never more than were called back."""

    order_id: OrderId
    line_no: int
    outcome: Literal["put_back", "nothing_to_put_back", "unknown_order", "unknown_line"]
    units: int = 0
