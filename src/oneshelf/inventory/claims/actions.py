"""Let order lines wait for stock, and serve them when units become free: older claims first."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from oneshelf.base.database import Transaction
from oneshelf.base.errors import ContendedError
from oneshelf.base.identifiers import LineId, NodeId, PointId, Sku
from oneshelf.base.outbox import announce
from oneshelf.base.policies import decide_policy, read_policy
from oneshelf.inventory.buffers import BufferPolicy, explain_safety
from oneshelf.inventory.claims import store
from oneshelf.inventory.claims.serving import (
    Claim,
    ClaimWish,
    Grant,
    Inbound,
    Off,
    Shelf,
    allot,
    serve,
)
from oneshelf.inventory.facts import ClaimServed
from oneshelf.inventory.ledger import Balance, Commitment, State, Step, StockPoint
from oneshelf.inventory.shelf.actions import (
    carry,
    ensure_points,
    find_commitments,
    find_shelves,
    lock_at_once,
    lock_point_ids,
    read_again,
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
    tx: Transaction,
    points: Collection[StockPoint],
    now: datetime,
    *,
    skus: Collection[Sku] = (),
) -> dict[StockPoint, Balance]:
    """Lock points that may gain free units, and all that serving older claims may touch.

    Instead of lock_points, once in a transaction. skus: serve their claims too, even new ones.
    With a lot its plain shelf is locked, where a line that begins to wait meets any lot's units.
    """
    locked, near = _lock_near(tx, points, skus, now)
    if near:
        store.lock_queues(tx, {*skus, *(point.sku for point in points)})
    return locked


def lock_for_waiting(
    tx: Transaction,
    points: Collection[StockPoint],
    skus: Collection[Sku],
    now: datetime,
) -> dict[StockPoint, Balance]:
    """Lock what lock_for_serving does but the queues, for lines that may begin to wait.

    The caller may lock more points before it serves, whose holder may wait for a queue.
    """
    return _lock_near(tx, points, skus, now)[0]


def _lock_near(
    tx: Transaction, points: Collection[StockPoint], skus: Collection[Sku], now: datetime
) -> tuple[dict[StockPoint, Balance], Collection[Sku]]:
    points = {*points, *(StockPoint(point.sku, point.node) for point in points if point.lot)}
    ensure_points(tx, points)
    near = store.find_neighbours(tx, {*skus, *(point.sku for point in points)})
    ids = store.find_nearby_points(tx, points, {*skus, *near})
    return lock_point_ids(tx, ids, now), near


def require_locked(points: Collection[StockPoint], locked: Collection[StockPoint]) -> None:
    """Raise ContendedError where a verb needs a point that its caller has not locked for it.

    Locking more now could close a circle; the batch is repeated and locks all of them at once.
    """
    if set(points) - set(locked):
        raise ContendedError(SERIALISATION_FAILURE)


def serve_claims(
    tx: Transaction,
    locked: Mapping[StockPoint, Balance],
    now: datetime,
    *,
    skus: Collection[Sku] = (),
    settling: Collection[LineId] = (),
    queues: Literal["locked", "unlocked"] = "locked",
) -> list[ClaimServed]:
    """Give units that became free to older claims; settle anew what receipt lines are to bring.

    locked: what lock_for_serving returned, whatever was moved since. skus: their claims changed, or
    may take what they could not take before. settling: lines that wait for less and give back what
    they were promised. Only queues that something changed for are read: the others have had what
    they can get. What became free meanwhile is locked too; raises ContendedError where somebody
    else has it: the batch is then repeated. queues: who locked for waiting locks them only here.
    """
    standing = read_again(tx, locked, ())
    changed = {*skus, *_changed(locked, standing)}
    if queues == "unlocked":
        store.lock_queues(tx, changed)
    claims = store.take_queues(tx, changed, settling) if changed else []
    if not claims and not settling:
        return []
    near = changed | {part.sku for claim in claims for part in claim.parts}
    more = set(store.find_nearby_points(tx, [], near)) - {b.point_id for b in standing.values()}
    if more:
        if not lock_at_once(tx, more):
            raise ContendedError(SERIALISATION_FAILURE)
        standing = read_again(tx, standing, more)
    free = _free(tx, ((b.point.sku, b.point.node, b.available) for b in standing.values()))
    grants = serve(claims, free, _off(tx, claims))
    back, forth = _settle(tx, _Queues(claims, changed, settling), grants, standing)
    carry(tx, back, now)
    carry(tx, _takes(grants, standing) + forth, now)
    if grants:
        store.reduce(tx, _units(grants), "served")
    served = [
        ClaimServed(grant.claim.order_id, grant.claim.line_id, grant.node, grant.units)
        for grant in grants
    ]
    announce(tx, served, now)
    return served


def serve_skus(tx: Transaction, skus: Collection[Sku], now: datetime) -> list[ClaimServed]:
    """Serve claims for these SKUs from what is free: after a buffer fell or a toggle went on."""
    return serve_claims(tx, lock_for_serving(tx, [], now, skus=skus), now, skus=skus)


def serve_opened(
    tx: Transaction, shelves: Collection[Shelf], waited: Collection[Sku], now: datetime
) -> list[ClaimServed]:
    """Serve claims for these SKUs after the catalog let shelves do more.

    The shelves are locked whether anybody waits or not: an order that begins to wait at this
    moment holds them too, and whoever comes second sees what the first one wrote.
    """
    points = find_shelves(tx, shelves) if shelves else []
    if not points and not waited:
        return []
    skus = {*waited, *(point.sku for point in points)}
    return serve_claims(tx, lock_for_serving(tx, points, now, skus=skus), now, skus=skus)


def decide_buffers(tx: Transaction, policy: BufferPolicy, now: datetime) -> int:
    """Keep back other units from now on; serve claims from what is no longer kept back.

    Returns the policy's version. Locks every SKU that somebody waits for.
    """
    version = decide_policy(tx, "buffers", policy, now)
    if skus := store.find_open_skus(tx):
        serve_skus(tx, skus, now)
    return version


def find_stranded(tx: Transaction) -> list[Grant]:
    """Find units that stand free while an older claim could have them. Locks nothing.

    Claims that could not be served alone are left out, so a grant says that somebody is owed
    units of these SKUs, not who of all that wait.
    """
    claims = store.find_servable(tx)
    rows = store.find_free(tx, {part.sku for claim in claims for part in claim.parts})
    free = _free(tx, ((row.sku, row.node, row.units) for row in rows))
    return serve(claims, free, _off(tx, claims)) if claims else []


def serve_waiting(tx: Transaction, now: datetime) -> int:
    """Serve claims that wait while units are free; return how many were served.

    Work that time causes: only what no other verb could see, such as a first unit at a new node.
    """
    stranded = find_stranded(tx)
    skus = sorted({part.sku for one in stranded for part in one.claim.parts})[:SERVING_SKUS_MAX]
    return len(serve_skus(tx, skus, now)) if skus else 0


def withdraw_claims(
    tx: Transaction,
    withdrawn: Sequence[Withdrawn],
    now: datetime,
    *,
    within: Mapping[StockPoint, Balance] | None = None,
) -> None:
    """Let lines wait for less, latest claim of a line first; their dated supply serves others.

    within: what the caller locked for serving already.
    """
    lines = [one.line_id for one in withdrawn]
    skus = store.find_skus_of_lines(tx, lines)
    if skus:
        locked = lock_for_serving(tx, [], now, skus=skus) if within is None else within
        drop_locked(tx, withdrawn)
        serve_claims(tx, locked, now, skus=skus, settling=lines)


def find_waiting_skus_of(tx: Transaction, line_ids: Collection[LineId]) -> list[Sku]:
    """Find what the lines wait for. Locks nothing."""
    return store.find_skus_of_lines(tx, line_ids)


def find_waiting_lines(tx: Transaction, line_ids: Collection[LineId]) -> set[LineId]:
    """Find which of the lines still wait for units. Locks nothing."""
    return set(store.find_waiting_lines(tx, line_ids)) if line_ids else set()


def drop_locked(tx: Transaction, withdrawn: Sequence[Withdrawn]) -> None:
    """Take units from open claims, for a verb that serves afterwards and locked for serving."""
    wanted = {one.line_id: one.units for one in withdrawn}
    dropped: dict[int, int] = {}
    for claim in sorted(store.take_queues(tx, (), wanted), key=Claim.turn, reverse=True):
        if claim.line_id in wanted:
            left = wanted[claim.line_id]
            units = claim.units if left is None else min(claim.units, left)
            wanted[claim.line_id] = None if left is None else left - units
            dropped |= {claim.claim_id: units} if units else {}
    if dropped:
        store.reduce(tx, dropped, "withdrawn")


def _buffers(tx: Transaction, skus: Collection[Sku]) -> tuple[BufferPolicy, dict[Sku, str]]:
    policy, _ = read_policy(tx, "buffers", BufferPolicy, BufferPolicy())
    return policy, store.find_categories(tx, skus) if policy.rules else {}


def _off(tx: Transaction, claims: Iterable[Claim]) -> Off:
    skus = frozenset[Sku]().union(*(claim.goods() for claim in claims))
    return store.find_off(tx, skus)


def _free(tx: Transaction, shelves: Iterable[tuple[Sku, NodeId, int]]) -> dict[Shelf, int]:
    """Add up what stands on shelves, less safety stock."""
    free: dict[Shelf, int] = {}
    for sku, node, units in shelves:
        if units:
            free[sku, node] = free.get((sku, node), 0) + units
    policy, category = _buffers(tx, {sku for sku, _ in free})
    return {
        (sku, node): max(0, units - explain_safety(policy, sku, node, category.get(sku, "")).units)
        for (sku, node), units in free.items()
    }


def _units(grants: Iterable[Grant]) -> dict[int, int]:
    units: dict[int, int] = {}
    for grant in grants:
        units[grant.claim.claim_id] = units.get(grant.claim.claim_id, 0) + grant.units
    return units


def _changed(
    locked: Mapping[StockPoint, Balance], standing: Mapping[StockPoint, Balance]
) -> set[Sku]:
    """Find the SKUs of shelves with more free units than before, and of receipt lines that moved.

    A unit that is gone, or was free all along, gives no claim anything.
    """
    return {
        point.sku
        for point, balance in standing.items()
        if balance.available > locked[point].available
        or (point.receipt_line is not None and balance.version != locked[point].version)
    }


def _reduced(claims: Iterable[Claim], grants: Iterable[Grant]) -> list[Claim]:
    served = _units(grants)
    left = [
        replace(claim, units=claim.units - units)
        if (units := served.get(claim.claim_id))
        else claim
        for claim in claims
    ]
    return [claim for claim in left if claim.units]


def _takes(grants: Iterable[Grant], standing: Mapping[StockPoint, Balance]) -> list[Step]:
    """Choose the shelf points: lots in their order, then the plain shelf."""
    shelves: dict[Shelf, list[Balance]] = {}
    for point in sorted(standing, key=lambda point: (point.lot is None, point.lot or "")):
        shelves.setdefault((point.sku, point.node), []).append(standing[point])
    left = {balance.point_id: balance.available for balance in standing.values()}
    steps = []
    for grant in grants:
        for part in grant.claim.parts:
            missing = part.units * grant.units
            for balance in shelves[part.sku, grant.node]:
                if units := min(missing, left[balance.point_id]):
                    missing -= units
                    left[balance.point_id] -= units
                    steps.append(
                        _step(grant.claim, balance.point_id, "available", "committed", units)
                    )
    return steps


def _step(claim: Claim, point_id: PointId, source: State, target: State, units: int) -> Step:
    return Step(
        line_id=claim.line_id,
        order_id=claim.order_id,
        point_id=point_id,
        source=source,
        target=target,
        units=units,
        reason="claim_served" if target == "committed" else "promised",
        promised_at=claim.promised_at,
    )


@dataclass(frozen=True, slots=True)
class _Queues:
    """The claims that were read: all that wait for the SKUs. settling: lines that wait for less."""

    claims: Sequence[Claim]
    skus: AbstractSet[Sku]
    settling: Collection[LineId]


def _settle(
    tx: Transaction,
    queues: _Queues,
    grants: Sequence[Grant],
    standing: Mapping[StockPoint, Balance],
) -> tuple[list[Step], list[Step]]:
    """Say what lines give back to receipt lines, and what they are promised instead."""
    skus = queues.skus | {part.sku for grant in grants for part in grant.claim.parts}
    coming = {
        balance.point_id: balance
        for point, balance in standing.items()
        if point.receipt_line is not None and point.sku in skus
    }
    if not coming:
        return [], []
    unread = {balance.point.sku for balance in coming.values()} - queues.skus
    also = store.take_queues(tx, unread) if unread else []
    claims = {claim.claim_id: claim for claim in (*queues.claims, *also)}
    waiting = {claim.line_id for claim in claims.values()} | set(queues.settling)
    has: dict[tuple[LineId, PointId], Commitment] = {
        (one.line_id, one.point_id): one
        for one in find_commitments(tx, point_ids=coming)
        if one.line_id in waiting
    }
    free = {point_id: balance.expected for point_id, balance in coming.items()}
    for (_, point_id), one in has.items():
        free[point_id] += one.units
    place = {point_id: balance.point for point_id, balance in coming.items()}
    inbound = [
        Inbound(row.point_id, place[row.point_id].sku, place[row.point_id].node, row.due_at, units)
        for row in store.find_due(tx, free)
        if (units := free[row.point_id])
    ]
    left = {claim.claim_id: claim for claim in _reduced(claims.values(), grants)}
    wanted: dict[tuple[LineId, PointId], int] = {}
    owner: dict[LineId, Claim] = {}
    for (claim_id, point_id), units in allot(left.values(), inbound).items():
        claim = owner.setdefault(left[claim_id].line_id, left[claim_id])
        wanted[claim.line_id, point_id] = wanted.get((claim.line_id, point_id), 0) + units
    back = [
        Step(one.line_id, one.order_id, one.point_id, "promised", "expected", units, "given_back")
        for key, one in has.items()
        if (units := one.units - wanted.get(key, 0)) > 0
    ]
    forth = [
        _step(owner[key[0]], key[1], "expected", "promised", units)
        for key, whole in wanted.items()
        if (units := whole - (has[key].units if key in has else 0)) > 0
    ]
    return back, forth
