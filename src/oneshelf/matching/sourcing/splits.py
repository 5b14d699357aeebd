"""The ways to split an order among nodes. Pure; cached, because only the order's shape matters.

A load is what one node sends, in one parcel or in several on different dates.
"""

from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import numpy as np
from msgspec import Struct

from oneshelf.matching.sourcing.parcels import contents_up_to
from oneshelf.matching.sourcing.problem import Ints


class Shape(Struct, frozen=True):
    """What of an order decides the ways to split it."""

    wanted: tuple[int, ...]
    parcels_max: int
    nodes_per_line_max: int


@dataclass(frozen=True, slots=True)
class Pairs:
    """Every pair part <= whole of contents (by number), by rising whole.

    Numbers subtract as the vectors do: number(whole) - number(part) = number(whole - part).
    first[M]: where each whole's pairs begin.
    """

    whole: Ints
    part: Ints
    first: Ints


@lru_cache(maxsize=64)
def pairs_of(wanted: tuple[int, ...]) -> Pairs:
    """Return every pair of contents of which one holds the other."""
    contents = contents_up_to(wanted)
    whole, part = np.nonzero((contents[:, None, :] >= contents).all(axis=2))
    return Pairs(whole, part, whole.searchsorted(np.arange(len(contents))))


@lru_cache(maxsize=128)
def splits_of(shape: Shape, parcels_per_node_max: int) -> Ints:
    """Return every split [P, R]: row r is the split loads[:, r] of P = parcels_max loads.

    A load is content + M * (its parcels - 1) for M contents; the unused places of a row hold
    M * parcels_per_node_max + place. Order: one parcel a node first, then fewest parcels, then
    fewest nodes, then the parcels of each load, then the loads by rising number.
    """
    number = len(contents_up_to(shape.wanted))
    rows = {count: _loads_of(shape, count) for count in range(1, shape.parcels_max + 1)}
    sharings = [
        sharing
        for count in rows
        for sharing in product(range(1, parcels_per_node_max + 1), repeat=count)
        if sum(sharing) <= shape.parcels_max
    ]
    sharings.sort(key=lambda each: (max(each) > 1, sum(each), len(each), each))
    blocks = []
    for sharing in sharings:
        loads = rows[len(sharing)] + number * (np.array(sharing)[:, None] - 1)
        unused = np.arange(len(sharing), shape.parcels_max)[:, None] + number * parcels_per_node_max
        blocks.append(np.vstack([loads, unused.repeat(loads.shape[1], axis=1)]))
    return np.hstack(blocks).astype(np.int16)


def _loads_of(shape: Shape, count: int) -> Ints:
    """Return every way to write the order as `count` contents in rising order: [count, R]."""
    contents = contents_up_to(shape.wanted)
    pairs = pairs_of(shape.wanted)
    ends = np.append(pairs.first[1:], len(pairs.part))
    chosen: Ints = np.empty((0, 1), np.int64)
    last, rest = np.array([1]), np.array([len(contents) - 1])
    for _ in range(count - 1):
        sizes = ends[rest] - pairs.first[rest]
        before = (pairs.first[rest] - sizes.cumsum() + sizes).repeat(sizes)
        part = pairs.part[before + np.arange(sizes.sum())]
        row = np.arange(len(rest)).repeat(sizes)
        fits = ((part >= last[row]) & (rest[row] - part >= part)).nonzero()[0]
        row, last = row[fits], part[fits]
        chosen, rest = np.vstack([chosen[:, row], last]), rest[row] - last
    loads = np.vstack([chosen, rest])
    nodes_per_line = (contents[loads] > 0).sum(axis=0)
    allowed: Ints = loads[:, (nodes_per_line <= shape.nodes_per_line_max).all(axis=1)]
    return allowed


@lru_cache(maxsize=8)
def turns_of(count: int) -> Ints:
    """Return whose choice each of `count` loads gets (0: its cheapest node), in order: [count, Q].

    In the best choice of distinct nodes somebody gets their first choice, else a circle of swaps
    would better everybody in it; of the others somebody gets at worst their second, and so on.
    So the choices, sorted, never exceed 0, 1, 2, ...: the parking functions, 125 for four loads.
    """
    turns = [
        turn
        for turn in product(range(count), repeat=count)
        if all(choice <= place for place, choice in enumerate(sorted(turn)))
    ]
    return np.array(turns, np.int64).T
