"""Set the shelves of a file's rows, part by part; a part that is in never comes in again.

Most rows need no thought: nobody waits for the SKU, and what is promised stands on the shelf. Those
are set by statements over whole parts. The others are counted one by one (counting.actions.count).
"""

from collections.abc import Sequence
from datetime import datetime

from oneshelf.base.database import Transaction
from oneshelf.base.errors import ContendedError, OneshelfError
from oneshelf.base.identifiers import new_id
from oneshelf.base.outbox import announce
from oneshelf.inventory.facts import StockChanged
from oneshelf.inventory.stocktaking import store
from oneshelf.inventory.stocktaking.filed import ShelfRow, Stocktake

SERIALISATION_FAILURE = "40001"


def begin(tx: Transaction, digest: bytes, now: datetime) -> Stocktake:
    """Begin to take a file in, or go on where a stocktake of the same file was broken off.

    digest: of the file's bytes.
    """
    store.insert_missing(tx, digest, new_id(), now)
    return store.read(tx, digest)


def find_apart(tx: Transaction, rows: Sequence[ShelfRow]) -> frozenset[int]:
    """Return the lines that have to be counted one by one. Locks nothing."""
    store.stage(tx, rows)
    return frozenset(store.find_apart(tx))


def set_shelves(tx: Transaction, rows: Sequence[ShelfRow], reason: str, now: datetime) -> int:
    """Set shelves to what was seen on them; return how many that changed.

    Raises ContendedError where a row has come to need a count meanwhile (find_apart). The rows name
    each shelf once.
    """
    if not rows:
        return 0
    store.stage(tx, rows)
    store.insert_missing_points(tx)
    changed = store.set_shelves(tx, reason, now)
    if store.find_apart(tx):
        raise ContendedError(SERIALISATION_FAILURE)
    if changed:
        announce(
            tx,
            [
                StockChanged(
                    point_id=tuple(row.point_id for row in changed),
                    sku=tuple(row.sku for row in changed),
                    node=tuple(row.node for row in changed),
                    lot=tuple(row.lot for row in changed),
                    receipt_line=(None,) * len(changed),
                    due_at=(None,) * len(changed),
                    available=tuple(row.available for row in changed),
                    expected=(0,) * len(changed),
                    version=tuple(row.version for row in changed),
                )
            ],
            now,
        )
    return len(changed)


def advance(tx: Transaction, stocktake: Stocktake, line_done: int) -> None:
    """Note how far the file is in, in the transaction of its rows and before any of their locks."""
    if not store.advance(tx, stocktake.stocktake_id, line_done):
        raise OneshelfError(
            "conflict",
            "Another import of the same file is at work and has taken these rows.",
            "Let it finish, or start this one again: it goes on where the other ended.",
        )


def finish(tx: Transaction, stocktake: Stocktake) -> None:
    """Forget a stocktake: the same file again is another count."""
    store.delete(tx, stocktake.stocktake_id)
