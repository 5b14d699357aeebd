"""Audit all stock, and put right what an audit found."""

from collections.abc import Sequence
from datetime import datetime

from oneshelf.base.database import Transaction
from oneshelf.inventory.auditing import store
from oneshelf.inventory.auditing.differences import Difference, Repair
from oneshelf.inventory.claims.actions import find_stranded, serve_skus
from oneshelf.inventory.shelf.actions import lock_point_ids, move, touch


def audit(tx: Transaction) -> list[Difference]:
    """Name every figure that does not follow from the ledger. Locks nothing."""
    stranded = [
        Difference(
            "stranded", None, part.sku, "available", one.claim.claim_id, 0, part.units * one.units
        )
        for one in find_stranded(tx)
        for part in one.claim.parts
    ]
    return store.find_differences(tx) + stranded


def repair(tx: Transaction, plan: Sequence[Repair], now: datetime) -> list[Repair]:
    """Put right what still differs as it did when the plan was made; return what was done.

    Corrections are ledger entries; only a balance is summed up anew, for the ledger is the truth.
    """
    points = {one.difference.point_id for one in plan if one.difference.point_id is not None}
    lock_point_ids(tx, points, now)
    standing = set(audit(tx))
    due = [one for one in plan if one.difference in standing]
    off = {one.difference.point_id for one in due if one.how == "rebuild"}
    rebuilt = [point_id for point_id in points if point_id in off]
    if rebuilt:
        store.rebuild(tx, rebuilt)
        touch(tx, rebuilt, now)
    move(tx, [one.movement for one in due if one.movement], now)
    if skus := {one.difference.sku for one in due if one.how == "serve"} - {None}:
        serve_skus(tx, [sku for sku in skus if sku], now)
    return [one for one in due if one.how != "ask"]
