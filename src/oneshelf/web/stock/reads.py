"""Look at stock. Plain SELECTs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import msgspec

from oneshelf.base.database import Transaction
from oneshelf.base.identifiers import NodeId, ReceiptLineId, Sku
from oneshelf.base.policies import PolicyDecided
from oneshelf.inventory.facts import StockChanged


@dataclass(frozen=True, slots=True)
class StockFigures:
    """One SKU at one node: units by state, its lots and receipt lines added up."""

    sku: Sku
    node: NodeId
    available: int
    reserved: int
    committed: int
    picked: int
    damaged: int
    quality_hold: int
    in_transit: int
    expected: int
    promised: int
    on_hand: int
    version: int  # grows with each change


FIGURES = """
    SELECT sku, node,
           sum(available)::bigint AS available, sum(reserved)::bigint AS reserved,
           sum(committed)::bigint AS committed, sum(picked)::bigint AS picked,
           sum(damaged)::bigint AS damaged, sum(quality_hold)::bigint AS quality_hold,
           sum(in_transit)::bigint AS in_transit, sum(expected)::bigint AS expected,
           sum(promised)::bigint AS promised,
           sum(available + reserved + committed + picked + damaged + quality_hold)::bigint
               AS on_hand,
           sum(version)::bigint AS version
      FROM inventory.point
"""
OF_SKU = " WHERE sku = %(sku)s GROUP BY sku, node ORDER BY node"
AT_PLACES = (
    " WHERE (sku, node) IN (SELECT * FROM unnest(%(skus)s::text[], %(nodes)s::text[]))"
    " GROUP BY sku, node"
)


def find_stock(tx: Transaction, sku: str) -> list[StockFigures]:
    """Return one SKU's figures at every node that knows it."""
    return tx.rows(
        StockFigures,
        FIGURES + OF_SKU,
        sku=sku,
    )


def look_up(tx: Transaction, places: Sequence[tuple[Sku, NodeId]]) -> list[StockFigures]:
    """Return the figures of these (SKU, node) pairs; those that hold nothing are missing."""
    return tx.rows(
        StockFigures,
        FIGURES + AT_PLACES,
        skus=[sku for sku, _ in places],
        nodes=[node for _, node in places],
    )


def is_sold(tx: Transaction, sku: str) -> bool:
    """Say whether the catalog knows the SKU."""
    return bool(tx.scalars("SELECT 1 FROM catalog.product WHERE sku = %(sku)s", sku=sku))


def find_unknown(tx: Transaction, skus: Sequence[str], nodes: Sequence[str]) -> list[str]:
    """Return the names that nothing in the catalog bears."""
    return tx.scalars(
        """
        SELECT 'SKU ' || sku FROM unnest(%(skus)s::text[]) AS asked (sku)
         WHERE NOT EXISTS (SELECT FROM catalog.product WHERE product.sku = asked.sku)
         UNION
        SELECT 'node ' || node FROM unnest(%(nodes)s::text[]) AS asked (node)
         WHERE NOT EXISTS (SELECT FROM catalog.node WHERE node_id = asked.node)
         ORDER BY 1
        """,
        skus=list(skus),
        nodes=list(nodes),
    )


@dataclass(frozen=True, slots=True)
class ReceiptLineTold:
    """One line of an announced delivery."""

    receipt_line: ReceiptLineId
    line_no: int
    sku: Sku
    node: NodeId
    due_at: datetime
    units_expected: int
    units_received: int
    status: Literal["open", "closed"]


def find_receipt(tx: Transaction, reference: str) -> list[ReceiptLineTold]:
    """Return the lines of a delivery."""
    return tx.rows(
        ReceiptLineTold,
        "SELECT receipt_line_id AS receipt_line, line_no, sku, node, due_at, units_expected,"
        "       units_received, status"
        "  FROM inventory.receipt_line WHERE reference = %(reference)s ORDER BY line_no",
        reference=reference,
    )


def count_receipt_lines(tx: Transaction, lines: Sequence[int]) -> int:
    """Return how many of these receipt lines exist."""
    [found] = tx.scalars(
        "SELECT count(*) FROM inventory.receipt_line WHERE receipt_line_id = ANY(%(lines)s)",
        lines=list(lines),
    )
    return int(found)


@dataclass(frozen=True, slots=True)
class Changes:
    """SKUs that facts speak of. next_after: the place up to which all were looked at.

    start_over: facts that may touch any SKU came too.
    """

    skus: frozenset[Sku]
    next_after: int
    start_over: bool


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """A fact that may change what a channel may sell."""

    fact_id: int
    name: str
    kind: str | None
    keys: str | None


def find_changes(tx: Transaction, after: int, to: int, limit: int) -> Changes:
    """Return what the next facts behind a place, up to another, may have changed."""
    rows = tx.rows(
        ChangeRow,
        """
        SELECT fact_id, name, body->>'kind' AS kind,
               coalesce(body->'sku', body->'keys')::text AS keys
          FROM base.fact
         WHERE fact_id > %(after)s AND fact_id <= %(to)s
           AND name IN ('StockChanged', 'CatalogChanged', 'PolicyDecided')
         ORDER BY fact_id
         LIMIT %(limit)s
        """,
        after=after,
        to=to,
        limit=limit,
    )
    skus: set[Sku] = set()
    start_over = False
    for row in rows:
        keys = [] if row.keys is None else msgspec.json.decode(row.keys, type=list[str])
        if row.name == StockChanged.__name__ or row.kind == "products":
            skus |= {Sku(key) for key in keys}
        elif row.kind == "toggles":
            skus |= {Sku(key.partition("|")[2]) for key in keys}
        elif row.kind == "nodes" or row.name == PolicyDecided.__name__:
            start_over = True
    full = len(rows) == limit
    return Changes(frozenset(skus), rows[-1].fact_id if full else max(after, to), start_over)
