"""An order as it came, and what is told when it comes twice. Pure."""

import msgspec
from msgspec import Struct

from oneshelf.base.errors import OneshelfError
from oneshelf.base.repeat_keys import RepeatKey, StoredAnswer
from oneshelf.orders.answers import Decided, Placed, Repeated, Undecided
from oneshelf.orders.canonical import NewOrder
from oneshelf.orders.capture.answering import reused


class Asked(Struct, frozen=True):
    """An order as it came, the hash of its body, and who sent it (a batch has many callers)."""

    order: NewOrder
    body_hash: bytes
    by: str = ""

    def key(self) -> RepeatKey:
        """Return what names the request for ever."""
        return RepeatKey(self.order.channel, self.order.key)


def as_before(one: Asked, stored: StoredAnswer) -> Repeated | OneshelfError:
    """Answer an order that was placed before."""
    if one.body_hash != stored.body_hash:
        return reused(one.order)
    return Repeated(msgspec.json.decode(stored.answer, type=Placed))


def as_first(one: Asked, first: Asked, answer: Decided) -> Decided:
    """Answer an order that came twice in one batch as its first.

    Where the first was not placed, the key is free again: another body is decided in its turn.
    """
    if one.body_hash == first.body_hash:
        return Repeated(answer) if isinstance(answer, Placed) else answer
    return reused(one.order) if isinstance(answer, Placed) else Undecided()
