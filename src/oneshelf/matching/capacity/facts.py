"""Facts capacity announces. Pure."""

from dataclasses import dataclass
from datetime import date

from oneshelf.base.facts import Fact
from oneshelf.base.identifiers import NodeId


@dataclass(frozen=True, slots=True)
class CapacityChanged(Fact):
    """Days changed. Parallel tuples, one place a day: parcels taken after it, and version."""

    node: tuple[NodeId, ...]
    on: tuple[date, ...]
    taken: tuple[int, ...]
    version: tuple[int, ...]

    def subject(self) -> str:
        """Return capacity as a whole: versions make order harmless."""
        return "capacity"
