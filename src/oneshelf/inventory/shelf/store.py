"""Read and write points and movements. Nothing is decided here."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from oneshelf.base.database import Transaction
from oneshelf.base.identifiers import LineId, NodeId, PointId, PublicId, ReceiptLineId, Sku
from oneshelf.inventory.ledger import Balance, Commitment, Movement, Step, StockPoint

MOVE: LiteralString = """
WITH moved AS (
    INSERT INTO inventory.movement (point_id, source, target, units, reason, subject,
                                    transfer, by, because, moved_at)
    SELECT point_id, source, target, units, reason, subject, transfer, %(by)s, %(because)s,
           %(now)s
      FROM unnest(%(points)s::bigint[], %(sources)s::inventory.state[],
                  %(targets)s::inventory.state[], %(units)s::bigint[], %(reasons)s::text[],
                  %(subjects)s::text[], %(transfers)s::text[])
           WITH ORDINALITY
           AS given (point_id, source, target, units, reason, subject, transfer, place)
     ORDER BY place
    RETURNING point_id, source, target, units
), leg AS (
    SELECT point_id, source AS state, -units AS units FROM moved
     UNION ALL
    SELECT point_id, target, units FROM moved
), change AS (
    SELECT point_id,
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
      FROM leg
     GROUP BY point_id
)
UPDATE inventory.point
   SET available = point.available + change.available,
       reserved = point.reserved + change.reserved,
       committed = point.committed + change.committed,
       picked = point.picked + change.picked,
       damaged = point.damaged + change.damaged,
       quality_hold = point.quality_hold + change.quality_hold,
       in_transit = point.in_transit + change.in_transit,
       expected = point.expected + change.expected,
       promised = point.promised + change.promised,
       outside = point.outside + change.outside,
       version = point.version + 1
  FROM change
 WHERE point.point_id = change.point_id
RETURNING point.point_id, sku, node, lot, receipt_line_id, point.available, point.reserved,
          point.committed, point.picked, point.damaged, point.quality_hold,
          point.in_transit, point.expected, point.promised, point.outside, version,
          (SELECT due_at FROM inventory.receipt_line
            WHERE receipt_line.receipt_line_id = point.receipt_line_id)
