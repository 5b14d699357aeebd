"""Read and write which units in totes are to be put back. Nothing is decided here."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from oneshelf.base.database import Transaction
from oneshelf.base.identifiers import LineId, NodeId, Sku

Tote = tuple[LineId, NodeId, Sku]


@dataclass(frozen=True, slots=True)
class RecalledRow:
    """One row: units of a line that are to be put back at a node."""

    line_id: LineId
    node: NodeId
    sku: Sku
    units: int


def add(tx: Transaction, units: Mapping[Tote, int], now: datetime) -> None:
    """Note units that are to be put back."""
    tx.run(
        """
        INSERT INTO inventory.recalled AS standing (line_id, node, sku, units, recalled_at)
        SELECT line_id, node, sku, units, %(now)s
          FROM unnest(%(lines)s::bigint[], %(nodes)s::text[], %(skus)s::text[],
                      %(units)s::bigint[]) AS given (line_id, node, sku, units)
         ORDER BY line_id, node, sku
            ON CONFLICT (line_id, node, sku) DO UPDATE SET units = standing.units + excluded.units
        """,
        lines=[line for line, _, _ in units],
        nodes=[node for _, node, _ in units],
        skus=[sku for _, _, sku in units],
        units=list(units.values()),
        now=now,
    )


def lock(tx: Transaction, line_ids: Collection[LineId]) -> list[RecalledRow]:
    """Lock what is to be put back of the lines, in key order."""
    return tx.rows(
        RecalledRow,
        """
        SELECT line_id, node, sku, units
          FROM inventory.recalled
         WHERE line_id = ANY(%(lines)s::bigint[])
         ORDER BY line_id, node, sku
           FOR UPDATE
        """,
        lines=list(line_ids),
    )


def reduce(tx: Transaction, units: Mapping[Tote, int]) -> None:
    """Take units from locked rows; one with none left is gone."""
    tx.run(
        """
        WITH given AS (
            SELECT * FROM unnest(%(lines)s::bigint[], %(nodes)s::text[], %(skus)s::text[],
                                 %(units)s::bigint[]) AS given (line_id, node, sku, units)
        ), gone AS (
            DELETE FROM inventory.recalled AS standing
             USING given
             WHERE (standing.line_id, standing.node, standing.sku)
                   = (given.line_id, given.node, given.sku)
               AND standing.units = given.units
        )
        UPDATE inventory.recalled AS standing
           SET units = standing.units - given.units
          FROM given
         WHERE (standing.line_id, standing.node, standing.sku)
               = (given.line_id, given.node, given.sku)
           AND standing.units > given.units
        """,
        lines=[line for line, _, _ in units],
        nodes=[node for _, node, _ in units],
        skus=[sku for _, _, sku in units],
        units=list(units.values()),
    )
