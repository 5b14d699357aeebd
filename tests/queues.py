"""Has every order that waits had what it can get?"""

from contextlib import suppress

from oneshelf.inventory.claims.actions import serve_skus


class _SeenError(Exception):
    """Ends a transaction that only looks."""


def left_to_serve(database, now):
    """Return what serving every queue would move now; nothing is kept of it."""
    moved = []
    with suppress(_SeenError), database.transaction("test", "look") as tx:
        [newest] = tx.scalars("SELECT coalesce(max(movement_id), 0) FROM inventory.movement")
        skus = tx.scalars("SELECT DISTINCT sku FROM inventory.claim_part WHERE status = 'open'")
        serve_skus(tx, skus, now)
        moved = tx.tuples(
            "SELECT sku, node, source::text, target::text, units, subject"
            "  FROM inventory.movement JOIN inventory.point USING (point_id)"
            " WHERE movement_id > %(newest)s AND reason <> 'lapsed'",
            newest=newest,
        )
        raise _SeenError
    return moved