"""


@dataclass(frozen=True, slots=True)
class LapsedRow:
    """One row: units of a hold that ran out of time, at a locked point."""

    reservation: PublicId
    point_id: PointId
    was_held: bool


def _balance(  # one row, in the order the statements below select it
    point_id: int, sku: str, node: str, lot: str | None, line: int | None, *units: int
) -> Balance:
    receipt_line = None if line is None else ReceiptLineId(line)
    return Balance(PointId(point_id), StockPoint(Sku(sku), NodeId(node), lot, receipt_line), *units)


def insert_missing(tx: Transaction, points: Collection[StockPoint]) -> None:
    """Insert the points that do not exist yet, sorted, so that two inserters never cross."""
    tx.run(
        """
        INSERT INTO inventory.point (sku, node, lot, receipt_line_id)
        SELECT sku, node, lot, receipt_line_id
          FROM unnest(%(skus)s::text[], %(nodes)s::text[], %(lots)s::text[], %(lines)s::bigint[])
               AS wanted (sku, node, lot, receipt_line_id)
         WHERE NOT EXISTS (
                   SELECT FROM inventory.point
                    WHERE point.sku = wanted.sku
                      AND point.node = wanted.node
                      AND point.lot IS NOT DISTINCT FROM wanted.lot
                      AND point.receipt_line_id IS NOT DISTINCT FROM wanted.receipt_line_id)
         ORDER BY sku, node, lot, receipt_line_id
            ON CONFLICT DO NOTHING
        """,
        skus=[point.sku for point in points],
        nodes=[point.node for point in points],
        lots=[point.lot for point in points],
        lines=[point.receipt_line for point in points],
    )


def lock_points(tx: Transaction, points: Collection[StockPoint], least: int = 0) -> list[Balance]:
    """Lock points until the transaction ends, in key order, so that two batches never cross.

    least: lock none of them where fewer exist.
    """
    rows = tx.tuples(
        """
        WITH found AS (
            SELECT point_id
              FROM unnest(%(skus)s::text[], %(nodes)s::text[], %(lots)s::text[],
                          %(lines)s::bigint[]) AS wanted (sku, node, lot, receipt_line_id)
              JOIN inventory.point
                ON point.sku = wanted.sku
               AND point.node = wanted.node
               AND point.lot IS NOT DISTINCT FROM wanted.lot
               AND point.receipt_line_id IS NOT DISTINCT FROM wanted.receipt_line_id
        )
        SELECT point_id, sku, node, lot, receipt_line_id, available, reserved, committed, picked,
               damaged, quality_hold, in_transit, expected, promised, outside, version
          FROM found
          JOIN inventory.point USING (point_id)
         WHERE (SELECT count(*) FROM found) >= %(least)s
         ORDER BY point_id
           FOR NO KEY UPDATE OF point
        """,
        least=least,
        skus=[point.sku for point in points],
        nodes=[point.node for point in points],
        lots=[point.lot for point in points],
        lines=[point.receipt_line for point in points],
    )
    return [_balance(*row) for row in rows]


def find_shelves(tx: Transaction, shelves: Collection[tuple[Sku, NodeId]]) -> list[StockPoint]:
    """Find every shelf point, lot or not, of SKUs at nodes. Locks nothing."""
    return tx.rows(
        StockPoint,
        """
        SELECT point.sku, point.node, lot
          FROM unnest(%(skus)s::text[], %(nodes)s::text[]) AS wanted (sku, node)
          JOIN inventory.point ON point.sku = wanted.sku AND point.node = wanted.node
         WHERE receipt_line_id IS NULL
        """,
        skus=[sku for sku, _ in shelves],
        nodes=[node for _, node in shelves],
    )


def lock_ids(tx: Transaction, point_ids: Collection[PointId]) -> list[Balance]:
    """Lock points that are known by id, in the same order."""
    rows = tx.tuples(
        """
        SELECT point_id, sku, node, lot, receipt_line_id, available, reserved, committed, picked,
               damaged, quality_hold, in_transit, expected, promised, outside, version
          FROM inventory.point
         WHERE point_id = ANY(%(ids)s::bigint[])
         ORDER BY point_id
           FOR NO KEY UPDATE
        """,
        ids=list(point_ids),
    )
    return [_balance(*row) for row in rows]


def lock_ids_at_once(tx: Transaction, point_ids: Collection[PointId]) -> int:
    """Lock those points that nobody else has locked; return how many. Waits for nobody."""
    return tx.run(
        "SELECT FROM inventory.point WHERE point_id = ANY(%(ids)s::bigint[])"
        "   FOR NO KEY UPDATE SKIP LOCKED",
        ids=list(point_ids),
    )


def find_other_versions(tx: Transaction, versions: Mapping[PointId, int]) -> list[Balance]:
    """Find those points that have another version than the given one."""
    rows = tx.tuples(
        """
        SELECT point_id, sku, node, lot, receipt_line_id, available, reserved, committed, picked,
               damaged, quality_hold, in_transit, expected, promised, outside, point.version
          FROM unnest(%(ids)s::bigint[], %(versions)s::bigint[]) AS known (point_id, version)
          JOIN inventory.point USING (point_id)
         WHERE point.version <> known.version
        """,
        ids=list(versions),
        versions=list(versions.values()),
    )
    return [_balance(*row) for row in rows]


def move(
    tx: Transaction, movements: Sequence[Movement], now: datetime
) -> list[tuple[Balance, datetime | None]]:
    """Append movements and carry them to their points, in one statement.

    The caller holds the points' locks. Returns each touched point, and when a receipt line is due.
    """
    rows = tx.tuples(
        MOVE,
        points=[movement.point for movement in movements],
        sources=[movement.source for movement in movements],
        targets=[movement.target for movement in movements],
        units=[movement.units for movement in movements],
        reasons=[movement.reason for movement in movements],
        subjects=[movement.subject for movement in movements],
        transfers=[movement.transfer for movement in movements],
        by=tx.by,
        because=tx.because,
        now=now,
    )
    return [(_balance(*row[:-1]), row[-1]) for row in rows]


def touch(tx: Transaction, point_ids: Collection[PointId]) -> list[tuple[Balance, datetime | None]]:
    """Raise the version of locked points, for a change that is not in their figures."""
    rows = tx.tuples(
        """
        UPDATE inventory.point SET version = version + 1 WHERE point_id = ANY(%(ids)s::bigint[])
        RETURNING point_id, sku, node, lot, receipt_line_id, available, reserved, committed, picked,
                  damaged, quality_hold, in_transit, expected, promised, outside, version,
                  (SELECT due_at FROM inventory.receipt_line
                    WHERE receipt_line.receipt_line_id = point.receipt_line_id)
        """,
        ids=list(point_ids),
    )
    return [(_balance(*row[:-1]), row[-1]) for row in rows]


def add_commitments(tx: Transaction, steps: Sequence[Step]) -> None:
    """Write whose units the steps bind; the caller holds the points' locks."""
    tx.run(
        """
        INSERT INTO inventory.commitment AS standing
               (line_id, order_id, point_id, state, units, promised_at)
        SELECT line_id, order_id, point_id, state, sum(units), min(promised_at)
          FROM unnest(%(lines)s::bigint[], %(orders)s::bigint[], %(points)s::bigint[],
                      %(states)s::inventory.state[], %(units)s::bigint[],
                      %(promised)s::timestamptz[])
               AS given (line_id, order_id, point_id, state, units, promised_at)
         GROUP BY line_id, order_id, point_id, state
         ORDER BY line_id, point_id, state
            ON CONFLICT (line_id, point_id, state)
            DO UPDATE SET units = standing.units + excluded.units,
                          promised_at = least(standing.promised_at, excluded.promised_at)
        """,
        lines=[step.line_id for step in steps],
        orders=[step.order_id for step in steps],
        points=[step.point_id for step in steps],
        states=[step.target for step in steps],
        units=[step.units for step in steps],
        promised=[step.promised_at for step in steps],
    )


