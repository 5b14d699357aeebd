"""What we prefer and what we never do: one version of the sourcing policy. Pure.

Amounts are minor units of the shop's currency. Whatever tells one way of sourcing from another
stands here, so that a rule change is a row and never a branch in the code.
"""

from dataclasses import dataclass, field
from itertools import combinations
from typing import Literal

from oneshelf.base.identifiers import ChannelId, NodeId
from oneshelf.catalog.nodes import NodeKind
from oneshelf.catalog.products import Hazard

AMOUNT_MINOR_MAX = 1_000_000
OPPORTUNITY_PERCENT_MAX = 1_000
PARCELS_MAX = 4
DISTANCE_KM_MAX = 20_000
HORIZON_DAYS_MAX = 365
ALL_KINDS: frozenset[NodeKind] = frozenset({"warehouse", "store", "dark_store", "drop_ship"})


@dataclass(frozen=True, slots=True)
class NodeGroup:
    """Nodes by kind or by name, for some orders; an empty set means any."""

    kinds: frozenset[NodeKind] = frozenset()
    nodes: frozenset[NodeId] = frozenset()
    channels: frozenset[ChannelId] = frozenset()  # of the order
    categories: frozenset[str] = frozenset()  # the order has a line of one of them


@dataclass(frozen=True, slots=True)
class NodeFilter:
    """Who may serve an order the group speaks of: only its nodes, or all but them."""

    keeps: Literal["only", "all_but"]
    group: NodeGroup


@dataclass(frozen=True, slots=True)
class NodePreference:
    """What a parcel from a node of the group costs more, in minor units, 0 to 1,000,000."""

    group: NodeGroup
    surcharge_minor: int


@dataclass(frozen=True, slots=True)
class ChannelPool:
    """The share of each node's free stock that a channel may take, 0 to 100 percent.

    nodes: empty means every node. A channel takes nothing where it has no pool; one without any
    pool takes from all stock.
    """

    channel: ChannelId
    stock_percent: int
    nodes: frozenset[NodeId] = frozenset()

    def reaches(self, node: NodeId) -> bool:
        """Say whether the pool speaks of a node."""
        return not self.nodes or node in self.nodes


@dataclass(frozen=True, slots=True)
class SourcingPolicy:
    """One version. Refuses values outside the ranges stated beside each field.

    routing `nearest` counts kilometres first and money after; `least_cost` money alone.
    """

    version: int = 1
    routing: Literal["least_cost", "nearest"] = "least_cost"
    split_minor: int = 50  # each parcel after the first; 0 to 1,000,000, as all amounts
    late_day_minor: int = 300  # each day a parcel arrives after the wanted day
    speed_day_minor: int = 10  # each day until a parcel arrives
    carbon_minor_per_kg: int = 10  # each kg CO2e
    opportunity_percent: int = 100  # of the price that stock has for later sales, 0 to 1,000
    parcels_max: int = 4  # 1 to 4
    nodes_per_line_max: int = 4  # 1 to 4
    distance_km_max: int | None = None  # 1 to 20,000
    backorder_horizon_days: int = 120  # 0 to 365
    abroad: Literal["allowed", "same_country"] = "allowed"
    ship_kinds: frozenset[NodeKind] = ALL_KINDS
    pickup_kinds: frozenset[NodeKind] = frozenset({"store", "dark_store", "warehouse"})
    never_shipped: frozenset[Hazard] = frozenset()
    filters: tuple[NodeFilter, ...] = ()
    preferences: tuple[NodePreference, ...] = ()
    pools: tuple[ChannelPool, ...] = field(default=())

    def __post_init__(self) -> None:
        """Say which value was found and what was expected."""
        for name, low, high in (
            ("version", 1, 2**31 - 1),
            ("split_minor", 0, AMOUNT_MINOR_MAX),
            ("late_day_minor", 0, AMOUNT_MINOR_MAX),
            ("speed_day_minor", 0, AMOUNT_MINOR_MAX),
            ("carbon_minor_per_kg", 0, AMOUNT_MINOR_MAX),
            ("opportunity_percent", 0, OPPORTUNITY_PERCENT_MAX),
            ("parcels_max", 1, PARCELS_MAX),
            ("nodes_per_line_max", 1, PARCELS_MAX),
            ("backorder_horizon_days", 0, HORIZON_DAYS_MAX),
        ):
            _within(name, getattr(self, name), low, high)
        if self.distance_km_max is not None:
            _within("distance_km_max", self.distance_km_max, 1, DISTANCE_KM_MAX)
        for preference in self.preferences:
            _within("surcharge_minor", preference.surcharge_minor, 0, AMOUNT_MINOR_MAX)
        for pool in self.pools:
            _within("stock_percent", pool.stock_percent, 0, 100)
        for one, other in combinations(self.pools, 2):
            apart = one.nodes and other.nodes and one.nodes.isdisjoint(other.nodes)
            if one.channel == other.channel and not apart:
                raise ValueError("a channel has one pool at most at a node")


def _within(name: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise ValueError(f"{name} is {low:,} to {high:,}, got {value:,}")
