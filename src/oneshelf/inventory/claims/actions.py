"""Let order lines wait for stock, and serve them when units become free: older claims first."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from oneshelf.base.database import Transaction
from oneshelf.base.errors import ContendedError
from oneshelf.base.identifiers import LineId, PointId, Sku
from oneshelf.base.outbox import announce
from oneshelf.base.policies import read_policy
from oneshelf.inventory.buffers import BufferPolicy, explain_safety
from oneshelf.inventory.claims import store
from oneshelf.inventory.claims.serving import Claim, ClaimWish, Grant, Inbound, Shelf, allot, serve
from oneshelf.inventory.facts import ClaimServed
from oneshelf.inventory.ledger import Balance, Commitment, Step, StockPoint
from oneshelf.inventory.shelf.actions import (
    carry,
    ensure_points,
    find_commitments,
    lock_point_ids,
)

SERVING_SKUS_MAX = 50
SERIALISATION_FAILURE = "40001"


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """Units of a line (whole kits, if it is a kit) that need not come any more; None is all."""

    line_id: LineId
    units: int | None = None


def open_claims(tx: Transaction, wishes: Sequence[ClaimWish], now: datetime) -> None:
    """Let lines wait for stock; the shelf was found too empty for them.

    The caller holds the points that the claims accept (lock_points makes missing ones), so that no
    receipt slips between. A claim without `nodes` accepts nodes that get their first units later;
    what such a new point brings in the same moment is found by serve_waiting.
    """
    if wishes:
        store.add(tx, wishes, now)


def lock_for_serving(
    tx: Transaction, points: Collection[StockPoint], now: datetime
) -> dict[StockPoint, Balance]:
    """Lock points that may gain free units, and all that serving older claims may touch.

    Instead of lock_points, once in a transaction.
    """
    ensure_points(tx, points)
    return lock_point_ids(tx, store.find_nearby_points(tx, points), now)


def serve_claims(
    tx: Transaction, locked: Mapping[StockPoint, Balance], now: datetime
) -> list[ClaimServed]:
    """Give free units to older claims and settle anew what receipt lines are to bring.

    locked: what lock_for_serving returned, with units moved since. Raises ContendedError where a
    claim came meanwhile that needs more points: the batch is then repeated.
    """
    claims = store.lock_open(tx, {point.sku for point in locked})
    if not claims:
        return []
    skus = {part.sku for claim in claims for part in claim.parts}
    nearby = store.find_nearby_points(tx, [p for p in locked if p.sku in skus] or list(locked))
    standing = lock_point_ids(tx, {b.point_id for b in locked.values()}, now)
    if set(nearby) - {balance.point_id for balance in standing.values()}:
        raise ContendedError(SERIALISATION_FAILURE)
    grants = serve(claims, _free(tx, standing.values(), skus), _off(tx, skus))
    served = _grant(tx, grants, standing, now)
    _allot(tx, claims, grants, standing, now)
    announce(tx, served, now)
    return served


def serve_skus(tx: Transaction, skus: Collection[Sku], now: datetime) -> list[ClaimServed]:
    """Serve claims for these SKUs from what is free: after a buffer fell or a toggle went on."""
    points = [StockPoint(sku, node) for sku, node in store.find_free_shelves(tx, skus)]
    return serve_claims(tx, lock_for_serving(tx, points, now), now) if points else []


def serve_waiting(tx: Transaction, now: datetime) -> int:
    """Serve claims that wait while units are free; return how many were served.

    Work that time causes: only what no other verb could see, such as a first unit at a new node.
    """
    skus = store.find_waiting_skus(tx, SERVING_SKUS_MAX)
    return len(serve_skus(tx, skus, now)) if skus else 0


def withdraw_claims(tx: Transaction, withdrawn: Sequence[Withdrawn], now: datetime) -> None:
    """Let lines wait for less, latest claim of a line first; their dated supply serves others."""
    skus = store.find_skus_of_lines(tx, [one.line_id for one in withdrawn])
    points = [commitment.point for commitment in find_commitments(tx, _lines(withdrawn))]
    points += [StockPoint(sku, node) for sku, node in store.find_free_shelves(tx, skus)]
    locked = lock_for_serving(tx, points, now)
    withdraw_locked(tx, withdrawn, skus, now)
    serve_claims(tx, locked, now)


def _lines(withdrawn: Iterable[Withdrawn]) -> list[LineId]:
    return [one.line_id for one in withdrawn]


def _free(
    tx: Transaction, balances: Iterable[Balance], skus: Collection[Sku]
) -> dict[Shelf, int]:
    policy, _ = read_policy(tx, "buffers", BufferPolicy, BufferPolicy())
    categories = store.find_categories(tx, skus) if policy.rules else {}
    free: dict[Shelf, int] = {}
    for balance in balances:
        shelf = (balance.point.sku, balance.point.node)
        if balance.point.receipt_line is None and balance.available:
            free[shelf] = free.get(shelf, 0) + balance.available
    return {
        (sku, node): units - explain_safety(policy, sku, node, categories.get(sku, "")).units
        for (sku, node), units in free.items()
    }
