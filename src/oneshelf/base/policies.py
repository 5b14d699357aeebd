"""Business choices as versioned, audited rows: the highest version counts, none is ever changed."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import msgspec

from oneshelf.base.database import Transaction
from oneshelf.base.errors import OneshelfError
from oneshelf.base.facts import Fact
from oneshelf.base.outbox import announce

Policy = TypeVar("Policy")


@dataclass(frozen=True, slots=True)
class PolicyDecided(Fact):
    """A policy has a new version, in force from this commit on."""

    name: str
    version: int

    def subject(self) -> str:
        """Return the policy's name."""
        return f"policy:{self.name}"


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """One version as it stands in the table."""

    version: int
    body: str


def decide_policy(tx: Transaction, name: str, policy: object, now: datetime) -> int:
    """Write a policy's next version; return its number. Locks the policy's name until commit."""
    tx.scalars("SELECT pg_advisory_xact_lock(hashtext(%(name)s)) IS NULL", name=f"policy:{name}")
    [version] = tx.scalars(
        """
        INSERT INTO base.policy (name, version, body, by, because, decided_at)
        SELECT %(name)s, coalesce(max(version), 0) + 1, %(body)s::jsonb,
               %(by)s, %(because)s, %(now)s
          FROM base.policy WHERE name = %(name)s
        RETURNING version
        """,
        name=name,
        body=msgspec.json.encode(policy, order="deterministic").decode(),
        by=tx.by,
        because=tx.because,
        now=now,
    )
    announce(tx, [PolicyDecided(name, version)], now)
    return int(version)


def read_policy(
    tx: Transaction, name: str, kind: type[Policy], otherwise: Policy
) -> tuple[Policy, int]:
    """Return the version in force and its number, or `otherwise` and 0 where none was decided."""
    rows = tx.rows(
        PolicyRow,
        "SELECT version, body::text FROM base.policy WHERE name = %(name)s"
        " ORDER BY version DESC LIMIT 1",
        name=name,
    )
    if not rows:
        return otherwise, 0
    try:
        return msgspec.json.decode(rows[0].body, type=kind), rows[0].version
    except (msgspec.ValidationError, ValueError) as error:
        raise OneshelfError(
            "policy_refused",
            f"Version {rows[0].version} of the policy {name!r} cannot be read: {error}.",
            "Decide a new version of it.",
        ) from error
