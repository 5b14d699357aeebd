"""What the live page says: days, counts and phrases a store manager would say. Pure."""

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from typing import Literal

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
SHORT = 3
PLACES_NAMED_MAX = 2

Tone = Literal["plain", "waiting", "act_now"]


def long_day(day: date) -> str:
    """Return a day as one says it: Tuesday 7 December."""
    return f"{WEEKDAYS[day.weekday()]} {day.day} {MONTHS[day.month - 1]}"


def short_day(day: date, today: date) -> str:
    """Return a day for a narrow column: today, tomorrow, Tue 7 Dec."""
    if day == today:
        return "today"
    if day == today + timedelta(days=1):
        return "tomorrow"
    return f"{WEEKDAYS[day.weekday()][:SHORT]} {day.day} {MONTHS[day.month - 1][:SHORT]}"


def count(number: int, thing: str) -> str:
    """Return so many of a thing, with the plural where one says it."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {plural(thing)}"


def plural(thing: str) -> str:
    """Return the plural of a noun of this page."""
    return f"{thing[:-1]}ies" if thing.endswith("y") else f"{thing}s"


def listed(names: Sequence[str]) -> str:
    """Return names as one lists them: Leeds, Wigan and Glasgow."""
    return " and ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)


def fulfilment(
    method: str,
    statuses: Collection[str],
    places: Sequence[str],
    at: str,
    waits_until: date | None,
    today: date,
) -> tuple[str, Tone]:
    """Say how an order is served. places: of its parcels, one each; at: its pickup place or till.

    waits_until: the promised day of an order that waits for a receipt.
    """
    if statuses and set(statuses) <= {"cancelled"}:
        return "cancelled", "plain"
    if "unsourced" in statuses:
        return "no unit found yet", "act_now"
    if method == "carried":
        return f"sold at {at}", "plain"
    if places:
        rest = ", the rest waits" if "backordered" in statuses else ""
        return f"{_sent(method, places, at)}{rest}", "plain"
    day = f" until {short_day(waits_until, today)}" if waits_until else ""
    return f"waits for a receipt{day}", "waiting"


def _sent(method: str, places: Sequence[str], at: str) -> str:
    named = list(dict.fromkeys(places))
    if method == "pickup":
        return f"pickup {at or named[0]}"
    if len(places) == 1:
        return f"ships from {named[0]}"
    shown = named if len(named) <= PLACES_NAMED_MAX else [named[0], f"{len(named) - 1} more"]
    return f"{' + '.join(shown)}, {count(len(places), 'parcel')}"
