"""Who is at the door: API keys, remembered for a few seconds so that a knock costs no query."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from threading import Lock

from oneshelf.base.database import Database
from oneshelf.base.errors import OneshelfError
from oneshelf.catalog.access.actions import find_key
from oneshelf.catalog.access.keys import ApiKey
from oneshelf.catalog.access.scopes import Scope, allows

REMEMBERED_S = 5.0  # so long a revoked key may still open a door of this process
REMEMBERED_MAX = 10_000
SCHEME = "bearer"

Find = Callable[[], ApiKey | None]
Work = Callable[[Find], Awaitable[ApiKey | None]]


@dataclass(frozen=True, slots=True)
class _Known:
    key: ApiKey | None
    until_s: float


class KeyRing:
    """Looks keys up and remembers them, right and wrong ones, by the digest of what was sent."""

    def __init__(self, database: Database) -> None:
        """Start knowing nobody."""
        self._database = database
        self._known: OrderedDict[bytes, _Known] = OrderedDict()
        self._lock = Lock()
        self._looking: dict[bytes, asyncio.Future[ApiKey | None]] = {}

    def remembered(self, presented: str) -> ApiKey | None:
        """Return the key if it was found right a moment ago; never asks the database."""
        with self._lock:
            known = self._known.get(_digest(presented))
        return known.key if known and known.until_s > time.monotonic() else None

    def knows(self, authorization: str | None) -> bool:
        """Say whether the header brings a key that was found right a moment ago."""
        presented = (authorization or "").partition(" ")[2].strip()
        return self.remembered(presented) is not None

    async def ask(self, presented: str, work: Work) -> ApiKey | None:
        """Return the key, looked up once for everybody who waits for it at this moment.

        Called from the event loop; work: runs the look-up on a thread. Without this a crowd whose
        key was forgotten a moment ago would fill every thread with the same question.
        """
        digest = _digest(presented)
        looking = self._looking.get(digest)
        if looking is None:
            looking = asyncio.ensure_future(work(partial(self.find, presented)))
            self._looking[digest] = looking
            looking.add_done_callback(lambda _: self._looking.pop(digest, None))
        return await asyncio.shield(looking)  # who hangs up takes the answer from nobody

    def find(self, presented: str) -> ApiKey | None:
        """Return the key; None if it is no key, unknown, revoked or wrong."""
        digest = _digest(presented)
        with self._lock:
            known = self._known.get(digest)
        if known and known.until_s > time.monotonic():
            return known.key
        with self._database.transaction("web", "who is at the door") as tx:
            key = find_key(tx, presented)
        with self._lock:
            self._known[digest] = _Known(key, time.monotonic() + REMEMBERED_S)
            self._known.move_to_end(digest)
            if len(self._known) > REMEMBERED_MAX:
                self._known.popitem(last=False)
        return key

    def forget_all(self) -> None:
        """Ask the database again from now on: keys have changed."""
        with self._lock:
            self._known.clear()


def presented_key(authorization: str | None) -> str:
    """Return the key of an `Authorization: Bearer` header, or raise `unauthenticated`."""
    scheme, _, presented = (authorization or "").partition(" ")
    if scheme.lower() != SCHEME or not presented.strip():
        raise unauthenticated("No key came with the request.")
    return presented.strip()


def unauthenticated(message: str) -> OneshelfError:
    """Return the refusal of somebody we do not know."""
    return OneshelfError(
        "unauthenticated",
        message,
        "Send `Authorization: Bearer` and an API key; `oneshelf keys issue` makes one.",
    )


def require(key: ApiKey, scope: Scope) -> None:
    """Refuse a key that does not have the scope."""
    if not allows(key.scopes, scope):
        raise OneshelfError(
            "forbidden",
            f"This door needs the scope {scope!r}; the key has {', '.join(sorted(key.scopes))}.",
            "Ask an administrator for a key with that scope.",
        )


def require_channel(key: ApiKey, channel: str) -> None:
    """Refuse a key that speaks for another channel."""
    if key.channel is not None and key.channel != channel:
        raise OneshelfError(
            "forbidden",
            f"This key speaks for the channel {key.channel!r}, not for {channel!r}.",
            "Use that channel's own key.",
        )


def _digest(presented: str) -> bytes:
    return sha256(presented.encode("utf-8", "surrogatepass")).digest()
