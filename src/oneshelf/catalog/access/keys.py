"""Keys of programs: what one looks like and when it fits. Pure.

A secret is 256 random bits, so one SHA-256 is enough to store it by: nobody can try them out, and
a slow password hash would only make every request slow.
"""

import hmac
import re
from dataclasses import dataclass
from hashlib import sha256

from oneshelf.base.identifiers import ChannelId
from oneshelf.catalog.access.scopes import Scope

PRESENTED = re.compile(r"oneshelf_([0-9a-f]{16})_([A-Za-z0-9_-]{43})")


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One key that counts. channel: speaks only for that channel; None: for any."""

    key_id: str
    name: str
    scopes: frozenset[Scope]
    channel: ChannelId | None


@dataclass(frozen=True, slots=True)
class PresentedKey:
    """What a program sent, taken apart: the public name and the digest of its secret."""

    key_id: str
    secret_sha256: bytes


def compose(key_id: str, secret: str) -> str:
    """Return the key as its owner keeps it."""
    return f"oneshelf_{key_id}_{secret}"


def take_apart(presented: str) -> PresentedKey | None:
    """Read a presented key; None if it cannot be one of ours."""
    found = PRESENTED.fullmatch(presented)
    if found is None:
        return None
    return PresentedKey(found[1], sha256(found[2].encode()).digest())


def fits(presented: PresentedKey, stored_sha256: bytes) -> bool:
    """Compare digests in constant time, so that time does not tell how much was right."""
    return hmac.compare_digest(presented.secret_sha256, stored_sha256)
