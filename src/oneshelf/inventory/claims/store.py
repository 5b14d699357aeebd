"""Read and write claims. Nothing is decided here."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from oneshelf.base.database import Transaction
from oneshelf.base.identifiers import LineId, NodeId, PointId, Sku
from oneshelf.inventory.claims.serving import Claim, ClaimRow, ClaimWish, Off
from oneshelf.inventory.ledger import StockPoint

QUEUES: LiteralString = """
WITH waiting AS (
    SELECT claim.claim_id, order_id, serving
      FROM inventory.claim_part AS part
     CROSS JOIN LATERAL (
           SELECT claim_id, order_id, serving
             FROM inventory.claim
            WHERE claim.claim_id = part.claim_id
           OFFSET 0
      ) AS claim
     WHERE part.sku = ANY(%(skus)s::text[]) AND part.status = 'open'
     UNION ALL
    SELECT sibling.claim_id, sibling.order_id, sibling.serving
      FROM inventory.claim
      JOIN inventory.claim AS sibling USING (order_id)
     WHERE claim.line_id = ANY(%(lines)s::bigint[]) AND sibling.status = 'open'
), queue AS (
    SELECT claim_id FROM waiting
     UNION
    SELECT sibling.claim_id
      FROM waiting
      JOIN inventory.claim AS sibling USING (order_id)
     WHERE waiting.serving = 'together' AND sibling.status = 'open'
)
"""

SERVABLE: LiteralString = """
WITH shelf AS (
    SELECT sku, node, sum(available) AS units
      FROM inventory.point
     WHERE available > 0
     GROUP BY sku, node
), servable AS (
    SELECT DISTINCT claim_id
      FROM inventory.claim_part AS part
      JOIN inventory.claim USING (claim_id)
      JOIN shelf ON shelf.sku = part.sku AND shelf.units >= part.units
     WHERE part.status = 'open'
       AND (claim.nodes IS NULL OR shelf.node = ANY(claim.nodes))
     GROUP BY claim_id, shelf.node
    HAVING count(*) = (SELECT count(*) FROM inventory.claim_part AS every
                        WHERE every.claim_id = part.claim_id)
), queue AS (
    SELECT claim_id
      FROM servable
      JOIN inventory.claim USING (claim_id)
     WHERE serving = 'as_it_comes'
        OR NOT EXISTS (SELECT FROM inventory.claim AS sibling
                        WHERE sibling.order_id = claim.order_id
                          AND sibling.status = 'open'
                          AND sibling.serving = 'together'
                          AND sibling.claim_id NOT IN (SELECT claim_id FROM servable))
)
"""

IDS: LiteralString = "SELECT claim_id FROM inventory.claim JOIN queue USING (claim_id)"

CLAIMS: LiteralString = """
SELECT claim_id, line_id, order_id, sku, units, nodes, promised_at, priority, serving, method,
       part_skus, part_units
  FROM inventory.claim
  JOIN queue USING (claim_id)
 CROSS JOIN LATERAL (
       SELECT array_agg(part.sku ORDER BY part.sku) AS part_skus,
              array_agg(part.units ORDER BY part.sku) AS part_units
         FROM inventory.claim_part AS part
        WHERE part.claim_id = claim.claim_id
  ) AS wanted
"""

IN_TURN: LiteralString = """
 WHERE status = 'open'
 ORDER BY claim.claim_id
   FOR NO KEY UPDATE OF claim
"""


@dataclass(frozen=True, slots=True)
class FreeRow:
    """One row: units that stand free on all shelves of a SKU at a node."""

    sku: Sku
    node: NodeId
    units: int


@dataclass(frozen=True, slots=True)
class InboundRow:
    """One row: a receipt line that can still bring units."""

    point_id: PointId
    due_at: datetime


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
                                  %(skus)s::text[], %(units)s::bigint[], %(serving)s::text[],
                                  %(methods)s::text[], %(nodes)s::text[],
                                  %(promised)s::timestamptz[], %(priorities)s::bigint[])
                           AS wish (place, line_id, order_id, sku, units, serving, method, nodes,
                                    promised_at, priority)
                     ORDER BY place) AS wish
        ), claimed AS (
            INSERT INTO inventory.claim (claim_id, line_id, order_id, sku, units, serving, method,
                                         nodes, promised_at, priority, placed_at)
            OVERRIDING SYSTEM VALUE
            SELECT claim_id, line_id, order_id, sku, units, serving, method, nodes::text[],
                   promised_at, priority, %(now)s
              FROM given
        )
        INSERT INTO inventory.claim_part (claim_id, sku, units, links)
        SELECT claim_id, part.sku, part.units, links
          FROM given
          JOIN unnest(%(part_places)s::bigint[], %(part_skus)s::text[], %(part_units)s::bigint[],
                      %(part_links)s::boolean[])
               AS part (place, sku, units, links) USING (place)
        """,
        places=list(places),
        lines=[wish.line_id for wish in wishes],
        orders=[wish.order_id for wish in wishes],
        skus=[wish.sku for wish in wishes],
        units=[wish.units for wish in wishes],
        serving=[wish.serving for wish in wishes],
        methods=[wish.method for wish in wishes],
        nodes=[_array(wish.nodes) for wish in wishes],
        promised=[wish.promised_at for wish in wishes],
        priorities=[wish.priority for wish in wishes],
        part_places=[place for place, _ in parts],
        part_skus=[part.sku for _, part in parts],
        part_units=[part.units for _, part in parts],
        part_links=[wishes[place].links() for place, _ in parts],
        now=now,
    )


