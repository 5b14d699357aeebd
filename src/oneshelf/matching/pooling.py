"""Whose stock it is, where a policy gives channels shares of a shelf. Pure.

Shares are cut from a shelf one after the other, in the order of the policy's rows, so that pools of
100 percent together leave no unit over: of a single unit, the last of them has it.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from oneshelf.base.identifiers import ChannelId
from oneshelf.matching.policy import ChannelPool
from oneshelf.matching.world import Ints, Marks, World


@dataclass(frozen=True, slots=True, eq=False)
class Slice:
    """What a channel may take of each node's units, each [N]: from one percentage to another."""

    reached: Marks
    begin_percent: Ints
    end_percent: Ints

    def of(self, units: Ints) -> Ints:
        """Return the channel's part of units [N, C]."""
        end, begin = self.end_percent[:, None], self.begin_percent[:, None]
        return units * end // 100 - units * begin // 100

    def at(self, node: int, units: int) -> int:
        """Return the channel's part of units at one node."""
        end, begin = int(self.end_percent[node]), int(self.begin_percent[node])
        return units * end // 100 - units * begin // 100


@lru_cache(maxsize=256)
def slice_of(world: World, pools: tuple[ChannelPool, ...], channel: ChannelId) -> Slice | None:
    """Return a channel's part; None: it has no pool and takes from all stock."""
    if all(pool.channel != channel for pool in pools):
        return None
    reached = np.zeros(len(world.nodes), np.bool_)
    cut = np.zeros(len(world.nodes), np.int64)
    begin, end = cut.copy(), cut.copy()
    for pool in pools:
        at = [place for node, place in world.node_index.items() if pool.reaches(node)]
        if pool.channel == channel:
            reached[at] = True
            begin[at] = cut[at]
            end[at] = cut[at] + pool.stock_percent
        cut[at] += pool.stock_percent
    return Slice(reached, begin, end)
