"""Answer a repeated request with its first answer.

Keys come before everything else in the lock order: they are inserted first, in key order, so two
batches that carry the same keys wait for each other in one direction only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from msgspec import Struct

from oneshelf.base.database import Transaction
from oneshelf.base.errors import OneshelfError
from oneshelf.base.identifiers import ChannelId

LOCK_TIMEOUT_KEYS_MS = 2_000


class RepeatKey(Struct, frozen=True, order=True):
    """What names a request for ever: its channel and the channel's own id for it."""

    channel: ChannelId
    key: str


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """What was answered to a key before. answer: JSON; ids and codes only."""

    channel: str
    key: str
    body_hash: bytes
    answer: str


def key_reused(key: str) -> OneshelfError:
    """Return what another request under a known key is told."""
    return OneshelfError(
        "key_reused",
        f"The key {key!r} came with another request before.",
        "Give another request another key; a repeat must be the same.",
    )


def hash_body(body: bytes) -> bytes:
    """Return the hash that tells a repeat from another request under the same key."""
    return blake2b(body, digest_size=16).digest()


def take_keys(tx: Transaction, hashes: Mapping[RepeatKey, bytes]) -> dict[RepeatKey, StoredAnswer]:
    """Take each key for this transaction; return the stored answers of those taken before.

    Waits for a key that another transaction is deciding (lock_timeout, then ContendedError).
    """
    keys = sorted(hashes)
    taken = tx.run(
        """
        INSERT INTO base.repeat_key (channel, key, body_hash)
        SELECT channel, key, body_hash
          FROM unnest(%(channels)s::text[], %(keys)s::text[], %(hashes)s::bytea[])
               WITH ORDINALITY AS given (channel, key, body_hash, place)
         ORDER BY place
            ON CONFLICT DO NOTHING
        """,
        channels=[key.channel for key in keys],
        keys=[key.key for key in keys],
        hashes=[hashes[key] for key in keys],
    )
    if taken == len(keys):
        return {}
    rows = tx.rows(
        StoredAnswer,
        """
        SELECT channel, key, body_hash, answer::text
          FROM base.repeat_key
          JOIN unnest(%(channels)s::text[], %(keys)s::text[]) AS asked (channel, key)
         USING (channel, key)
         WHERE answer IS NOT NULL
        """,
        channels=[key.channel for key in keys],
        keys=[key.key for key in keys],
    )
    return {RepeatKey(ChannelId(row.channel), row.key): row for row in rows}


def store_answers(tx: Transaction, answers: Mapping[RepeatKey, str]) -> None:
    """Keep the answers of taken keys, as long as what they created."""
    if not answers:
        return
    keys = sorted(answers)
    tx.run(
        """
        UPDATE base.repeat_key
           SET answer = given.answer::jsonb
          FROM unnest(%(channels)s::text[], %(keys)s::text[], %(answers)s::text[])
               AS given (channel, key, answer)
         WHERE repeat_key.channel = given.channel AND repeat_key.key = given.key
        """,
        channels=[key.channel for key in keys],
        keys=[key.key for key in keys],
        answers=[answers[key] for key in keys],
    )


def forget_keys(tx: Transaction, keys: Sequence[RepeatKey]) -> None:
    """Let go of taken keys that came to nothing: a refusal repeated is a new question."""
    if not keys:
        return
    tx.run(
        """
        DELETE FROM base.repeat_key
         USING unnest(%(channels)s::text[], %(keys)s::text[]) AS given (channel, key)
         WHERE repeat_key.channel = given.channel AND repeat_key.key = given.key
           AND answer IS NULL
        """,
        channels=[key.channel for key in keys],
        keys=[key.key for key in keys],
    )
