"""Units kept back: safety stock from everybody, thresholds from one channel. Pure.

Rules are tried in order and the last one that matches wins; `explain` says which one that was.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from oneshelf.base.identifiers import ChannelId, NodeId, Sku

Kind = Literal["safety", "channel"]


@dataclass(frozen=True, slots=True)
class BufferRule:
    """Keep back so many units; None matches any.

    safety: units of a SKU at each node, hidden from everybody.
    channel: the last units of a SKU in the whole network, hidden from one channel.
    """

    kind: Kind
    units: int
    sku: Sku | None = None
    node: NodeId | None = None
    category: str | None = None
    channel: ChannelId | None = None

    def __post_init__(self) -> None:
        """Refuse what could never match, or would add stock."""
        if self.units < 0:
            raise ValueError(f"a buffer keeps back 0 units or more, got {self.units}")
        if self.kind == "safety" and self.channel is not None:
            raise ValueError("safety stock is hidden from every channel")
        if self.kind == "channel" and (self.node is not None or self.channel is None):
            raise ValueError("a threshold names its channel and counts over the whole network")


@dataclass(frozen=True, slots=True)
class BufferPolicy:
    """The rules in their order, as the policy named `buffers` keeps them."""

    rules: tuple[BufferRule, ...] = ()


@dataclass(frozen=True, slots=True)
class Explained:
    """The number and the rule that set it: its place in the policy, None where no rule matched."""

    units: int
    rule: int | None


def explain_safety(policy: BufferPolicy, sku: Sku, node: NodeId, category: str) -> Explained:
    """Return the units of the SKU kept back at the node."""
    return _last(
        [
            (place, rule)
            for place, rule in enumerate(policy.rules)
            if rule.kind == "safety" and _fits(rule, sku, category) and rule.node in {None, node}
        ]
    )


def explain_threshold(
    policy: BufferPolicy, channel: ChannelId, sku: Sku, category: str
) -> Explained:
    """Return how many last units of the SKU the channel never sees."""
    return _last(
        [
            (place, rule)
            for place, rule in enumerate(policy.rules)
            if rule.kind == "channel" and _fits(rule, sku, category) and rule.channel == channel
        ]
    )


def safety_stock(
    policy: BufferPolicy, categories: Mapping[Sku, str], nodes: Sequence[NodeId]
) -> NDArray[np.int64]:
    """Return the safety stock of every [SKU, node], SKUs in the mapping's order."""
    units = np.zeros((len(categories), len(nodes)), np.int64)
    columns = {node: place for place, node in enumerate(nodes)}
    rows = {sku: place for place, sku in enumerate(categories)}
    for rule in policy.rules:
        if rule.kind != "safety" or (rule.node is not None and rule.node not in columns):
            continue
        if rule.sku is not None:
            fits = [rows[rule.sku]] if rule.sku in rows else []
            fits = [row for row in fits if _fits(rule, rule.sku, categories[rule.sku])]
        else:
            fits = [row for sku, row in rows.items() if _fits(rule, sku, categories[sku])]
        reach = range(len(nodes)) if rule.node is None else [columns[rule.node]]
        units[np.ix_(fits, reach)] = rule.units
    return units


def thresholds(
    policy: BufferPolicy, categories: Mapping[Sku, str]
) -> dict[tuple[ChannelId, Sku], int]:
    """Return the units hidden from each channel, where there are any."""
    hidden: dict[tuple[ChannelId, Sku], int] = {}
    for rule in policy.rules:
        if rule.kind == "channel" and rule.channel is not None:
            fits = (sku for sku, category in categories.items() if _fits(rule, sku, category))
            hidden |= {(rule.channel, sku): rule.units for sku in fits}
    return {key: units for key, units in hidden.items() if units}


def _fits(rule: BufferRule, sku: Sku, category: str) -> bool:
    return rule.sku in {None, sku} and rule.category in {None, category}


def _last(matching: Sequence[tuple[int, BufferRule]]) -> Explained:
    if not matching:
        return Explained(0, None)
    place, rule = matching[-1]
    return Explained(rule.units, place)
