"""Find who waits for what the catalog opened. Nothing is decided here."""

from collections.abc import Collection

from oneshelf.base.database import Transaction
from oneshelf.base.identifiers import NodeId, Sku


def find_waiting_for(tx: Transaction, skus: Collection[Sku]) -> list[Sku]:
    """Find what open claims for these SKUs, kits or parts of kits, take from shelves."""
    return tx.scalars(
        """
        SELECT part.sku
          FROM inventory.claim
          JOIN inventory.claim_part AS part USING (claim_id)
         WHERE claim.sku = ANY(%(skus)s::text[]) AND claim.status = 'open'
         UNION
        SELECT sku
          FROM inventory.claim_part
         WHERE sku = ANY(%(skus)s::text[]) AND status = 'open'
        """,
        skus=list(skus),
    )


def find_waiting_at(tx: Transaction, nodes: Collection[NodeId]) -> list[Sku]:
    """Find what stands free at these nodes while somebody waits for it."""
    return tx.scalars(
        """
        SELECT DISTINCT part.sku
          FROM inventory.claim_part AS part
          JOIN inventory.point ON point.sku = part.sku
         WHERE part.status = 'open' AND available > 0 AND node = ANY(%(nodes)s::text[])
        """,
        nodes=list(nodes),
    )
