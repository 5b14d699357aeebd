"""Read and write claims. Nothing is decided here."""

from collections.abc import Sequence
from datetime import datetime

from oneshelf.base.database import Transaction
from oneshelf.inventory.claims.serving import ClaimWish


def add(tx: Transaction, wishes: Sequence[ClaimWish], now: datetime) -> None:
    """Write claims and their parts, in the order given: ids follow it."""
    places = range(len(wishes))
    parts = [(place, part) for place in places for part in wishes[place].parts]
    tx.run(
        """
        WITH given AS (
            SELECT nextval(pg_get_serial_sequence('inventory.claim', 'claim_id')) AS claim_id, *
              FROM (SELECT *
                      FROM unnest(%(places)s::bigint[], %(lines)s::bigint[], %(orders)s::bigint[],
                                  %(units)s::bigint[], %(serving)s::text[], %(methods)s::text[],
                                  %(nodes)s::text[], %(promised)s::timestamptz[],
                                  %(priorities)s::bigint[])
                           AS wish (place, line_id, order_id, units, serving, method, nodes,
                                    promised_at, priority)
                     ORDER BY place) AS wish
        ), claimed AS (
            INSERT INTO inventory.claim (claim_id, line_id, order_id, units, serving, method, nodes,
                                         promised_at, priority, placed_at)
            OVERRIDING SYSTEM VALUE
            SELECT claim_id, line_id, order_id, units, serving, method, nodes::text[], promised_at,
                   priority, %(now)s
              FROM given
        )
        INSERT INTO inventory.claim_part (claim_id, sku, units)
        SELECT claim_id, sku, part.units
          FROM given
          JOIN unnest(%(part_places)s::bigint[], %(part_skus)s::text[], %(part_units)s::bigint[])
               AS part (place, sku, units) USING (place)
        """,
        places=list(places),
        lines=[wish.line_id for wish in wishes],
        orders=[wish.order_id for wish in wishes],
        units=[wish.units for wish in wishes],
        serving=[wish.serving for wish in wishes],
        methods=[wish.method for wish in wishes],
        nodes=[_array(wish.nodes) for wish in wishes],
        promised=[wish.promised_at for wish in wishes],
        priorities=[wish.priority for wish in wishes],
        part_places=[place for place, _ in parts],
        part_skus=[part.sku for _, part in parts],
        part_units=[part.units for _, part in parts],
        now=now,
    )


def _array(nodes: frozenset[str] | None) -> str | None:
    """Write an array as text, since unnest would flatten an array of arrays."""
    if nodes is None:
        return None
    quoted = (node.replace("\\", "\\\\").replace('"', '\\"') for node in sorted(nodes))
    return "{" + ",".join(f'"{node}"' for node in quoted) + "}"
