"""What somebody reports who empties a tote. Pure."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from oneshelf.base.identifiers import LineId, NodeId, Sku
from oneshelf.inventory.ledger import State
from oneshelf.inventory.lines.handling import Condition

Found = Condition | Literal["lost"]


@dataclass(frozen=True, slots=True)
class PutBack:
    """Units of a line that left their tote at a node; the request's id makes a repeat harmless.

    sku: of the shelf. found: how they are, or that they are not there.
    """

    request: UUID
    line_id: LineId
    node: NodeId
    sku: Sku
    units: int
    found: Found

    def target(self) -> State:
        """Return where the ledger carries them."""
        return "outside" if self.found == "lost" else self.found
