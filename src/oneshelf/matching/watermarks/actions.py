"""Tell each crossing of a mark once, whichever of several workers sees it first."""

from datetime import datetime

from oneshelf.base.database import Transaction
from oneshelf.base.outbox import announce
from oneshelf.base.policies import read_policy
from oneshelf.inventory.levels.actions import read_levels
from oneshelf.matching.outlook import Outlook
from oneshelf.matching.watermarks import store
from oneshelf.matching.watermarks.crossing import WatermarkPolicy, cross, find_moved, marks_by_sku
from oneshelf.matching.watermarks.facts import WatermarkCrossed

WATERMARK_POLICY = "watermarks"
CROSSINGS_MAX = 500


def tell_crossings(outlook: Outlook, tx: Transaction, now: datetime) -> int:
    """Announce SKUs that crossed a mark; return how many moved. Locks their watermark rows.

    Found in the worker's picture without a query a SKU, decided on a fresh read under the lock.
    """
    policy, _ = read_policy(tx, WATERMARK_POLICY, WatermarkPolicy, WatermarkPolicy())
    known = outlook.known
    skus, units = known.stock.totals()
    moved = find_moved(policy, known.world, skus, units, store.read_marks(tx))[:CROSSINGS_MAX]
    if not moved:
        return 0
    told = store.lock_marks(tx, moved)
    outlook.learn_stock(read_levels(tx, moved, outlook.coming(moved)))
    fresh = dict(zip(*known.stock.totals(), strict=True))
    standing = {sku: int(fresh.get(sku, 0)) for sku in moved}
    crossings = cross(marks_by_sku(policy, known.world), standing, told)
    if not crossings:
        return 0
    store.write_marks(tx, [(one.sku, one.stands_at) for one in crossings])
    announce(
        tx,
        [
            WatermarkCrossed(one.sku, *telling, one.units)
            for one in crossings
            if (telling := one.telling())
        ],
        now,
    )
    return len(crossings)
