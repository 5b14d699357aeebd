"""The life of a hold: reserve, extend, change, move, release, lapse, consume.

Holds are locked before points. Every verb is safe to repeat: by the hold's public id, by saying
totals instead of changes, or because a hold that ended stays ended.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Literal

from msgspec import to_builtins

from oneshelf.base.database import Transaction
from oneshelf.base.identifiers import PointId, PublicId
from oneshelf.base.outbox import announce
from oneshelf.inventory.claims.actions import lock_for_serving, serve_claims
from oneshelf.inventory.facts import ReservationLapsed, ReservationLost
from oneshelf.inventory.ledger import Movement, State, StockPoint
from oneshelf.inventory.reservations import store
from oneshelf.inventory.reservations.holding import (
    Gone,
    HeldUnits,
    Hold,
    Moved,
    Reserved,
    Resized,
    Short,
    hold,
    standing,
)
from oneshelf.inventory.reservations.store import ChangeRow, ReservationRow
from oneshelf.inventory.shelf.actions import lock_points, move

Way = tuple[State, State]
Ended = Literal["released", "lapsed"]
HOLDS_PER_SWEEP_MAX = 500


def reserve(
    tx: Transaction, holds: Sequence[Hold], now: datetime
) -> dict[PublicId, Reserved | Short | Gone]:
    """Hold units for carts: every line of a cart or none. A refusal is not remembered."""
    asked = list({cart.public_id: cart for cart in reversed(holds)}.values())[::-1]
    known = store.add(tx, asked, now)
    answers = _lock_kept(tx, known, now)[1]
    carts = [cart for cart in asked if cart.public_id not in answers] if known else asked
    locked = lock_points(tx, {line.point for cart in carts for line in cart.lines}, now)
    decided = hold(carts, {point: balance.available for point, balance in locked.items()})
    units, movements, short = [], [], []
    for cart, answer in zip(carts, decided, strict=True):
        if isinstance(answer, Short):
            answers[cart.public_id] = answer
            short.append(cart.public_id)
            continue
        kept = [HeldUnits(o.line_no, locked[o.point].point_id, o.point, o.units) for o in answer]
        answers[cart.public_id] = tuple(kept)
        units += [
            ChangeRow(cart.public_id, unit.line_no, unit.point_id, unit.units) for unit in kept
        ]
        movements += _movements(cart.public_id, kept, "available", "reserved", "reserved")
    if units:
        store.add_units(tx, units)
        move(tx, movements, now)
    if short:
        store.forget(tx, short)
    return answers


def extend(
    tx: Transaction, lapses: Mapping[PublicId, datetime], now: datetime
) -> dict[PublicId, datetime | Gone]:
    """Let holds last until the given time at least; answer until when, or why not."""
    answers: dict[PublicId, datetime | Gone] = dict.fromkeys(lapses, "unknown")
    usable = []
    for row in store.lock(tx, lapses):
        if gone := standing(row.status, row.lapses_at, now):
            answers[row.public_id] = gone
        else:
            usable.append((row.public_id, lapses[row.public_id]))
            answers[row.public_id] = max(row.lapses_at, lapses[row.public_id])
    store.extend(tx, usable)
    return answers


def increase(
    tx: Transaction, lines: Sequence[Resized], now: datetime
) -> dict[PublicId, Reserved | Short | Gone]:
    """Let lines of holds keep so many units in all, if they keep fewer: all of a hold or none."""
    kept, answers = _lock_kept(tx, {line.public_id for line in lines}, now)
    return answers | _resize(tx, [(line, 1) for line in lines], kept, now)


def decrease(
    tx: Transaction, lines: Sequence[Resized], now: datetime
) -> dict[PublicId, Reserved | Short | Gone]:
    """Let lines of holds keep so many units in all, if they keep more; older claims come next."""
    kept, answers = _lock_kept(tx, {line.public_id for line in lines}, now)
    return answers | _resize(tx, [(line, -1) for line in lines], kept, now)


def transfer(
    tx: Transaction, moves: Sequence[Moved], now: datetime
) -> dict[PublicId, Reserved | Short | Gone]:
    """Let lines of holds stand at other points: all of a hold's or none, never at neither."""
    kept, answers = _lock_kept(tx, {one.public_id for one in moves}, now)
    here = {(i, u.line_no, u.point): u.units for i, units in kept.items() for u in units}
    totals = dict(here)
    for one in moves:
        source = (one.public_id, one.line_no, one.source)
        target = (one.public_id, one.line_no, one.target)
        if source in totals and one.source != one.target:
            totals[target] = totals.get(target, 0) + totals[source]
            totals[source] = 0
    wanted = [(Resized(*key, units), 1 if units else -1) for key, units in totals.items()]
    return answers | _resize(tx, wanted, kept, now)


