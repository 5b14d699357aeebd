"""Several parcels from one node on different dates: some units now, the rest later. Pure.

The sites of a node are its dates; what earlier parcels took, a later one no longer finds.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from oneshelf.matching.sourcing.parcels import NEVER, Parcels
from oneshelf.matching.sourcing.problem import Ints
from oneshelf.matching.sourcing.splits import Pairs, pairs_of

CELLS_MAX = 2_000_000


@dataclass(frozen=True, slots=True)
class Steps:
    """The dates of some nodes, earliest first.

    millis[D][M, N]: one parcel on the date. fits[D][M, N]: the stock by then holds this much.
    """

    millis: list[Ints]
    fits: list[NDArray[np.bool_]]


def price_dates(parcels: Parcels, nodes: Ints, parcels_max: int) -> Ints:
    """Return the cost of exactly 1, 2, ... parcels at each of these nodes: [parcels, M, N]."""
    pairs = pairs_of(tuple(parcels.problem.wanted.tolist()))
    width = max(1, CELLS_MAX // len(pairs.part))
    blocks = [
        _extend(_steps(parcels, nodes[at : at + width]), pairs, parcels_max)[-1]
        for at in range(0, len(nodes), width)
    ]
    return np.concatenate(blocks, axis=2)


def place_parcels(parcels: Parcels, node: int, content: int, count: int) -> list[tuple[int, int]]:
    """Return the (site, content) of `count` parcels that together cost least at the node.

    Among equals the last parcel leaves on the earliest date and has the lowest content.
    """
    pairs = pairs_of(tuple(parcels.problem.wanted.tolist()))
    steps = _steps(parcels, np.array([node]))
    history = _extend(steps, pairs, count)
    placed = []
    for date in range(len(history) - 1, -1, -1):
        millis = history[date][count - 1, content, 0]
        if date and history[date - 1][count - 1, content, 0] == millis:
            continue
        part = content
        if count > 1:
            part = _last_part(history[date - 1][count - 2], steps.millis[date], pairs, content)
        placed.append((int(parcels.node_site[node]) + date, part))
        content, count = content - part, count - 1
        if count == 0:
            break
    return placed[::-1]


def _last_part(earlier: Ints, millis: Ints, pairs: Pairs, content: int) -> int:
    part = pairs.part[pairs.whole == content]
    return int(part[(earlier[content - part, 0] + millis[part, 0]).argmin()])


def _steps(parcels: Parcels, nodes: Ints) -> Steps:
    problem = parcels.problem
    ends = np.append(parcels.node_site[1:], len(problem.site_node))[nodes]
    first = parcels.node_site[nodes]
    needed = parcels.contents @ problem.uses
    steps = Steps([], [])
    for date in range(int((ends - first).max())):
        exists = first + date < ends
        sites = np.minimum(first + date, ends - 1)
        fits = exists & (needed[:, None, :] <= problem.site_stock[sites]).all(axis=2)
        steps.fits.append(fits)
        steps.millis.append(np.where(exists, parcels.millis[:, sites], NEVER))
    return steps


def _extend(steps: Steps, pairs: Pairs, parcels_max: int) -> list[Ints]:
    """Return, after each date, the least cost by then of exactly 1, 2, ... parcels."""
    best = np.full((parcels_max, *steps.millis[0].shape), NEVER)
    history: list[Ints] = []
    for millis, fits in zip(steps.millis, steps.fits, strict=True):
        after = best.copy()
        np.minimum(best[0], millis, out=after[0])
        for count in range(1, min(parcels_max, len(history) + 1)):
            joined = best[count - 1][pairs.whole - pairs.part] + millis[pairs.part]
            least = np.minimum.reduceat(joined, pairs.first, axis=0)
            np.minimum(after[count], least, out=after[count], where=fits)
        best = after
        history.append(best)
    return history
