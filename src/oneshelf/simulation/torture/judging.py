"""Which laws hold: a function of what was told and what stands. Pure."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from oneshelf.simulation.torture.answers import LAWS, Deed, Law, Standing, Told, Violation

OPEN_HOLDS = frozenset({"held", "lapsing"})


@dataclass(frozen=True, slots=True)
class Judged:
    """One law. checked: so many things were held against it."""

    law: Law
    checked: int
    violations: tuple[Violation, ...]


def judge(told: Told, standing: Standing) -> list[Judged]:
    """Hold everything against every law."""
    found = [*told.seen, *_broken(told, standing)]
    checked = _checked(told, standing)
    return [
        Judged(law, checked[law], tuple(one for one in found if one.law == law)) for law in LAWS
    ]


def _checked(told: Told, standing: Standing) -> dict[Law, int]:
    keys = len(told.orders) + len(told.refused)
    return {
        "expected": told.asked,
        "answered": told.asked,
        "one_key": keys,
        "acknowledged": len(told.orders),
        "refused": len(told.refused) + len(told.refused_holds),
        "deeds": sum(len(of) for of in told.units.values()),
        "holds": len(standing.holds),
        "ledger": standing.points,
        "capacity": 1,
        "facts_read": standing.facts,
        "facts_written": standing.facts,
        "oversold": len(standing.sold),
        "brought": len(standing.sold),
        "circles": 1,
        "processes": 1,
    }


def _broken(told: Told, standing: Standing) -> Iterator[Violation]:
    yield from _orders(told, standing)
    yield from _deeds(told, standing)
    yield from _holds(told, standing)
    yield from (Violation("ledger", words, "does not follow") for words in standing.ledger)
    yield from (Violation("capacity", words, "is not counted right") for words in standing.capacity)
    yield from (Violation("facts_read", words, "is left") for words in standing.unread)
    yield from (Violation("facts_written", words, "not told once") for words in standing.unwritten)
    for sku, units in standing.oversold.items():
        yield Violation("oversold", sku, f"{units} units too many")
    if standing.deadlocks:
        yield Violation("circles", "database", f"{standing.deadlocks} deadlocks")
    for sku, units in standing.sold.items():
        brought = told.brought.get(sku, 0) + standing.found.get(sku, 0)
        if units > brought:
            yield Violation("brought", sku, f"{units} sold, {brought} brought")


def _orders(told: Told, standing: Standing) -> Iterator[Violation]:
    stands = {(one.channel, one.key): one for one in standing.orders}
    many = Counter((one.channel, one.key) for one in standing.orders)
    for key, count in many.items():
        if count > 1:
            yield Violation("one_key", "/".join(key), f"{count} orders")
    for key, order in told.orders.items():
        there = stands.get(key)
        if there is None:
            yield Violation("acknowledged", "/".join(key), f"order {order.number} is not there")
        elif there.told() != order:
            detail = f"told {order}, stands {there.told()}"
            yield Violation("acknowledged", "/".join(key), detail)
    for key in stands.keys() - told.orders.keys():
        if told.unheard.get(key) == stands[key].content:
            continue
        law: Law = "refused" if key in told.refused else "acknowledged"
        yield Violation(law, "/".join(key), "stands, and nobody was told so")


def _deeds(told: Told, standing: Standing) -> Iterator[Violation]:
    deeds: set[Deed] = {*told.units, *standing.units}
    for deed in sorted(deeds):
        said, stands = told.units.get(deed, {}), standing.units.get(deed, {})
        for subject in sorted({*said, *stands}):
            if said.get(subject, 0) != stands.get(subject, 0):
                detail = f"{said.get(subject, 0)} told, {stands.get(subject, 0)} stand"
                yield Violation("deeds", f"{deed} {subject}", detail)


def _holds(told: Told, standing: Standing) -> Iterator[Violation]:
    for hold, status in standing.holds.items():
        if status in OPEN_HOLDS:
            yield Violation("holds", str(hold), f"is {status} after its time")
        if (status == "consumed") != (hold in told.consumed):
            said = "an order used it" if hold in told.consumed else "no order used it"
            yield Violation("holds", str(hold), f"{said}, but it is {status}")
        if hold in told.released and status != "released":
            yield Violation("holds", str(hold), f"it was told released, but it is {status}")
    for hold in (told.refused_holds & standing.holds.keys()) - told.unheard_holds:
        yield Violation("refused", str(hold), "the hold stands")
    for hold in (told.consumed | told.released) - standing.holds.keys():
        yield Violation("holds", str(hold), "is not there")
