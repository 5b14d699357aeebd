"""What is said about a shelf, and what follows for its units. Pure."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from oneshelf.base.identifiers import NodeId
from oneshelf.inventory.ledger import Balance, StockPoint

Grade = Literal["available", "damaged", "quality_hold"]


@dataclass(frozen=True, slots=True)
class Adjusted:
    """So many units more or less of one grade. request: the same one again does nothing."""

    request: UUID
    point: StockPoint
    units: int
    reason: str
    grade: Grade = "available"


@dataclass(frozen=True, slots=True)
class Counted:
    """Units seen on the shelf: free, held or committed ones, not in totes, damaged or on hold."""

    request: UUID
    point: StockPoint
    units: int
    reason: str = "counted"


@dataclass(frozen=True, slots=True)
class Variance:
    """How a count differed from the books, and what nobody had to lose though it was missing."""

    request: UUID
    point: StockPoint
    units: int


@dataclass(frozen=True, slots=True)
class Regraded:
    """Units of a shelf that are of another grade now."""

    request: UUID
    point: StockPoint
    source: Grade
    target: Grade
    units: int


@dataclass(frozen=True, slots=True)
class Sent:
    """Units that leave one node's shelf for another node's."""

    request: UUID
    source: StockPoint
    node: NodeId
    units: int

    def target(self) -> StockPoint:
        """Return the point where the units are in transit, and later stand."""
        return StockPoint(self.source.sku, self.node, self.source.lot)


@dataclass(frozen=True, slots=True)
class Arrived:
    """Units in transit to a point that came. units: fit for sale; lost ones never came."""

    request: UUID
    point: StockPoint
    units: int
    units_damaged: int = 0
    units_lost: int = 0


def on_shelf(balance: Balance) -> int:
    """Return what a count of the shelf should find."""
    return balance.available + balance.reserved + balance.committed
