"""Compare every figure with what it follows from. Nothing is decided here."""

from collections.abc import Collection
from typing import LiteralString

from oneshelf.base.database import Transaction
from oneshelf.base.identifiers import PointId
from oneshelf.inventory.auditing.differences import Difference

# One statement, so that all of it is seen at one moment while the world goes on.
AUDIT: LiteralString = """
    WITH figure AS (
        SELECT point_id, sku, node, receipt_line_id, state::inventory.state, units
          FROM inventory.point
         CROSS JOIN LATERAL (VALUES
               ('available', available), ('reserved', reserved), ('committed', committed),
               ('picked', picked), ('damaged', damaged), ('quality_hold', quality_hold),
               ('in_transit', in_transit), ('expected', expected), ('promised', promised),
               ('outside', outside)) AS one (state, units)
    ), leg AS (
        SELECT point_id, source AS state, -units AS units FROM inventory.movement
         UNION ALL
        SELECT point_id, target, units FROM inventory.movement
    ), ledger AS (
        SELECT point_id, state, sum(units) AS units FROM leg GROUP BY point_id, state
    ), held AS (
        SELECT point_id, sum(units) AS units
          FROM inventory.reserved_unit
          JOIN inventory.reservation ON public_id = reservation
         WHERE status IN ('held', 'lapsing')
         GROUP BY point_id
    ), bound AS (
        SELECT point_id, state, sum(units) AS units
          FROM inventory.commitment
         GROUP BY point_id, state
    )
    SELECT 'balance' AS kind, point_id, sku, state::text, NULL::bigint AS claim_id,
           coalesce(ledger.units, 0)::bigint AS due, figure.units::bigint AS found
      FROM figure
      LEFT JOIN ledger USING (point_id, state)
     WHERE figure.units <> coalesce(ledger.units, 0)
     UNION ALL
    SELECT 'point', lost.point_id, NULL, NULL, NULL, 1, 0
      FROM (SELECT point_id FROM ledger UNION SELECT point_id FROM bound) AS lost
     WHERE NOT EXISTS (SELECT FROM inventory.point WHERE point.point_id = lost.point_id)
     UNION ALL
    SELECT 'reservation', point_id, sku, 'reserved', NULL, coalesce(held.units, 0), figure.units
      FROM figure
      LEFT JOIN held USING (point_id)
     WHERE state = 'reserved' AND figure.units <> coalesce(held.units, 0)
     UNION ALL
    SELECT 'commitment', point_id, sku, state::text, NULL, coalesce(bound.units, 0), figure.units
      FROM figure
      LEFT JOIN bound USING (point_id, state)
     WHERE state IN ('committed', 'picked', 'promised')
       AND figure.units <> coalesce(bound.units, 0)
     UNION ALL
    SELECT 'receipt', point_id, point.sku, NULL, NULL,
           line.units, coalesce(expected + promised, 0)
      FROM (SELECT receipt_line_id, CASE status
                   WHEN 'open' THEN greatest(0, units_expected - units_received)
                   ELSE 0 END AS units
              FROM inventory.receipt_line) AS line
      LEFT JOIN inventory.point USING (receipt_line_id)
     WHERE coalesce(expected + promised, 0) <> line.units
     UNION ALL
    SELECT 'claim', NULL, promised.sku, 'promised', wanted.claim_id, wanted.units, promised.units
      FROM (SELECT line_id, part.sku, min(claim_id) AS claim_id,
                   sum(claim.units * part.units) AS units
              FROM inventory.claim
              JOIN inventory.claim_part AS part USING (claim_id)
             WHERE claim.status = 'open'
             GROUP BY line_id, part.sku) AS wanted
      JOIN (SELECT line_id, sku, sum(units) AS units
              FROM inventory.commitment
              JOIN inventory.point USING (point_id)
             WHERE state = 'promised'
             GROUP BY line_id, sku) AS promised USING (line_id, sku)
     WHERE promised.units > wanted.units
     UNION ALL
    SELECT 'claim_part', NULL, NULL, NULL, claim_id, greatest(1, parts), fitting
      FROM (SELECT claim_id, count(part) AS parts,
                   count(part) FILTER (
                       WHERE (part.status = 'open') = (claim.status = 'open')) AS fitting
              FROM inventory.claim
              LEFT JOIN inventory.claim_part AS part USING (claim_id)
             GROUP BY claim_id) AS counted
     WHERE fitting <> greatest(1, parts)
     UNION ALL
    SELECT 'recalled', NULL, recalled.sku, 'picked', NULL, coalesce(tote.units, 0), recalled.units
      FROM inventory.recalled
      LEFT JOIN (SELECT line_id, node, sku, sum(units) AS units
                   FROM inventory.commitment
                   JOIN inventory.point USING (point_id)
                  WHERE state = 'picked'
                  GROUP BY line_id, node, sku) AS tote USING (line_id, node, sku)
     WHERE recalled.units > coalesce(tote.units, 0)
"""


def find_differences(tx: Transaction) -> list[Difference]:
    """Find every figure that does not follow from the ledger or from what it sums up."""
    return tx.rows(Difference, AUDIT)


def rebuild(tx: Transaction, point_ids: Collection[PointId]) -> None:
    """Sum the figures of locked points up anew from their movements."""
    tx.run(
        """
        WITH leg AS (
            SELECT point_id, source AS state, -units AS units
              FROM inventory.movement WHERE point_id = ANY(%(ids)s::bigint[])
             UNION ALL
            SELECT point_id, target, units
              FROM inventory.movement WHERE point_id = ANY(%(ids)s::bigint[])
        ), ledger AS (
            SELECT wanted.point_id,
                   coalesce(sum(units) FILTER (WHERE state = 'available'), 0) AS available,
                   coalesce(sum(units) FILTER (WHERE state = 'reserved'), 0) AS reserved,
                   coalesce(sum(units) FILTER (WHERE state = 'committed'), 0) AS committed,
                   coalesce(sum(units) FILTER (WHERE state = 'picked'), 0) AS picked,
                   coalesce(sum(units) FILTER (WHERE state = 'damaged'), 0) AS damaged,
                   coalesce(sum(units) FILTER (WHERE state = 'quality_hold'), 0) AS quality_hold,
                   coalesce(sum(units) FILTER (WHERE state = 'in_transit'), 0) AS in_transit,
                   coalesce(sum(units) FILTER (WHERE state = 'expected'), 0) AS expected,
                   coalesce(sum(units) FILTER (WHERE state = 'promised'), 0) AS promised,
                   coalesce(sum(units) FILTER (WHERE state = 'outside'), 0) AS outside
              FROM unnest(%(ids)s::bigint[]) AS wanted (point_id)
              LEFT JOIN leg USING (point_id)
             GROUP BY wanted.point_id
        )
        UPDATE inventory.point
           SET available = ledger.available, reserved = ledger.reserved,
               committed = ledger.committed, picked = ledger.picked, damaged = ledger.damaged,
               quality_hold = ledger.quality_hold, in_transit = ledger.in_transit,
               expected = ledger.expected, promised = ledger.promised, outside = ledger.outside
          FROM ledger
         WHERE point.point_id = ledger.point_id
        """,
        ids=list(point_ids),
    )
