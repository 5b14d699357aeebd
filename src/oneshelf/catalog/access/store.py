"""Read and write colleagues and keys."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from oneshelf.base.database import Transaction
from oneshelf.base.identifiers import ChannelId
from oneshelf.catalog.access.keys import ApiKey
from oneshelf.catalog.access.scopes import Scope, Staff, StaffRef


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One key as it stands, its digest included."""

    key_id: str
    secret_sha256: bytes
    name: str
    scopes: list[Scope]
    channel: ChannelId | None


def put_staff(tx: Transaction, staff: Sequence[Staff]) -> list[str]:
    """Write colleagues in key order; return the keys of those that changed."""
    return tx.scalars(
        """
        INSERT INTO catalog.staff AS old
        SELECT * FROM json_populate_recordset(NULL::catalog.staff, %(rows)s::json)
         ORDER BY staff_ref
            ON CONFLICT (staff_ref) DO UPDATE
           SET (name, roles, nodes) = ROW (EXCLUDED.name, EXCLUDED.roles, EXCLUDED.nodes)
         WHERE ROW(old.*) IS DISTINCT FROM ROW(EXCLUDED.*)
        RETURNING staff_ref
        """,
        rows=msgspec.json.encode(staff, order="deterministic").decode(),
    )


def load_staff(tx: Transaction, refs: Sequence[StaffRef] | None) -> list[Staff]:
    """Load colleagues in key order; None: all."""
    rows = tx.scalars(
        """
        SELECT to_json(staff)::text
          FROM catalog.staff
         WHERE %(refs)s::text[] IS NULL OR staff_ref = ANY(%(refs)s::text[])
         ORDER BY staff_ref
        """,
        refs=None if refs is None else list(refs),
    )
    return [msgspec.json.decode(row, type=Staff) for row in rows]


def add_key(tx: Transaction, key: ApiKey, secret_sha256: bytes, now: datetime) -> None:
    """Write a new key."""
    tx.run(
        """
        INSERT INTO catalog.api_key (key_id, secret_sha256, name, scopes, channel, issued_at)
        VALUES (%(key_id)s, %(secret_sha256)s, %(name)s, %(scopes)s, %(channel)s, %(now)s)
        """,
        key_id=key.key_id,
        secret_sha256=secret_sha256,
        name=key.name,
        scopes=sorted(key.scopes),
        channel=key.channel,
        now=now,
    )


def revoke_keys(tx: Transaction, key_ids: Sequence[str], now: datetime) -> list[str]:
    """Revoke keys; return those that counted until now."""
    return tx.scalars(
        """
        UPDATE catalog.api_key
           SET revoked_at = %(now)s
         WHERE key_id = ANY(%(key_ids)s::text[]) AND revoked_at IS NULL
        RETURNING key_id
        """,
        key_ids=list(key_ids),
        now=now,
    )


def find_key(tx: Transaction, key_id: str) -> KeyRow | None:
    """Find a key that is not revoked."""
    rows = tx.rows(
        KeyRow,
        """
        SELECT key_id, secret_sha256, name, scopes, channel
          FROM catalog.api_key
         WHERE key_id = %(key_id)s AND revoked_at IS NULL
        """,
        key_id=key_id,
    )
    return rows[0] if rows else None


def load_keys(tx: Transaction) -> list[KeyRow]:
    """Load every key that is not revoked, in the order of issue."""
    return tx.rows(
        KeyRow,
        """
        SELECT key_id, secret_sha256, name, scopes, channel
          FROM catalog.api_key
         WHERE revoked_at IS NULL
         ORDER BY issued_at, key_id
        """,
    )
