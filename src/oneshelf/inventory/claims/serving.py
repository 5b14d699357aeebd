"""Older claims first: who gets units that became free. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from oneshelf.base.identifiers import LineId, NodeId, OrderId, PointId, Sku
from oneshelf.catalog.nodes import Method
from oneshelf.catalog.products import KitPart

Serving = Literal["as_it_comes", "together"]
Shelf = tuple[Sku, NodeId]
Off = AbstractSet[tuple[Method, Sku, NodeId]]
NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ClaimWish:
    """Units of an order's line that wait for stock.

    sku: the line's own. parts: what one unit takes from the shelf (Product.components()).
    nodes: accepted; None is any. serving `together`: all claims of the order at once or none.
    priority: lower goes first among equal promises.
    """

    line_id: LineId
    order_id: OrderId
    sku: Sku
    parts: tuple[KitPart, ...]
    units: int
    nodes: frozenset[NodeId] | None = None
    promised_at: datetime | None = None
    priority: int = 0
    serving: Serving = "as_it_comes"
    method: Method = "ship"

    def __post_init__(self) -> None:
        """Refuse what only a bug in the caller can ask for."""
        if self.units < 1 or not self.parts:
            raise ValueError(f"a claim wants at least 1 unit of at least 1 SKU: {self}")
        if len({part.sku for part in self.parts}) != len(self.parts):
            raise ValueError(f"a claim names each component once: {self.parts}")

    def links(self) -> bool:
        """Say whether units of one SKU may free those of another: a kit's, or a whole order's."""
        return len(self.parts) > 1 or self.serving == "together"


@dataclass(frozen=True, slots=True)
class Claim:
    """An open claim. units: still open, in units of the line (whole kits, if it is a kit)."""

    claim_id: int
    line_id: LineId
    order_id: OrderId
    sku: Sku
    parts: tuple[KitPart, ...]
    units: int
    nodes: frozenset[NodeId] | None
    promised_at: datetime | None
    priority: int
    serving: Serving
    method: Method

    def accepts(self, node: NodeId) -> bool:
        """Say whether units at the node may serve the claim."""
        return self.nodes is None or node in self.nodes

    def goods(self) -> frozenset[Sku]:
        """Return what a node must do the method for: the line's SKU, and the parts of a kit."""
        return frozenset({self.sku, *(part.sku for part in self.parts)})

    def turn(self) -> tuple[datetime, int, int]:
        """Return the place in the queue: lower goes first."""
        return (self.promised_at or NEVER, self.priority, self.claim_id)


@dataclass(frozen=True, slots=True)
class ClaimRow:
    """One row: an open claim."""

    claim_id: int
    line_id: LineId
    order_id: OrderId
    sku: Sku
    units: int
    nodes: list[NodeId] | None
    promised_at: datetime | None
    priority: int
    serving: Serving
    method: Method
    part_skus: list[Sku]
    part_units: list[int]

    def claim(self) -> Claim:
        """Return what the row says."""
        return Claim(
            claim_id=self.claim_id,
            line_id=self.line_id,
            order_id=self.order_id,
            sku=self.sku,
            parts=tuple(map(KitPart, self.part_skus, self.part_units)),
            units=self.units,
            nodes=None if self.nodes is None else frozenset(self.nodes),
            promised_at=self.promised_at,
            priority=self.priority,
            serving=self.serving,
            method=self.method,
        )


@dataclass(frozen=True, slots=True)
class Grant:
    """Units of the line (whole kits) that one node's shelf gives to a claim."""

    claim: Claim
    node: NodeId
    units: int


def serve(
    claims: Iterable[Claim],
    free: Mapping[Shelf, int],
    off: Off,
) -> list[Grant]:
    """Decide who gets the units that are free, oldest claim first.

    free: units on each shelf, less safety stock. off: what a node does not do for a SKU.
    A claim that waits for more than there is takes what comes; one whose kit or whole order cannot
    be served yet lets the next one pass.
    """
    left = {shelf: units for shelf, units in free.items() if units}
    nodes = sorted({node for _, node in left})
    queue = sorted(claims, key=Claim.turn)
    orders: dict[OrderId, list[Claim]] = {}
    for claim in queue:
        if claim.serving == "together":
            orders.setdefault(claim.order_id, []).append(claim)
    grants: list[Grant] = []
    for claim in queue:
        if not left:
            break
        if claim.serving == "as_it_comes":
            grants += _serve_one(claim, left, nodes, off)
        elif group := orders.pop(claim.order_id, []):
            trial = dict(left)
            wanted = [grant for one in group for grant in _serve_one(one, trial, nodes, off)]
            if sum(grant.units for grant in wanted) == sum(one.units for one in group):
                left = trial
                grants += wanted
    return grants


def _serve_one(
    claim: Claim,
    left: dict[Shelf, int],
    nodes: Sequence[NodeId],
    off: Off,
) -> list[Grant]:
    whole = {
        node: units
        for node in nodes
        if (units := min(left.get((p.sku, node), 0) // p.units for p in claim.parts)) > 0
        and claim.accepts(node)
        and not any((claim.method, sku, node) in off for sku in claim.goods())
    }
    grants = []
    open_units = claim.units
    for node in sorted(whole, key=lambda node: (-whole[node], node)):
        units = min(open_units, whole[node])
        if units:
            grants.append(Grant(claim, node, units))
            open_units -= units
            for part in claim.parts:
                left[part.sku, node] -= units * part.units
                if not left[part.sku, node]:
                    del left[part.sku, node]
    return grants


@dataclass(frozen=True, slots=True)
class Inbound:
    """A receipt line's units that claims may be promised: free ones and those they have."""

    point_id: PointId
    sku: Sku
    node: NodeId
    due_at: datetime
    units: int


def allot(claims: Iterable[Claim], inbound: Iterable[Inbound]) -> dict[tuple[int, PointId], int]:
    """Forecast which receipt lines will serve which claims: earliest due to the oldest claim.

    A forecast by component: whether a kit comes together is decided when it stands on the shelf.
    Returns the units of each (claim, receipt-line point).
    """
    lines: dict[Sku, list[Inbound]] = {}
    for line in sorted(inbound, key=lambda line: (line.due_at, line.point_id)):
        lines.setdefault(line.sku, []).append(line)
    left = {line.point_id: line.units for of in lines.values() for line in of}
    allotted: dict[tuple[int, PointId], int] = {}
    for claim in sorted(claims, key=Claim.turn):
        for part in claim.parts:
            missing = claim.units * part.units
            for line in lines.get(part.sku, ()):
                if not missing:
                    break
                if not claim.accepts(line.node):
                    continue
                if units := min(missing, left[line.point_id]):
                    allotted[claim.claim_id, line.point_id] = units
                    left[line.point_id] -= units
                    missing -= units
    return allotted
