"""Read and write receipts. Nothing is decided here."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from oneshelf.base.database import Transaction
from oneshelf.base.identifiers import NodeId, ReceiptLineId, Sku
from oneshelf.inventory.receipts.arriving import Expected


@dataclass(frozen=True, slots=True)
class ReceiptLineRow:
    """One row: a receipt line."""

    receipt_line_id: ReceiptLineId
    reference: str
    line_no: int
    sku: Sku
    node: NodeId
    due_at: datetime
    units_expected: int
    units_received: int
    status: str


@dataclass(frozen=True, slots=True)
class UpdateRow:
    """One row to write: how a receipt line stands after units came."""

    receipt_line_id: ReceiptLineId
    units: int
    status: str


def add_receipts(tx: Transaction, references: Collection[str], now: datetime) -> list[str]:
    """Write new receipts, in key order; return those that did not exist yet."""
    return tx.scalars(
        """
        INSERT INTO inventory.receipt (reference, created_at)
        SELECT reference, %(now)s
          FROM unnest(%(references)s::text[]) AS given (reference)
         ORDER BY reference
            ON CONFLICT DO NOTHING
        RETURNING reference
        """,
        references=list(references),
        now=now,
    )


def add_lines(tx: Transaction, receipts: Sequence[Expected]) -> None:
    """Write the lines of new receipts."""
    lines = [(receipt.reference, line) for receipt in receipts for line in receipt.lines]
    tx.run(
        """
        INSERT INTO inventory.receipt_line (reference, line_no, sku, node, due_at, units_expected)
        SELECT *
          FROM unnest(%(references)s::text[], %(numbers)s::bigint[], %(skus)s::text[],
                      %(nodes)s::text[], %(dues)s::timestamptz[], %(units)s::bigint[])
        """,
        references=[reference for reference, _ in lines],
        numbers=[line.line_no for _, line in lines],
        skus=[line.sku for _, line in lines],
        nodes=[line.node for _, line in lines],
        dues=[line.due_at for _, line in lines],
        units=[line.units for _, line in lines],
    )


def find_lines(tx: Transaction, references: Collection[str]) -> list[ReceiptLineRow]:
    """Find the lines of receipts."""
    return tx.rows(
        ReceiptLineRow,
        """
        SELECT receipt_line_id, reference, line_no, sku, node, due_at, units_expected,
               units_received, status
          FROM inventory.receipt_line
         WHERE reference = ANY(%(references)s::text[])
         ORDER BY receipt_line_id
        """,
        references=list(references),
    )


def lock_lines(tx: Transaction, line_ids: Collection[ReceiptLineId]) -> list[ReceiptLineRow]:
    """Lock receipt lines in key order; before any lock on a point."""
    return tx.rows(
        ReceiptLineRow,
        """
        SELECT receipt_line_id, reference, line_no, sku, node, due_at, units_expected,
               units_received, status
          FROM inventory.receipt_line
         WHERE receipt_line_id = ANY(%(ids)s::bigint[])
         ORDER BY receipt_line_id
           FOR NO KEY UPDATE
        """,
        ids=list(line_ids),
    )


def update_due(tx: Transaction, dues: Mapping[ReceiptLineId, datetime]) -> None:
    """Write when locked lines are due."""
    tx.run(
        """
        UPDATE inventory.receipt_line AS line
           SET due_at = given.due_at
          FROM unnest(%(ids)s::bigint[], %(dues)s::timestamptz[]) AS given (id, due_at)
         WHERE line.receipt_line_id = given.id
        """,
        ids=list(dues),
        dues=list(dues.values()),
    )


def update_received(tx: Transaction, updates: Sequence[UpdateRow]) -> None:
    """Write what came of locked lines."""
    tx.run(
        """
        UPDATE inventory.receipt_line AS line
           SET units_received = line.units_received + given.units, status = given.status
          FROM unnest(%(ids)s::bigint[], %(units)s::bigint[], %(statuses)s::text[])
               AS given (id, units, status)
         WHERE line.receipt_line_id = given.id
        """,
        ids=[row.receipt_line_id for row in updates],
        units=[row.units for row in updates],
        statuses=[row.status for row in updates],
    )