def find_neighbours(tx: Transaction, skus: Collection[Sku]) -> list[Sku]:
    """Find what serving the queues of these SKUs may touch; none where nobody waits for them.

    Claims for kits and whole orders wait for several SKUs at once, so units of one can free units
    of another. Only these are walked, by their ids (OFFSET 0): not the claims of long ago.
    """
    return tx.scalars(
        """
        SELECT sku
          FROM unnest(%(skus)s::text[]) AS asked (sku)
         WHERE EXISTS (SELECT FROM inventory.claim_part AS part
                        WHERE part.sku = asked.sku AND part.status = 'open')
         UNION
        SELECT other.sku
          FROM inventory.claim_part AS mine
         CROSS JOIN LATERAL (
               SELECT claim_id, order_id, serving
                 FROM inventory.claim
                WHERE claim.claim_id = mine.claim_id
               OFFSET 0
          ) AS me
          JOIN LATERAL (
               SELECT me.claim_id
                UNION ALL
               SELECT sibling.claim_id
                 FROM inventory.claim AS sibling
                WHERE me.serving = 'together'
                  AND sibling.order_id = me.order_id
                  AND sibling.status = 'open'
          ) AS near ON true
          JOIN inventory.claim_part AS other ON other.claim_id = near.claim_id
         WHERE mine.sku = ANY(%(skus)s::text[]) AND mine.status = 'open' AND mine.links
        """,
        skus=list(skus),
    )


def find_nearby_points(
    tx: Transaction, points: Collection[StockPoint], skus: Collection[Sku]
) -> list[PointId]:
    """Find the points and all that serving claims for the SKUs may touch.

    These are shelves with free units that such a claim accepts, and open receipt lines.
    """
    return tx.scalars(
        """
        SELECT point_id
          FROM unnest(%(own_skus)s::text[], %(nodes)s::text[], %(lots)s::text[],
                      %(lines)s::bigint[])
               AS wanted (sku, node, lot, receipt_line_id)
          JOIN inventory.point
            ON point.sku = wanted.sku
           AND point.node = wanted.node
           AND point.lot IS NOT DISTINCT FROM wanted.lot
           AND point.receipt_line_id IS NOT DISTINCT FROM wanted.receipt_line_id
         UNION
        SELECT point_id
          FROM inventory.point
         WHERE sku = ANY(%(skus)s::text[])
           AND receipt_line_id IS NULL
           AND available > 0
           AND EXISTS (SELECT FROM inventory.claim_part AS part
                         JOIN inventory.claim USING (claim_id)
                        WHERE part.sku = point.sku
                          AND part.status = 'open'
                          AND (claim.nodes IS NULL OR point.node = ANY(claim.nodes)))
         UNION
        SELECT point_id
          FROM inventory.receipt_line AS line
         CROSS JOIN LATERAL (
               SELECT point_id, expected + promised AS units
                 FROM inventory.point
                WHERE point.receipt_line_id = line.receipt_line_id
               OFFSET 0
          ) AS coming
         WHERE line.sku = ANY(%(skus)s::text[])
           AND line.status = 'open'
           AND coming.units > 0
        """,
        skus=list(skus),
        own_skus=[point.sku for point in points],
        nodes=[point.node for point in points],
        lots=[point.lot for point in points],
        lines=[point.receipt_line for point in points],
    )


def lock_queues(tx: Transaction, skus: Collection[Sku]) -> None:
    """Lock the open claims that wait for the SKUs, and their whole orders, in key order."""
    tx.run(
        QUEUES + IDS + IN_TURN,
        skus=list(skus),
        lines=[],
    )


def take_queues(
    tx: Transaction, skus: Collection[Sku], line_ids: Collection[LineId] = ()
) -> list[Claim]:
    """Read the open claims that wait for the SKUs, and their whole orders, and lock them at once.

    line_ids: the orders of these too. Raises ContendedError where another has one of them.
    """
    rows = tx.rows(
        ClaimRow,
        QUEUES + CLAIMS + IN_TURN + "NOWAIT",
        skus=list(skus),
        lines=list(line_ids),
    )
    return [row.claim() for row in rows]


