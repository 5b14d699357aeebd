"""Issue, list and revoke API keys."""

from typing import Annotated

from litestar import Response
from msgspec import Meta

from oneshelf.base.clock import read_now
from oneshelf.base.database import Transaction
from oneshelf.base.identifiers import ChannelId
from oneshelf.catalog.access.actions import issue_key, load_keys, revoke_keys
from oneshelf.catalog.access.keys import ApiKey
from oneshelf.catalog.access.scopes import Scope
from oneshelf.web.decoding import Shape
from oneshelf.web.doors import Door, Nowhere, Visit, reading, respond

KeyId = Annotated[str, Meta(pattern="^[0-9a-f]{16}$")]


class KeyAsked(Shape, frozen=True):
    """A key for one program: the least scopes it needs. channel: speaks only for that one."""

    name: Annotated[str, Meta(min_length=1, max_length=100)]
    scopes: Annotated[frozenset[Scope], Meta(min_length=1)]
    channel: Annotated[ChannelId, Meta(min_length=1, max_length=64)] | None = None


class KeyIssued(Shape, frozen=True):
    """secret: what the program sends; shown this once and stored nowhere."""

    key: ApiKey
    secret: str


class KeysNamed(Shape, frozen=True):
    """Which keys."""

    key_ids: Annotated[frozenset[KeyId], Meta(min_length=1, max_length=1_000)]


class KeysRevoked(Shape, frozen=True):
    """Those that counted until now."""

    key_ids: frozenset[KeyId]


class KeyList(Shape, frozen=True):
    """Every key that counts, without its secret."""

    keys: list[ApiKey]


def list_keys(tx: Transaction, _: Nowhere) -> KeyList:
    """Return every key that counts."""
    return KeyList(keys=load_keys(tx))


async def issue(visit: Visit) -> Response[bytes]:
    """Make a key. Its secret is answered and not stored, so a repeat makes another key."""
    asked = await visit.body(KeyAsked)

    def task() -> KeyIssued:
        with visit.house.database.transaction(visit.by(), visit.because()) as tx:
            made = issue_key(tx, asked.name, asked.scopes, asked.channel, read_now(tx))
        return KeyIssued(key=made.key, secret=made.presented)

    return respond(await visit.house.work(task), 201)


async def revoke(visit: Visit) -> Response[bytes]:
    """Revoke keys for good; this process stops taking them at once, others within seconds."""
    asked = await visit.body(KeysNamed)

    def task() -> KeysRevoked:
        with visit.house.database.transaction(visit.by(), visit.because()) as tx:
            revoked = revoke_keys(tx, sorted(asked.key_ids), read_now(tx))
        visit.house.keys.forget_all()
        return KeysRevoked(key_ids=revoked)

    return respond(await visit.house.work(task))


DOORS = (
    reading("/api/v1/keys", "admin", "Every key that counts", list_keys, Nowhere, KeyList),
    Door(
        method="POST",
        path="/api/v1/keys",
        scope="admin",
        does="Issue a key; its secret is shown this once, so a repeat issues another key",
        answer=issue,
        takes=KeyAsked,
        gives=KeyIssued,
        status=201,
    ),
    Door(
        method="POST",
        path="/api/v1/keys/revoke",
        scope="admin",
        does="Revoke keys for good; safe to repeat",
        answer=revoke,
        takes=KeysNamed,
        gives=KeysRevoked,
        repeats="may_have_key",
    ),
)
