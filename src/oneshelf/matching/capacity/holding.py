"""Who still fits into a node's day. Parcels. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from oneshelf.base.identifiers import NodeId, OrderId

Binding = Literal["limit", "sold"]
"""Whether the limit binds: what is already sold is written in any case."""


@dataclass(frozen=True, slots=True, order=True)
class NodeDay:
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
class Wish:
    """The days of all parcels of one order, a day as often as it has parcels there."""

    days: tuple[NodeDay, ...]
    binding: Binding = "limit"


def fit(wishes: Sequence[Wish], days: Mapping[NodeDay, DayTaken]) -> list[bool]:
    """Say of each order, in turn, whether all its parcels fit; what one takes, the next finds gone.

    days: the limited ones; a day that is absent has no limit.
    """
    free = {day: state.parcels_max - state.taken for day, state in days.items()}
    answers: list[bool] = []
    for wish in wishes:
        needed = {day: wish.days.count(day) for day in wish.days if day in free}
        fits = wish.binding == "sold" or all(free[day] >= needed[day] for day in needed)
        answers.append(fits)
        if fits:
            for day, parcels in needed.items():
                free[day] -= parcels
    return answers