def remove_commitments(tx: Transaction, steps: Sequence[Step]) -> int:
    """Take units from lines; return how many commitments were found large enough."""
    [found] = tx.scalars(
        """
        WITH given AS (
            SELECT line_id, point_id, state, sum(units) AS units
              FROM unnest(%(lines)s::bigint[], %(points)s::bigint[],
                          %(states)s::inventory.state[], %(units)s::bigint[])
                   AS given (line_id, point_id, state, units)
             GROUP BY line_id, point_id, state
        ), gone AS (
            DELETE FROM inventory.commitment AS standing
             USING given
             WHERE (standing.line_id, standing.point_id, standing.state)
                   = (given.line_id, given.point_id, given.state)
               AND standing.units = given.units
            RETURNING 1
        ), less AS (
            UPDATE inventory.commitment AS standing
               SET units = standing.units - given.units
              FROM given WHERE (standing.line_id, standing.point_id, standing.state)
                               = (given.line_id, given.point_id, given.state)
               AND standing.units > given.units
            RETURNING 1
        )
        SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM less)
        """,
        lines=[step.line_id for step in steps],
        points=[step.point_id for step in steps],
        states=[step.source for step in steps],
        units=[step.units for step in steps],
    )
    return int(found)


def find_commitments(
    tx: Transaction, line_ids: Collection[LineId], point_ids: Collection[PointId]
) -> list[Commitment]:
    """Find units bound to any of the lines or at any of the points. Locks nothing."""
    rows = tx.tuples(
        """
        SELECT line_id, order_id, point_id, sku, node, lot, receipt_line_id, state::text, units,
               promised_at
          FROM inventory.commitment JOIN inventory.point USING (point_id)
         WHERE line_id = ANY(%(lines)s::bigint[]) OR point_id = ANY(%(points)s::bigint[])
         ORDER BY line_id, point_id, state
        """,
        lines=list(line_ids),
        points=list(point_ids),
    )
    return [
        Commitment(line, order, point, StockPoint(*place), state, units, promised_at)
        for line, order, point, *place, state, units, promised_at in rows
    ]


