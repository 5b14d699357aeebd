"""What happens next. Read top to bottom: the life of an order.

Left, a fact some folder announced. Right, the actions the worker runs because of it: at least
once, in this order. So every action is safe to repeat. Below, the work that time causes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar, cast

from oneshelf.base.database import Transaction
from oneshelf.base.facts import Fact
from oneshelf.base.reading import Reaction, Reader

Told = TypeVar("Told", bound=Fact)


@dataclass(frozen=True, slots=True)
class Entry:
    """One kind of fact and what follows from it; `why` where nothing does."""

    fact: type[Fact]
    reactions: tuple[Reaction, ...]
    why: str = ""


@dataclass(frozen=True, slots=True)
class Due:
    """Work that time causes: does up to a batch of it and returns how much it did."""

    name: str
    act: Callable[[Transaction, datetime], int]


def when(
    fact: type[Told], *reactions: Callable[[Transaction, Sequence[Told], datetime], None]
) -> Entry:
    """Say what follows from a fact."""
    return Entry(fact, tuple(cast("Reaction", reaction) for reaction in reactions))


def nothing_after(fact: type[Fact], why: str) -> Entry:
    """Say that nothing follows from a fact, and why."""
    return Entry(fact, (), why)


REACTIONS: tuple[Entry, ...] = ()

DUE: tuple[Due, ...] = ()


def readers(entries: Sequence[Entry] = REACTIONS) -> list[Reader]:
    """Return a reader for each reaction, named after its folder, its verb and its fact."""
    return [
        Reader(_name(entry, reaction), {entry.fact.__name__: entry.fact}, reaction)
        for entry in entries
        for reaction in entry.reactions
    ]


def _name(entry: Entry, reaction: Reaction) -> str:
    folder = reaction.__module__.removeprefix("oneshelf.").removesuffix(".actions")
    return f"{folder}.{getattr(reaction, '__name__', '')}/{entry.fact.__name__}"
