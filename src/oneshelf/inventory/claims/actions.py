"""Let order lines wait for stock, and serve them when units become free."""

from collections.abc import Sequence
from datetime import datetime

from oneshelf.base.database import Transaction
from oneshelf.inventory.claims import store
from oneshelf.inventory.claims.serving import ClaimWish


def open_claims(tx: Transaction, wishes: Sequence[ClaimWish], now: datetime) -> None:
    """Let lines wait for stock.

    The caller holds the points that the claims accept (missing ones are made by lock_points), so
    that no receipt slips between, and found too little free there.
    """
    if wishes:
        store.add(tx, wishes, now)
