"""The nouns of the stock ledger. Units are whole sellable units. Pure.

What a batch makes and hashes by the thousand is a struct: a frozen one is made ten times and hashed
four times as fast as a frozen dataclass.
"""

from datetime import datetime
from typing import Literal, get_args

from msgspec import Struct

from oneshelf.base.identifiers import LineId, NodeId, OrderId, PointId, ReceiptLineId, Sku

State = Literal[
    "available",  # on the shelf and free
    "reserved",  # on the shelf, in a cart or checkout with a time limit
    "committed",  # on the shelf, belongs to an order
    "picked",  # in a tote, not yet with the carrier
    "damaged",  # on hand, not for sale
    "quality_hold",  # on hand, not for sale until checked
    "in_transit",  # on its way between our nodes, counted at the destination
    "expected",  # on a receipt line, free
    "promised",  # on a receipt line, belongs to an order
    "outside",  # suppliers, customers, loss: the rest of the world; the only one below zero
]
STATES: tuple[State, ...] = get_args(State)
ON_HAND: tuple[State, ...] = (
    "available",
    "reserved",
    "committed",
    "picked",
    "damaged",
    "quality_hold",
)


class StockPoint(Struct, frozen=True):
    """The smallest place where stock is counted: a shelf's lot, or a line of an inbound receipt."""

    sku: Sku
    node: NodeId
    lot: str | None = None
    receipt_line: ReceiptLineId | None = None


class Movement(Struct, frozen=True):
    """Units of one point that change state. Double entry: what leaves one enters the other.

    subject: whose units: `line:12`, `reservation:...`, or empty. A move between points is two
    movements through `outside` that carry one transfer.
    """

    point: PointId
    source: State
    target: State
    units: int
    reason: str
    subject: str = ""
    transfer: str = ""

    def __post_init__(self) -> None:
        """Refuse what the tables would refuse too (see the CHECKs in tables.sql)."""
        if self.source == self.target:
            raise ValueError(f"a movement needs two states, got {self.source} twice")
        if self.units < 1:
            raise ValueError(f"a movement moves at least 1 unit, got {self.units}")


class Balance(Struct, frozen=True):
    """A point's units by state. version: raised by each change."""

    point_id: PointId
    point: StockPoint
    available: int
    reserved: int
    committed: int
    picked: int
    damaged: int
    quality_hold: int
    in_transit: int
    expected: int
    promised: int
    outside: int
    version: int

    def on_hand(self) -> int:
        """Return the units that stand on the shelf, in whatever state."""
        return (
            self.available
            + self.reserved
            + self.committed
            + self.picked
            + self.damaged
            + self.quality_hold
        )


Source = Literal["available", "reserved", "expected"]
Bound = Literal["committed", "picked", "promised"]
BOUND: frozenset[State] = frozenset({"committed", "picked", "promised"})


class Take(Struct, frozen=True):
    """Units of one point that begin to belong to an order's line.

    source: `available` and `reserved` become committed, `expected` becomes promised.
    promised_at: when the customer was told to have them; null is no promise.
    """

    line_id: LineId
    order_id: OrderId
    point_id: PointId
    units: int
    source: Source = "available"
    promised_at: datetime | None = None


class Commitment(Struct, frozen=True):
    """Units of one point that belong to an order's line."""

    line_id: LineId
    order_id: OrderId
    point_id: PointId
    point: StockPoint
    state: Bound
    units: int
    promised_at: datetime | None


class Step(Struct, frozen=True):
    """Units of a line that change state at one point; a state outside BOUND is nobody's."""

    line_id: LineId
    order_id: OrderId
    point_id: PointId
    source: State
    target: State
    units: int
    reason: str
    promised_at: datetime | None = None
    transfer: str = ""
