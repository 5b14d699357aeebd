"""Who still fits into a node's day. Parcels. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from msgspec import Struct

from oneshelf.base.identifiers import NodeId, OrderId, PublicId

Binding = Literal["limit", "sold"]
"""Whether the limit binds: what is already sold is written in any case."""


class NodeDay(Struct, frozen=True, order=True):
    """A node's working day; its order is the order in which days are locked."""

    node: NodeId
    on: date


@dataclass(frozen=True, slots=True)
class DayTaken:
    """Parcels taken of a limited day, and the limit now."""

    taken: int
    parcels_max: int


@dataclass(frozen=True, slots=True)
class Hold:
    """One parcel of an order on a node's day; parcel: its own number within the order."""

    order_id: OrderId
    parcel: int
    day: NodeDay


@dataclass(frozen=True, slots=True)
class CartHold:
    """Parcels that a cart holds on a node's day while its reservation stands."""

    reservation: PublicId
    day: NodeDay
    parcels: int


@dataclass(frozen=True, slots=True)
class Wish:
    """The days of all parcels of one order or cart, a day as often as it has parcels there."""

    days: tuple[NodeDay, ...]
    binding: Binding = "limit"


def lacking(wishes: Sequence[Wish], days: Mapping[NodeDay, DayTaken]) -> list[tuple[NodeDay, ...]]:
    """Say of each wish, in turn, which days have no room for it; none is right: it takes them.

    What one takes, the next finds gone. days: the limited ones; an absent day has no limit.
    """
    free = {day: state.parcels_max - state.taken for day, state in days.items()}
    answers: list[tuple[NodeDay, ...]] = []
    for wish in wishes:
        needed = {day: parcels for day, parcels in Counter(wish.days).items() if day in free}
        full = [day for day, parcels in needed.items() if free[day] < parcels]
        answers.append(() if wish.binding == "sold" else tuple(full))
        if not answers[-1]:
            for day, parcels in needed.items():
                free[day] -= parcels
    return answers
