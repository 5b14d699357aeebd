"""Facts inventory announces. Pure."""

from dataclasses import dataclass
from datetime import datetime

from oneshelf.base.facts import Fact
from oneshelf.base.identifiers import LineId, NodeId, OrderId, PointId, PublicId, ReceiptLineId, Sku


@dataclass(frozen=True, slots=True)
class StockChanged(Fact):
    """Points changed. Parallel tuples, one place a point: figures after the change, and version.

    due_at: of a receipt line. available is 0 on a receipt line, expected is 0 on a shelf.
    """

    point_id: tuple[PointId, ...]
    sku: tuple[Sku, ...]
    node: tuple[NodeId, ...]
    lot: tuple[str | None, ...]
    receipt_line: tuple[ReceiptLineId | None, ...]
    due_at: tuple[datetime | None, ...]
    available: tuple[int, ...]
    expected: tuple[int, ...]
    version: tuple[int, ...]

    def subject(self) -> str:
        """Return the stock as a whole: versions make order harmless."""
        return "stock"


@dataclass(frozen=True, slots=True)
class ClaimServed(Fact):
    """A waiting line got units (whole kits, if it is a kit) on the shelf of one node."""

    order_id: OrderId
    line_id: LineId
    node: NodeId
    units: int

    def subject(self) -> str:
        """Return the order."""
        return f"order:{self.order_id}"


@dataclass(frozen=True, slots=True)
class CommitmentLost(Fact):
    """Units of one SKU that belonged to a line are gone from the node; the line needs others.

    units: of the SKU (a component, if the line is a kit).
    """

    order_id: OrderId
    line_id: LineId
    node: NodeId
    sku: Sku
    units: int
    reason: str

    def subject(self) -> str:
        """Return the order."""
        return f"order:{self.order_id}"


@dataclass(frozen=True, slots=True)
class UnitsFoundAtTill(Fact):
    """A till sold units that no shelf showed; a person should count."""

    sku: Sku
    node: NodeId
    units: int

    def subject(self) -> str:
        """Return the SKU at the node."""
        return f"shelf:{self.node}:{self.sku}"


@dataclass(frozen=True, slots=True)
class ReservationLost(Fact):
    """A cart's or checkout's hold lost units of one SKU at a node."""

    reservation: PublicId
    node: NodeId
    sku: Sku
    units: int
    reason: str

    def subject(self) -> str:
        """Return the reservation."""
        return f"reservation:{self.reservation}"


@dataclass(frozen=True, slots=True)
class ReservationLapsed(Fact):
    """A hold ran out of time; its units are for sale again."""

    reservation: PublicId

    def subject(self) -> str:
        """Return the reservation."""
        return f"reservation:{self.reservation}"


@dataclass(frozen=True, slots=True)
class ReceiptLineReDated(Fact):
    """A dated supply moved; the lines that were promised units of it may come later or earlier."""

    receipt_line: ReceiptLineId
    due_at: datetime
    lines: tuple[LineId, ...]
    orders: tuple[OrderId, ...]

    def subject(self) -> str:
        """Return the receipt line."""
        return f"receipt_line:{self.receipt_line}"


@dataclass(frozen=True, slots=True)
class PromiseLost(Fact):
    """A line was promised units of a receipt line that will not come, or come too few.

    A line with a claim may have been promised others since: compare before telling a customer.
    """

    order_id: OrderId
    line_id: LineId
    receipt_line: ReceiptLineId
    units: int

    def subject(self) -> str:
        """Return the order."""
        return f"order:{self.order_id}"
