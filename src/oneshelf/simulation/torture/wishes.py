"""What somebody tries: one step of one person, drawn before anything is answered. Pure.

What depends on answers (which order to cancel, which parcel to pick) is drawn as a fraction of
what there will be by then.
"""

from dataclasses import dataclass
from typing import Literal

from oneshelf.base.identifiers import NodeId
from oneshelf.orders.canonical import NewOrder
from oneshelf.simulation.torture.world import Shelf

Mishap = Literal[
    "none",
    "hang_up",  # the socket is closed before the answer is read, then it is asked again
    "again",  # asked twice, one after the other
    "twins",  # asked twice at once, at two servers
    "other_body",  # the key comes again with another body
]


Coming = Literal["whole", "part", "damaged", "never"]


@dataclass(frozen=True, slots=True)
class Buying:
    """Orders in one request: a file of them, or one alone."""

    orders: tuple[NewOrder, ...]
    door: Literal["file", "alone"]
    mishap: Mishap


@dataclass(frozen=True, slots=True)
class Carting:
    """A cart that is held, and what becomes of it. order: as it is placed, if it is."""

    order: NewOrder
    minutes: int
    then: Literal["order", "extend_and_order", "shrink", "grow", "release", "forget"]
    wait_s: float
    mishap: Mishap


@dataclass(frozen=True, slots=True)
class Cancelling:
    """A wish to cancel an order that was acknowledged, or one unit of its first line."""

    which: float
    whole: bool
    mishap: Mishap


@dataclass(frozen=True, slots=True)
class Holding:
    """An order is kept from its nodes, and let go again."""

    which: float
    mishap: Mishap


@dataclass(frozen=True, slots=True)
class Shelving:
    """A list about shelves. rows: units with a sign for adjustments, else plain."""

    verb: Literal["adjust", "count", "regrade"]
    rows: tuple[Shelf, ...]
    mishap: Mishap


@dataclass(frozen=True, slots=True)
class Moving:
    """Units leave for another node, and those on their way arrive."""

    rows: tuple[Shelf, ...]
    to: NodeId
    lost: int
    mishap: Mishap


@dataclass(frozen=True, slots=True)
class Receiving:
    """A delivery is announced, perhaps re-dated, and comes: in whole, in part, damaged, or not."""

    reference: str
    rows: tuple[Shelf, ...]
    due_minutes: int
    re_dated: bool
    comes: tuple[Coming, ...]
    mishap: Mishap


@dataclass(frozen=True, slots=True)
class Picking:
    """One walk through a node's work list. salt: decides which picks are short."""

    node: NodeId
    salt: int
    mishap: Mishap


@dataclass(frozen=True, slots=True)
class Returning:
    """Units of orders that left come back."""

    which: tuple[float, ...]
    node: NodeId
    mishap: Mishap


Step = Buying | Carting | Cancelling | Holding | Shelving | Moving | Receiving | Picking | Returning
