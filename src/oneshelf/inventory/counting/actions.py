"""Correct stock by what people and other systems say, and move it between nodes.

Every request carries an id; the same one again does nothing.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol, TypeVar
from uuid import UUID

from oneshelf.base.database import Transaction
from oneshelf.base.errors import ContendedError, OneshelfError
from oneshelf.inventory.claims.actions import lock_for_serving, serve_claims
from oneshelf.inventory.counting.saying import (
    Adjusted,
    Arrived,
    Counted,
    Grade,
    Regraded,
    Sent,
    Variance,
    on_shelf,
)
from oneshelf.inventory.ledger import Balance, Movement, State, StockPoint
from oneshelf.inventory.lines.actions import announce_lost, find_losers
from oneshelf.inventory.shelf.actions import carry, move, take_requests

SERIALISATION_FAILURE = "40001"
Way = tuple[State, State]


class Asked(Protocol):
    """Anything that carries a request's id."""

    @property
    def request(self) -> UUID:
        """The outside request's id."""


Request = TypeVar("Request", bound=Asked)


def adjust(tx: Transaction, adjusted: Sequence[Adjusted], now: datetime) -> None:
    """Add or take units of one grade; refuses to take more than there are of it."""
    new = _new(tx, adjusted, now)
    locked = lock_for_serving(tx, {one.point for one in new}, now)
    movements = []
    left = _grades(locked.values())
    for one in new:
        if left[one.point, one.grade] + one.units < 0:
            raise _too_few(one.point, one.grade, left[one.point, one.grade], -one.units)
        left[one.point, one.grade] += one.units
        way: Way = ("outside", one.grade) if one.units > 0 else (one.grade, "outside")
        if one.units:
            movements.append(Movement(locked[one.point].point_id, *way, abs(one.units), one.reason))
    move(tx, movements, now)
    serve_claims(tx, locked, now)


def count(tx: Transaction, counted: Sequence[Counted], now: datetime) -> list[Variance]:
    """Set shelves to what was seen; return how far the books were off.

    What is missing is taken from free units, then from the hold that lapses last, then from the
    commitment promised latest; announces who lost. Too many become free: older claims come first.
    """
    new = _new(tx, counted, now)
    if len({one.point for one in new}) != len(new):
        raise ValueError("a shelf is counted once in a batch")
    locked = lock_for_serving(tx, {one.point for one in new}, now)
    variances = [Variance(o.request, o.point, o.units - on_shelf(locked[o.point])) for o in new]
    movements = []
    needs = []
    for one, variance in zip(new, variances, strict=True):
        balance = locked[one.point]
        if variance.units > 0:
            movements.append(
                Movement(balance.point_id, "outside", "available", variance.units, one.reason)
            )
        elif free := min(balance.available, -variance.units):
            movements.append(Movement(balance.point_id, "available", "outside", free, one.reason))
        if (missing := -variance.units - balance.available) > 0:
            needs.append((missing, [balance]))
    steps, held, unmet = find_losers(tx, needs, "counted", now)
    if any(unmet):
        raise ContendedError(SERIALISATION_FAILURE)
    carry(tx, steps, now, movements + held)
    announce_lost(tx, steps, locked, now)
    serve_claims(tx, locked, now)
    return variances


def regrade(tx: Transaction, regraded: Sequence[Regraded], now: datetime) -> None:
    """Say that units are for sale, damaged or to be checked now; refuses more than there are."""
    new = _new(tx, regraded, now)
    locked = lock_for_serving(tx, {one.point for one in new}, now)
    left = _grades(locked.values())
    for one in new:
        if left[one.point, one.source] < one.units:
            raise _too_few(one.point, one.source, left[one.point, one.source], one.units)
        left[one.point, one.source] -= one.units
        left[one.point, one.target] += one.units
    move(
        tx,
        [
            Movement(locked[one.point].point_id, one.source, one.target, one.units, "regraded")
            for one in new
        ],
        now,
    )
    serve_claims(tx, locked, now)


def send(tx: Transaction, sent: Sequence[Sent], now: datetime) -> None:
    """Let free units leave for another node: from now on they are in transit to it."""
    new = _new(tx, sent, now)
    points = {one.source for one in new} | {one.target() for one in new}
    locked = lock_for_serving(tx, points, now)
    left = {point: balance.available for point, balance in locked.items()}
    movements = []
    for one in new:
        if left[one.source] < one.units:
            raise _too_few(one.source, "available", left[one.source], one.units)
        left[one.source] -= one.units
        transfer = f"transfer:{one.request}"
        source, target = locked[one.source].point_id, locked[one.target()].point_id
        movements += [
            Movement(source, "available", "outside", one.units, "sent", transfer=transfer),
            Movement(target, "outside", "in_transit", one.units, "sent", transfer=transfer),
        ]
    move(tx, movements, now)


def arrive(tx: Transaction, arrived: Sequence[Arrived], now: datetime) -> None:
    """Put units that were in transit on the shelf; older claims get them first."""
    new = _new(tx, arrived, now)
    locked = lock_for_serving(tx, {one.point for one in new}, now)
    left = {point: balance.in_transit for point, balance in locked.items()}
    movements = []
    for one in new:
        whole = one.units + one.units_damaged + one.units_lost
        if left[one.point] < whole:
            raise _too_few(one.point, "in_transit", left[one.point], whole)
        left[one.point] -= whole
        parts: list[tuple[State, int]] = [
            ("available", one.units),
            ("damaged", one.units_damaged),
            ("outside", one.units_lost),
        ]
        movements += [
            Movement(locked[one.point].point_id, "in_transit", target, units, "arrived")
            for target, units in parts
            if units
        ]
    move(tx, movements, now)
    serve_claims(tx, locked, now)


def _new(tx: Transaction, asked: Iterable[Request], now: datetime) -> list[Request]:
    once = {one.request: one for one in asked}
    fresh = take_requests(tx, list(once), now)
    return [one for request, one in once.items() if request in fresh]


def _grades(balances: Iterable[Balance]) -> dict[tuple[StockPoint, Grade], int]:
    units: dict[tuple[StockPoint, Grade], int] = {}
    for balance in balances:
        units[balance.point, "available"] = balance.available
        units[balance.point, "damaged"] = balance.damaged
        units[balance.point, "quality_hold"] = balance.quality_hold
    return units


def _too_few(point: StockPoint, state: State, there: int, wanted: int) -> OneshelfError:
    return OneshelfError(
        "conflict",
        f"Only {there} units of {point.sku} at {point.node} are {state}, {wanted} were asked for.",
        "Count the shelf, then ask for what is there.",
    )
