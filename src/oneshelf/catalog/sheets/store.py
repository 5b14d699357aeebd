"""Ask which names exist."""

from collections.abc import Collection

from oneshelf.base.database import Transaction
from oneshelf.catalog.sheets.references import Referred


def known(
    tx: Transaction, asked: Collection[tuple[Referred, str]]
) -> frozenset[tuple[Referred, str]]:
    """Return those (kind, key) that exist."""
    rows = tx.tuples(
        """
        SELECT kind, key
          FROM unnest(%(kinds)s::text[], %(keys)s::text[]) AS asked (kind, key)
         WHERE CASE kind
               WHEN 'brands' THEN
                    EXISTS (SELECT FROM catalog.brand WHERE brand_id = key)
               WHEN 'calendars' THEN
                    EXISTS (SELECT FROM catalog.calendar WHERE calendar_id = key)
               WHEN 'carriers' THEN
                    EXISTS (SELECT FROM catalog.carrier WHERE carrier_id = key)
               WHEN 'nodes' THEN
                    EXISTS (SELECT FROM catalog.node WHERE node_id = key)
               WHEN 'products' THEN
                    EXISTS (SELECT FROM catalog.product WHERE sku = key)
               WHEN 'services' THEN
                    EXISTS (SELECT FROM catalog.service WHERE service_id = key)
               WHEN 'plain_products' THEN
                    EXISTS (SELECT FROM catalog.product WHERE sku = key AND NOT is_kit)
               WHEN 'no_parts' THEN
                    NOT EXISTS (SELECT FROM catalog.kit_part WHERE part_sku = key)
               END
        """,
        kinds=[kind for kind, _ in asked],
        keys=[key for _, key in asked],
    )
    return frozenset((kind, key) for kind, key in rows)