def release(
    tx: Transaction, public_ids: Collection[PublicId], now: datetime
) -> dict[PublicId, Gone]:
    """Give the units of holds back for good; older claims get them first."""
    rows = store.lock(tx, public_ids)
    held = [row for row in rows if row.status == "held"]
    answers: dict[PublicId, Gone] = dict.fromkeys(public_ids, "unknown")
    for row in rows:
        answers[row.public_id] = standing(row.status, row.lapses_at, now) or "released"
    _free(tx, held, "released", now)
    return answers


def lapse_due(tx: Transaction, now: datetime) -> int:
    """Free holds that ran out of time, each exactly once whatever the number of workers."""
    rows = store.lock_lapsed(tx, now, HOLDS_PER_SWEEP_MAX)
    _free(tx, rows, "lapsed", now)
    announce(tx, [ReservationLapsed(row.public_id) for row in rows if row.status == "held"], now)
    return len(rows)


def end_lapsed(tx: Transaction, public_ids: Collection[PublicId], now: datetime) -> set[PublicId]:
    """Make final that holds ran out of time, so that others may count what they have as free.

    Waits for nobody: a hold that another transaction has is passed over. Their units are freed by
    the sweep, or by whoever locks their points.
    """
    over = store.end_lapsed(tx, public_ids, now) if public_ids else []
    announce(tx, [ReservationLapsed(public_id) for public_id in sorted(over)], now)
    return set(over)


def fulfil(
    tx: Transaction, public_ids: Collection[PublicId], now: datetime
) -> dict[PublicId, Reserved | Gone]:
    """Hand the units of holds over the counter: they leave the house."""
    answers = lock_holds(tx, public_ids, now)
    end_holds(tx, [public_id for public_id, units in answers.items() if isinstance(units, tuple)])
    kept = {i: units for i, units in answers.items() if isinstance(units, tuple)}
    lock_points(tx, {unit.point for units in kept.values() for unit in units}, now)
    move(
        tx,
        [
            movement
            for public_id, units in kept.items()
            for movement in _movements(public_id, units, "reserved", "outside", "fulfilled")
        ],
        now,
    )
    return answers


def read_holds(
    tx: Transaction, public_ids: Collection[PublicId], now: datetime
) -> dict[PublicId, Reserved | Gone]:
    """Read what holds keep, or why they are gone. Locks nothing: lock_holds says it for sure."""
    return _kept(tx, store.find(tx, public_ids) if public_ids else [], public_ids, now)


def lock_holds(
    tx: Transaction, public_ids: Collection[PublicId], now: datetime
) -> dict[PublicId, Reserved | Gone]:
    """Lock holds and say what they keep, or why they are gone. Before lock_points."""
    return _kept(tx, store.lock(tx, public_ids) if public_ids else [], public_ids, now)


def end_holds(tx: Transaction, public_ids: Collection[PublicId]) -> None:
    """End locked holds whose units become an order's in this transaction.

    The caller locks their points and gives every unit to commit_units with source `reserved`.
    """
    if public_ids:
        store.close(tx, public_ids, "consumed")


def _kept(
    tx: Transaction,
    rows: Collection[ReservationRow],
    public_ids: Collection[PublicId],
    now: datetime,
) -> dict[PublicId, Reserved | Gone]:
    answers: dict[PublicId, Reserved | Gone] = dict.fromkeys(public_ids, "unknown")
    answers |= {row.public_id: standing(row.status, row.lapses_at, now) for row in rows}
    held = [row.public_id for row in rows if answers[row.public_id] == ()]
    units = _units(tx, held)
    # Without a lock the units may have gone since the hold itself was read.
    return answers | {public_id: units[public_id] or "released" for public_id in held}


