"""Lock points, move units, bind units to order lines. Every other verb of inventory ends here."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from oneshelf.base.database import Transaction
from oneshelf.base.identifiers import LineId, NodeId, PointId, Sku
from oneshelf.base.outbox import announce
from oneshelf.inventory.facts import ReservationLapsed, StockChanged
from oneshelf.inventory.ledger import BOUND, Balance, Commitment, Movement, Step, StockPoint, Take
from oneshelf.inventory.shelf import store

UNREAD = -1  # no point has this version


def ensure_points(tx: Transaction, points: Collection[StockPoint]) -> None:
    """Insert points that do not exist yet, with nothing in them. Before any lock on points."""
    if points:
        store.insert_missing(tx, points)


def lock_points(
    tx: Transaction, points: Collection[StockPoint], now: datetime
) -> dict[StockPoint, Balance]:
    """Lock points in key order, new ones inserted first; lapsed holds on them become free.

    Once in a transaction, after reservations and before claims. A hold that lapsed stays where an
    older claim waits for its SKU (the sweep serves that claim) or another transaction has it.
    """
    if not points:
        return {}
    balances = store.lock_points(tx, points, least=len(points))
    if not balances:
        store.insert_missing(tx, points)
        balances = store.lock_points(tx, points)
    return _with_lapsed_freed(tx, balances, now)


def lock_point_ids(
    tx: Transaction, point_ids: Collection[PointId], now: datetime
) -> dict[StockPoint, Balance]:
    """Lock points whose ids are known: otherwise the same as lock_points."""
    if not point_ids:
        return {}
    return _with_lapsed_freed(tx, store.lock_ids(tx, point_ids), now)


def lock_at_once(tx: Transaction, point_ids: Collection[PointId]) -> bool:
    """Lock more points out of order; False where that would mean to wait, which could circle."""
    return store.lock_ids_at_once(tx, point_ids) == len(point_ids)


def read_again(
    tx: Transaction, locked: Mapping[StockPoint, Balance], also: Collection[PointId]
) -> dict[StockPoint, Balance]:
    """Return locked points as they stand now; only those that were moved since are read.

    also: points that the transaction has locked without reading them.
    """
    known = {one.point_id: one.version for one in locked.values()}
    fresh = store.find_other_versions(tx, known | dict.fromkeys(also, UNREAD))
    return dict(locked) | {balance.point: balance for balance in fresh}


def move(tx: Transaction, movements: Sequence[Movement], now: datetime) -> list[Balance]:
    """Append movements, carry them to their points, announce the new figures as one fact.

    The caller holds the points' locks. Returns the touched points. Raises LookupError if a point
    does not exist; the database refuses a state below zero.
    """
    if not movements:
        return []
    moved = store.move(tx, movements, now)
    if missing := {movement.point for movement in movements} - {b.point_id for b, _ in moved}:
        raise LookupError(f"stock points {sorted(missing)} do not exist")
    announce(tx, [_changed(moved)], now)
    return [balance for balance, _ in moved]


def touch(tx: Transaction, point_ids: Collection[PointId], now: datetime) -> None:
    """Announce locked points anew, for a change that is not in their figures: a due time."""
    if point_ids:
        announce(tx, [_changed(store.touch(tx, point_ids))], now)


def commit_units(tx: Transaction, takes: Sequence[Take], now: datetime) -> list[Balance]:
    """Bind units to order lines: a whole batch's takes in one call. The caller holds the locks.

    Units of source `reserved` must have been taken from their reservation (end_holds).
    """
    return carry(
        tx,
        [
            Step(
                line_id=take.line_id,
                order_id=take.order_id,
                point_id=take.point_id,
                source=take.source,
                target="promised" if take.source == "expected" else "committed",
                units=take.units,
                reason="ordered",
                promised_at=take.promised_at,
            )
            for take in takes
        ],
        now,
    )


def carry(
    tx: Transaction, steps: Sequence[Step], now: datetime, others: Sequence[Movement] = ()
) -> list[Balance]:
    """Move units of lines and keep whose they are; `others` are nobody's and move along.

    The caller holds the points' locks. Raises LookupError if a line has not got the units.
    """
    freed = [step for step in steps if step.source in BOUND]
    if freed:
        wanted = {(step.line_id, step.point_id, step.source) for step in freed}
        if store.remove_commitments(tx, freed) != len(wanted):
            raise LookupError(f"not all of {sorted(wanted)} have the units that leave them")
    if bound := [step for step in steps if step.target in BOUND]:
        store.add_commitments(tx, bound)
    return move(
        tx,
        [
            Movement(
                point=step.point_id,
                source=step.source,
                target=step.target,
                units=step.units,
                reason=step.reason,
                subject=f"line:{step.line_id}",
                transfer=step.transfer,
            )
            for step in steps
        ]
        + list(others),
        now,
    )


def find_commitments(
    tx: Transaction, line_ids: Collection[LineId] = (), point_ids: Collection[PointId] = ()
) -> list[Commitment]:
    """Find units bound to any of the lines or at any of the points. Locks nothing."""
    return store.find_commitments(tx, line_ids, point_ids)


def find_shelves(tx: Transaction, shelves: Collection[tuple[Sku, NodeId]]) -> list[StockPoint]:
    """Find every shelf point, lot or not, of SKUs at nodes. Locks nothing."""
    return store.find_shelves(tx, shelves)


def take_requests(tx: Transaction, request_ids: Collection[UUID], now: datetime) -> set[UUID]:
    """Return the outside requests that come for the first time; before any other lock."""
    return store.take_requests(tx, request_ids, now) if request_ids else set()


def _with_lapsed_freed(
    tx: Transaction, balances: Sequence[Balance], now: datetime
) -> dict[StockPoint, Balance]:
    standing = {balance.point: balance for balance in balances}
    held = [balance.point_id for balance in balances if balance.reserved]
    lapsed = store.lock_lapsed(tx, held, now) if held else []
    if not lapsed:
        return standing
    movements = [
        Movement(
            point=point_id,
            source="reserved",
            target="available",
            units=units,
            reason="lapsed",
            subject=f"reservation:{reservation}",
        )
        for reservation, point_id, units in store.free_lapsed(tx, lapsed)
    ]
    fresh = {row.reservation for row in lapsed if row.was_held}
    announce(tx, [ReservationLapsed(public_id) for public_id in sorted(fresh)], now)
    return standing | {balance.point: balance for balance in move(tx, movements, now)}


def _changed(moved: Sequence[tuple[Balance, datetime | None]]) -> StockChanged:
    balances = [balance for balance, _ in moved]
    return StockChanged(
        point_id=tuple(balance.point_id for balance in balances),
        sku=tuple(balance.point.sku for balance in balances),
        node=tuple(balance.point.node for balance in balances),
        lot=tuple(balance.point.lot for balance in balances),
        receipt_line=tuple(balance.point.receipt_line for balance in balances),
        due_at=tuple(due_at for _, due_at in moved),
        available=tuple(balance.available for balance in balances),
        expected=tuple(balance.expected for balance in balances),
        version=tuple(balance.version for balance in balances),
    )
