"""The life of a hold: reserve, extend, change, move, release, lapse, consume."""

from collections.abc import Collection
from datetime import datetime

from oneshelf.base.database import Transaction
from oneshelf.base.identifiers import PublicId
from oneshelf.inventory.ledger import StockPoint
from oneshelf.inventory.reservations import store
from oneshelf.inventory.reservations.holding import Gone, HeldUnits, standing


def consume_reservations(
    tx: Transaction, public_ids: Collection[PublicId], now: datetime
) -> dict[PublicId, tuple[HeldUnits, ...] | Gone]:
    """End holds whose units become an order's in this transaction; say what they kept, or why not.

    Locks the holds, so it comes before lock_points; the caller then locks their points and gives
    every unit to commit_units with source `reserved`. A hold that ran out of time is `lapsed`.
    """
    answers: dict[PublicId, tuple[HeldUnits, ...] | Gone] = dict.fromkeys(public_ids, "unknown")
    if not answers:
        return answers
    rows = store.lock(tx, public_ids)
    answers |= {row.public_id: standing(row.status, row.lapses_at, now) for row in rows}
    held = {row.reservation_id: row.public_id for row in rows if answers[row.public_id] == ()}
    if not held:
        return answers
    kept: dict[PublicId, list[HeldUnits]] = {}
    for unit in store.find_units(tx, held):
        point = StockPoint(unit.sku, unit.node, unit.lot)
        kept.setdefault(held[unit.reservation_id], []).append(
            HeldUnits(unit.line_no, unit.point_id, point, unit.units)
        )
    store.close(tx, held, "consumed")
    return answers | {public_id: tuple(units) for public_id, units in kept.items()}
