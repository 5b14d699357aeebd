"""Call units in totes back, and put them on a shelf again. The caller locked the orders."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from oneshelf.base.database import Transaction
from oneshelf.inventory.claims.actions import lock_for_serving, serve_claims
from oneshelf.inventory.lines.handling import LineUnits, choose, less, step
from oneshelf.inventory.recalls import store
from oneshelf.inventory.recalls.recalled import PutBack
from oneshelf.inventory.shelf.actions import carry, find_commitments, take_requests


def recall(tx: Transaction, units: Sequence[LineUnits], now: datetime) -> None:
    """Note that picked units are not wanted; nobody else may have them while they are in a tote.

    Each names its SKU, of a kit that of a part.
    """
    wanted = Counter[store.Tote]()
    for one in units:
        if one.sku is None:
            raise ValueError(f"units are called back by their SKU: {one}")
        wanted[one.line_id, one.node, one.sku] += one.units
    if wanted:
        store.add(tx, wanted, now)


def put_back(tx: Transaction, backs: Sequence[PutBack], now: datetime) -> list[int]:
    """Take called-back units from their totes, never more than were called back.

    Those for sale serve older claims first. Returns how many of each request were moved now.
    """
    fresh = take_requests(tx, {one.request for one in backs}, now)
    lines = {one.line_id for one in backs}
    left = Counter({(row.line_id, row.node, row.sku): row.units for row in store.lock(tx, lines)})
    places = {(one.node, one.sku) for one in backs}
    points = {
        one.point
        for one in find_commitments(tx, lines)
        if one.state == "picked" and (one.point.node, one.point.sku) in places
    }
    locked = lock_for_serving(tx, points, now)
    standing = [one for one in find_commitments(tx, lines) if one.point in locked]
    taken = Counter[store.Tote]()
    steps, moved = [], []
    for one in backs:
        tote = (one.line_id, one.node, one.sku)
        units = min(one.units, left[tote] - taken[tote]) if one.request in fresh else 0
        fresh.discard(one.request)
        chosen = choose(standing, LineUnits(one.line_id, one.node, units, one.sku), "picked")
        standing = less(standing, chosen)
        steps += [
            step(bound, one.target(), part, f"put_back_{one.found}") for bound, part in chosen
        ]
        moved.append(sum(part for _, part in chosen))
        taken[tote] += moved[-1]
    if steps:
        carry(tx, steps, now)
        store.reduce(tx, {tote: units for tote, units in taken.items() if units})
        serve_claims(tx, locked, now)
    return moved