def take_from_holds(
    tx: Transaction, needs: Mapping[PointId, int], reason: str, now: datetime
) -> list[Movement]:
    """Take up to so many units at locked points from holds, the one that lapses last first.

    The caller moves them outside with what is returned. A hold that another transaction has locked
    keeps its units. Announces who lost units.
    """
    left = dict(needs)
    changes, movements, lost = [], [], []
    for row in store.lock_held_at(tx, needs) if needs else []:
        if units := min(left[row.point_id], row.units):
            left[row.point_id] -= units
            changes.append(ChangeRow(row.reservation, row.line_no, row.point_id, -units))
            subject = f"reservation:{row.reservation}"
            movements.append(Movement(row.point_id, "reserved", "outside", units, reason, subject))
            lost.append(ReservationLost(row.reservation, row.node, row.sku, units, reason))
    store.change_units(tx, changes)
    announce(tx, lost, now)
    return movements


def _units(tx: Transaction, held: Collection[PublicId]) -> dict[PublicId, Reserved]:
    kept: dict[PublicId, list[HeldUnits]] = {public_id: [] for public_id in held}
    for unit in store.find_units(tx, held) if held else []:
        point = StockPoint(unit.sku, unit.node, unit.lot)
        held_units = HeldUnits(unit.line_no, unit.point_id, point, unit.units)
        kept[unit.reservation].append(held_units)
    return {public_id: tuple(units) for public_id, units in kept.items()}


def _lock_kept(
    tx: Transaction, public_ids: Collection[PublicId], now: datetime
) -> tuple[dict[PublicId, Reserved], dict[PublicId, Reserved | Short | Gone]]:
    """Lock holds; return what the usable ones keep, and an answer for each."""
    answers: dict[PublicId, Reserved | Short | Gone] = dict.fromkeys(public_ids, "unknown")
    rows = store.lock(tx, public_ids) if public_ids else []
    answers |= {row.public_id: standing(row.status, row.lapses_at, now) for row in rows}
    units = _units(tx, [row.public_id for row in rows if answers[row.public_id] == ()])
    return units, answers | units


def _resize(
    tx: Transaction,
    wanted: Sequence[tuple[Resized, int]],
    kept: Mapping[PublicId, Reserved],
    now: datetime,
) -> dict[PublicId, Reserved | Short]:
    """Bring lines of locked holds to totals: sign 1 only upwards, sign -1 only downwards."""
    here = {(i, u.line_no, u.point): u.units for i, units in kept.items() for u in units}
    wanted = [one for one in wanted if one[0].public_id in kept]
    locked = lock_for_serving(tx, {line.point for line, _ in wanted}, now)
    free = {point: balance.available for point, balance in locked.items()}
    changes: list[ChangeRow] = []
    movements: list[Movement] = []
    answers: dict[PublicId, Reserved | Short] = {}
    for public_id in dict.fromkeys(line.public_id for line, _ in wanted):
        steps = {
            (line.line_no, line.point): sign * units
            for line, sign in wanted
            if line.public_id == public_id
            and (units := sign * (line.units - here.get((public_id, line.line_no, line.point), 0)))
            > 0
        }
        more: dict[StockPoint, int] = {}
        for (_, point), units in steps.items():
            more[point] = more.get(point, 0) + max(0, units)
        if short := {p: units - free[p] for p, units in more.items() if units > free[p]}:
            answers[public_id] = Short(short)
            continue
        for point, units in more.items():
            free[point] -= units
        for (line_no, point), units in steps.items():
            point_id = locked[point].point_id
            changes.append(ChangeRow(public_id, line_no, point_id, units))
            part = HeldUnits(line_no, point_id, point, abs(units))
            way: Way = ("available", "reserved") if units > 0 else ("reserved", "available")
            movements += _movements(public_id, [part], *way, "resized")
    if changes:
        store.change_units(tx, changes)
        move(tx, movements, now)
        serve_claims(tx, locked, now)
    return answers | _units(tx, [public_id for public_id in kept if public_id not in answers])


def _free(tx: Transaction, rows: Sequence[ReservationRow], status: Ended, now: datetime) -> None:
    if not rows:
        return
    kept = _units(tx, [row.public_id for row in rows])
    store.close(tx, [row.public_id for row in rows], status)  # first: then it is not lapsed
    points = {unit.point for units in kept.values() for unit in units}
    locked = lock_for_serving(tx, points, now)
    movements = [
        movement
        for public_id, units in kept.items()
        for movement in _movements(public_id, units, "reserved", "available", status)
    ]
    move(tx, movements, now)
    serve_claims(tx, locked, now)


def _movements(
    public_id: PublicId, units: Iterable[HeldUnits], source: State, target: State, reason: str
) -> list[Movement]:
    subject = f"reservation:{to_builtins(public_id)}"  # a quarter of what str costs
    return [Movement(unit.point_id, source, target, unit.units, reason, subject) for unit in units]
