"""Facts post_purchase announces. Pure."""

from dataclasses import dataclass

from oneshelf.base.identifiers import LineId, NodeId
from oneshelf.inventory.lines.handling import Condition
from oneshelf.orders.facts import AboutOrder


@dataclass(frozen=True, slots=True)
class ReturnReceived(AboutOrder):
    """Units of a line came back to a node, in a condition."""

    line_id: LineId
    node: NodeId
    units: int
    condition: Condition
