"""Which node sends which load: the best choice for each split, exactly. Pure."""

from functools import lru_cache

import numpy as np
from msgspec import Struct

from oneshelf.matching.sourcing.parcels import NEVER
from oneshelf.matching.sourcing.problem import Ints
from oneshelf.matching.sourcing.splits import turns_of

FIRST_SPLITS = 12
SPLITS_AT_ONCE = 2048
PAIR = 2
UNUSED = -2


class Ranking(Struct, frozen=True):
    """The cheapest nodes for each load, cheapest first, the lowest of equals: [rank, load].

    Of a plan of P parcels only the P cheapest nodes of each load matter: if a load went to another
    node, one of these would stand unused, and taking it instead costs no more, takes no other
    load's stock and leaves the number of nodes of every line as it is.
    """

    millis: Ints
    node: Ints


class Settled(Struct, frozen=True):
    """The splits examined, cheapest first (by number among equals), each with its best nodes.

    row[E]: number of the split. millis[E]. node[P, E]: node of each load.
    """

    row: Ints
    millis: Ints
    node: Ints


def rank_nodes(millis: Ints, parcels_max: int) -> Ranking:
    """Rank the nodes of each load, given millis[loads, nodes]."""
    left = millis.copy()
    every = np.arange(len(left))
    best = np.empty((2, parcels_max, len(left)), np.int64)
    for rank in range(parcels_max):
        node = left.argmin(axis=1)
        best[0, rank] = left[every, node]
        best[1, rank] = node
        left[every, node] = NEVER
    return Ranking(best[0], best[1])


def settle(rankings: list[Ranking], splits: Ints) -> Settled:
    """Find the cheapest split and its nodes; the first FIRST_SPLITS by bound are always examined.

    rankings: of loads of one parcel, of two, and so on. The cheapest node of each load, be it
    taken twice or not, bounds a split from below; a split is examined while it can still win.
    """
    few = splits.shape[1] <= FIRST_SPLITS
    if few and len(rankings) == 1 and len(splits) == PAIR:
        return _pair_up(rankings[0], splits)
    ranking = _with_unused(rankings, len(splits))
    if few:
        return _examine(ranking, splits, np.arange(splits.shape[1]))
    bound = ranking.millis[0, splits].sum(axis=0)
    rows = _lowest(bound, FIRST_SPLITS)
    settled = _examine(ranking, splits, rows)
    waiting = np.ones(len(bound), bool)
    waiting[rows] = False
    while True:
        lowest, row = settled.millis[0], settled.row[0]
        waiting &= bound <= lowest
        waiting[row:] &= bound[row:] < lowest
        if not waiting.any():
            return settled
        rows = waiting.nonzero()[0]
        rows = rows[_lowest(bound[rows], SPLITS_AT_ONCE)]
        waiting[rows] = False
        settled = _merge(settled, _examine(ranking, splits, rows))


def _pair_up(ranking: Ranking, splits: Ints) -> Settled:
    """Settle splits into two loads at most: only when both want one node there is a choice.

    Most orders of several units are of two, and plain numbers are a third of the arrays' time.
    """
    cheapest, next_best = ranking.millis.tolist()
    first, second = ranking.node.tolist()
    found: list[tuple[int, int, int, int]] = []
    for row, (one, other) in enumerate(zip(*splits.tolist(), strict=True)):
        if other >= len(first):
            found.append((cheapest[one], row, first[one], UNUSED))
            continue
        here, there = first[one], first[other]
        millis = cheapest[one] + cheapest[other]
        if here == there:
            stays, goes = cheapest[one] + next_best[other], next_best[one] + cheapest[other]
            millis = min(stays, goes)
            here, there = (here, second[other]) if stays <= goes else (second[one], there)
        found.append((millis, row, here, there))
    found.sort()
    millis_of, row_of, *nodes = np.array(found, np.int64).T
    return Settled(row_of, millis_of, np.stack(nodes))


def _with_unused(rankings: list[Ranking], places: int) -> Ranking:
    """Join the rankings and give each unused place of a split a node of its own that is free."""
    joined = (*rankings, _unused(places))
    return Ranking(
        np.concatenate([ranking.millis for ranking in joined], axis=1),
        np.concatenate([ranking.node for ranking in joined], axis=1),
    )


@lru_cache(maxsize=8)
def _unused(places: int) -> Ranking:
    free = np.full((places, places), NEVER)
    free[0] = 0
    return Ranking(free, np.tile(-1 - np.arange(places), (places, 1)))


def _lowest(bound: Ints, count: int) -> Ints:
    """Return where the `count` lowest stand, lowest first, the first of equals."""
    if len(bound) <= count:
        return bound.argsort(kind="stable")
    rows = (bound <= np.partition(bound, count - 1)[count - 1]).nonzero()[0]
    lowest: Ints = rows[bound[rows].argsort(kind="stable")[:count]]
    return lowest


def _examine(ranking: Ranking, splits: Ints, rows: Ints) -> Settled:
    """Choose distinct nodes for each of these splits."""
    loads = splits[:, rows].astype(np.int64)
    turns = turns_of(len(loads))
    where = turns[:, :, None] * ranking.millis.shape[1] + loads[:, None, :]
    millis = ranking.millis.take(where).sum(axis=0)
    node = ranking.node.take(where)
    for one in range(len(loads)):
        for other in range(one):
            np.copyto(millis, NEVER, where=node[one] == node[other])
    every = np.arange(len(rows))
    turn = millis.argmin(axis=0)
    return _sorted(Settled(rows, millis[turn, every], node[:, turn, every]))


def _merge(one: Settled, other: Settled) -> Settled:
    return _sorted(
        Settled(
            np.append(one.row, other.row),
            np.append(one.millis, other.millis),
            np.hstack([one.node, other.node]),
        )
    )


def _sorted(settled: Settled) -> Settled:
    order = np.lexsort((settled.row, settled.millis))
    return Settled(settled.row[order], settled.millis[order], settled.node[:, order])
