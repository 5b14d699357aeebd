"""What can be done with colleagues and keys.

The one place of the catalog that draws chance itself: a secret that a caller could pass in could
also be a guessable one.
"""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from oneshelf.base.database import Transaction
from oneshelf.base.errors import OneshelfError
from oneshelf.base.identifiers import ChannelId
from oneshelf.base.outbox import announce
from oneshelf.catalog.access import store
from oneshelf.catalog.access.keys import ApiKey, compose, fits, take_apart
from oneshelf.catalog.access.scopes import SCOPES, Scope, Staff, StaffRef
from oneshelf.catalog.facts import CatalogChanged, Kind


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A new key. presented: what the program sends; shown once, stored nowhere."""

    key: ApiKey
    presented: str


def put_staff(tx: Transaction, staff: Sequence[Staff], now: datetime) -> frozenset[StaffRef]:
    """Write colleagues; return the keys of those that changed. Twice in a list: the last counts."""
    last = {row.staff_ref: row for row in staff}
    changed = store.put_staff(tx, list(last.values()))
    _announce(tx, "staff", changed, now)
    return frozenset(StaffRef(key) for key in changed)


def find_staff(tx: Transaction, refs: Sequence[StaffRef]) -> dict[StaffRef, Staff]:
    """Find colleagues; the unknown are missing."""
    return {row.staff_ref: row for row in store.load_staff(tx, refs)}


def load_staff(tx: Transaction) -> list[Staff]:
    """Load every colleague, in key order."""
    return store.load_staff(tx, None)


def issue_key(
    tx: Transaction,
    name: str,
    scopes: Collection[Scope],
    channel: ChannelId | None,
    now: datetime,
) -> IssuedKey:
    """Make a new key. Not safe to repeat by design: each call is another key."""
    unknown = sorted(set(scopes) - SCOPES)
    if unknown or not scopes:
        raise OneshelfError(
            "bad_value",
            f"A key needs scopes from {', '.join(sorted(SCOPES))}; got {unknown or 'none'}.",
            "Ask for the least that the program needs.",
        )
    secret = secrets.token_urlsafe(32)
    key = ApiKey(secrets.token_hex(8), name, frozenset(scopes), channel)
    store.add_key(tx, key, sha256(secret.encode()).digest(), now)
    _announce(tx, "api_keys", [key.key_id], now)
    return IssuedKey(key, compose(key.key_id, secret))


def revoke_keys(tx: Transaction, key_ids: Sequence[str], now: datetime) -> frozenset[str]:
    """Revoke keys for good; return those that counted until now."""
    revoked = store.revoke_keys(tx, key_ids, now)
    _announce(tx, "api_keys", revoked, now)
    return frozenset(revoked)


def find_key(tx: Transaction, presented: str) -> ApiKey | None:
    """Return the key that was presented; None if it is no key, unknown, revoked or wrong."""
    parts = take_apart(presented)
    row = store.find_key(tx, parts.key_id) if parts else None
    if parts is None or row is None or not fits(parts, row.secret_sha256):
        return None
    return ApiKey(row.key_id, row.name, frozenset(row.scopes), row.channel)


def load_keys(tx: Transaction) -> list[ApiKey]:
    """Load every key that counts, without its secret."""
    return [
        ApiKey(row.key_id, row.name, frozenset(row.scopes), row.channel)
        for row in store.load_keys(tx)
    ]


def _announce(tx: Transaction, kind: Kind, keys: Sequence[str], now: datetime) -> None:
    if keys:
        announce(tx, [CatalogChanged(kind, sorted(keys))], now)
