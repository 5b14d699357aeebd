"""What only the command line looks at. Plain SELECTs."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from oneshelf.base.database import Transaction


@dataclass(frozen=True, slots=True)
class NamedOrder:
    """Which order bears a channel's key."""

    number: int
    channel: str
    key: str


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """One version of a policy, and who decided it."""

    version: int
    decided_at: datetime
    by: str
    because: str
    body: str


def find_numbers(tx: Transaction, named: str) -> list[NamedOrder]:
    """Find orders whose channel calls them so; several channels may use the same key."""
    return tx.rows(
        NamedOrder,
        "SELECT order_id AS number, channel, key FROM orders.sales_order"
        " WHERE key = %(key)s AND channel IN (SELECT channel_id FROM catalog.channel)"
        " ORDER BY channel",
        key=named,
    )


def find_number(tx: Transaction, number: int) -> list[NamedOrder]:
    """Find the order of a short number."""
    return tx.rows(
        NamedOrder,
        "SELECT order_id AS number, channel, key FROM orders.sales_order"
        " WHERE order_id = %(number)s",
        number=number,
    )


def find_policy_versions(tx: Transaction, name: str) -> list[PolicyVersion]:
    """Return every version of a policy, the newest first."""
    return tx.rows(
        PolicyVersion,
        "SELECT version, decided_at, by, because, body::text FROM base.policy"
        " WHERE name = %(name)s ORDER BY version DESC",
        name=name,
    )


def find_shelved_skus(tx: Transaction, skus: Collection[str]) -> set[str]:
    """Return which of these are products that stand on shelves themselves: no kits."""
    return set(
        tx.scalars(
            "SELECT sku FROM catalog.product WHERE sku = ANY(%(skus)s::text[]) AND NOT is_kit",
            skus=list(skus),
        )
    )


def find_nodes(tx: Transaction, nodes: Collection[str]) -> set[str]:
    """Return which of these nodes exist."""
    return set(
        tx.scalars(
            "SELECT node_id FROM catalog.node WHERE node_id = ANY(%(nodes)s::text[])",
            nodes=list(nodes),
        )
    )


def find_receipts(tx: Transaction, references: Collection[str]) -> set[str]:
    """Return which of these deliveries have been announced already."""
    return set(
        tx.scalars(
            "SELECT reference FROM inventory.receipt WHERE reference = ANY(%(references)s::text[])",
            references=list(references),
        )
    )