def reduce(tx: Transaction, units: Mapping[int, int], status: str) -> None:
    """Take units from locked claims; one with none left gets the status."""
    tx.run(
        """
        WITH less AS (
            UPDATE inventory.claim
               SET units = claim.units - given.units,
                   status = CASE WHEN claim.units = given.units THEN %(status)s ELSE 'open' END
              FROM unnest(%(ids)s::bigint[], %(units)s::bigint[]) AS given (claim_id, units)
             WHERE claim.claim_id = given.claim_id
            RETURNING claim.claim_id, claim.status
        )
        UPDATE inventory.claim_part AS part
           SET status = 'closed'
          FROM less
         WHERE part.claim_id = less.claim_id
           AND less.status <> 'open'
        """,
        ids=list(units),
        units=list(units.values()),
        status=status,
    )


def find_skus_of_lines(tx: Transaction, line_ids: Collection[LineId]) -> list[Sku]:
    """Find what the open claims of lines wait for."""
    return tx.scalars(
        """
        SELECT DISTINCT part.sku
          FROM inventory.claim
          JOIN inventory.claim_part AS part USING (claim_id)
         WHERE line_id = ANY(%(lines)s::bigint[]) AND claim.status = 'open'
         ORDER BY part.sku
        """,
        lines=list(line_ids),
    )


def find_open_skus(tx: Transaction) -> list[Sku]:
    """Find every SKU that somebody waits for."""
    return tx.scalars(
        "SELECT DISTINCT sku FROM inventory.claim_part WHERE status = 'open' ORDER BY sku"
    )


def find_waiting_lines(tx: Transaction, line_ids: Collection[LineId]) -> list[LineId]:
    """Find which of the lines have an open claim."""
    return tx.scalars(
        """
        SELECT DISTINCT line_id
          FROM inventory.claim
         WHERE line_id = ANY(%(lines)s::bigint[]) AND status = 'open'
        """,
        lines=list(line_ids),
    )


def find_servable(tx: Transaction) -> list[Claim]:
    """Find open claims that some shelf could serve if nobody else and no buffer were there.

    A kit's parts must stand at one node, and of a whole order every claim must be servable.
    Locks nothing.
    """
    rows = tx.rows(
        ClaimRow,
        SERVABLE + CLAIMS,
    )
    return [row.claim() for row in rows]


def find_free(tx: Transaction, skus: Collection[Sku]) -> list[FreeRow]:
    """Find the units that stand free on shelves. Locks nothing."""
    return tx.rows(
        FreeRow,
        """
        SELECT sku, node, sum(available)::integer AS units
          FROM inventory.point
         WHERE sku = ANY(%(skus)s::text[]) AND available > 0
         GROUP BY sku, node
        """,
        skus=list(skus),
    )


def find_off(tx: Transaction, skus: Collection[Sku]) -> Off:
    """Find what nodes do not do, for single SKUs or at all."""
    rows = tx.tuples(
        """
        SELECT method, sku, node_id
          FROM unnest(ARRAY['ship', 'pickup']) AS method
         CROSS JOIN unnest(%(skus)s::text[]) AS sku
         CROSS JOIN catalog.node
         WHERE NOT method = ANY(node.methods)
         UNION ALL
        SELECT method, sku, node_id
          FROM catalog.toggle
         CROSS JOIN unnest(ARRAY['ship', 'pickup']) AS method
         WHERE sku = ANY(%(skus)s::text[]) AND NOT method = ANY(methods)
        """,
        skus=list(skus),
    )
    return set(rows)


def find_categories(tx: Transaction, skus: Collection[Sku]) -> dict[Sku, str]:
    """Find the categories of SKUs."""
    rows = tx.tuples(
        "SELECT sku, category FROM catalog.product WHERE sku = ANY(%(skus)s::text[])",
        skus=list(skus),
    )
    return dict(rows)


def find_due(tx: Transaction, point_ids: Collection[PointId]) -> list[InboundRow]:
    """Find when receipt lines are due."""
    return tx.rows(
        InboundRow,
        """
        SELECT point_id, due_at
          FROM inventory.point
          JOIN inventory.receipt_line USING (receipt_line_id)
         WHERE point_id = ANY(%(ids)s::bigint[])
        """,
        ids=list(point_ids),
    )


def _array(nodes: frozenset[str] | None) -> str | None:
    """Write an array as text, since unnest would flatten an array of arrays."""
    if nodes is None:
        return None
    quoted = (node.replace("\\", "\\\\").replace('"', '\\"') for node in sorted(nodes))
    return "{" + ",".join(f'"{node}"' for node in quoted) + "}"