def take_requests(tx: Transaction, request_ids: Collection[UUID], now: datetime) -> set[UUID]:
    """Take each outside request for this transaction; return those that came for the first time.

    Waits for a request that another transaction is doing. In key order, before any other lock.
    """
    return set(
        tx.scalars(
            """
            INSERT INTO inventory.stock_request (request_id, taken_at)
            SELECT request_id, %(now)s
              FROM unnest(%(ids)s::uuid[]) AS asked (request_id)
             ORDER BY request_id
                ON CONFLICT DO NOTHING
            RETURNING request_id
            """,
            ids=list(request_ids),
            now=now,
        )
    )


def lock_lapsed(tx: Transaction, point_ids: Collection[PointId], now: datetime) -> list[LapsedRow]:
    """Lock holds that ran out of time at locked points, where no claim waits for their units.

    Reservations stand before points in the lock order, so a hold that another transaction has
    locked is passed over, never waited for. Claims are served by the sweep.

    OFFSET 0: from the few that lapsed to their units, never from the many that stand at a point.
    """
    return tx.rows(
        LapsedRow,
        """
        SELECT unit.reservation, unit.point_id, held.status = 'held' AS was_held
          FROM inventory.reservation AS held
         CROSS JOIN LATERAL (SELECT reservation, point_id
                               FROM inventory.reserved_unit AS unit
                              WHERE unit.reservation = held.public_id
                             OFFSET 0) AS unit
          JOIN inventory.point USING (point_id)
         WHERE unit.point_id = ANY(%(ids)s::bigint[])
           AND held.status IN ('held', 'lapsing')
           AND held.lapses_at <= %(now)s
           AND NOT EXISTS (SELECT FROM inventory.claim_part AS part
                            WHERE part.sku = point.sku AND part.status = 'open')
         ORDER BY held.public_id, unit.point_id
           FOR NO KEY UPDATE OF held SKIP LOCKED
        """,
        ids=list(point_ids),
        now=now,
    )


def free_lapsed(
    tx: Transaction, lapsed: Sequence[LapsedRow]
) -> list[tuple[PublicId, PointId, int]]:
    """Take the units from the locked holds, which can never be used again; return each's units."""
    return tx.tuples(
        """
        WITH freed AS (
            DELETE FROM inventory.reserved_unit AS unit
             USING (SELECT DISTINCT *
                      FROM unnest(%(reservations)s::uuid[], %(points)s::bigint[])
                           AS pair (reservation, point_id)) AS lapsed
             WHERE unit.reservation = lapsed.reservation
               AND unit.point_id = lapsed.point_id
            RETURNING unit.reservation, unit.point_id, unit.units
        ), closed AS (
            UPDATE inventory.reservation AS held
               SET status = CASE WHEN EXISTS (
                       SELECT FROM inventory.reserved_unit AS unit
                        WHERE unit.reservation = held.public_id
                          AND (unit.reservation, unit.point_id) NOT IN (
                                  SELECT * FROM unnest(%(reservations)s::uuid[],
                                                       %(points)s::bigint[]))
                   ) THEN 'lapsing' ELSE 'lapsed' END
             WHERE held.public_id = ANY(%(reservations)s::uuid[])
        )
        SELECT reservation, point_id, sum(units)::integer AS units
          FROM freed
         GROUP BY reservation, point_id
        """,
        reservations=[row.reservation for row in lapsed],
        points=[row.point_id for row in lapsed],
    )
