"""Facts that watermarks announce. Pure."""

from dataclasses import dataclass
from typing import Literal

from oneshelf.base.facts import Fact
from oneshelf.base.identifiers import Sku

Direction = Literal["fell", "rose"]


@dataclass(frozen=True, slots=True)
class WatermarkCrossed(Fact):
    """The network's units of a SKU fell to a mark or below it, or rose above it.

    mark: the lowest one it fell to, or the one it had fallen to before. units: less safety stock.
    """

    sku: Sku
    mark: int
    direction: Direction
    units: int

    def subject(self) -> str:
        """Return the SKU."""
        return f"sku:{self.sku}"
