"""What the live page says: dates, amounts and sentences a store manager would say. Pure."""

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from typing import Literal

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
SHORT = 3
SYMBOLS = {"GBP": "£", "EUR": "€", "USD": "$"}
WITHOUT_CENTS = frozenset({"JPY", "KRW", "CLP", "ISK", "VND", "XAF", "XOF"})
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
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


def money(minor: int, currency: str) -> str:
    """Return an amount with its currency."""
    amount = f"{minor:,}" if currency in WITHOUT_CENTS else f"{minor / 100:,.2f}"
    symbol = SYMBOLS.get(currency)
    return f"{symbol}{amount}" if symbol else f"{amount} {currency}"


def count(number: int, thing: str) -> str:
    """Return so many of a thing, with the plural where one says it."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {plural(thing)}"


def plural(thing: str) -> str:
    """Return the plural of a noun of this page."""
    return f"{thing[:-1]}ies" if thing.endswith("y") else f"{thing}s"


def spelt(number: int) -> str:
    """Return a small number in letters, a large one in digits."""
    return NUMBERS[number] if number < len(NUMBERS) else f"{number:,}"


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
    named = list(dict.fromkeys(places))
    if statuses and set(statuses) <= {"cancelled"}:
        return "cancelled", "plain"
    if "unsourced" in statuses:
        return "no unit found yet", "act_now"
    if method == "carried":
        return f"sold at {at}", "plain"
    if "backordered" in statuses and not places:
        day = f" until {short_day(waits_until, today)}" if waits_until else ""
        return f"waits for a receipt{day}", "waiting"
    rest = ", the rest waits" if "backordered" in statuses else ""
    if method == "pickup":
        return f"pickup {at or listed(named)}{rest}", "plain"
    if len(named) > PLACES_NAMED_MAX:
        return f"{named[0]} + {len(named) - 1} more, {count(len(places), 'parcel')}{rest}", "plain"
    if len(places) > 1:
        return f"{' + '.join(named)}, {count(len(places), 'parcel')}{rest}", "plain"
    return (f"ships from {named[0]}{rest}", "plain") if named else ("being sourced", "waiting")


def promise(
    parts: Sequence[tuple[str, int]],
    *,
    collected: Literal["shipped", "fetched"],
    cost: str,
    by: date,
) -> str:
    """Say in two sentences who serves an order. parts: (place, lines), one each parcel."""
    first, lines = parts[0]
    if len(parts) == 1 and collected == "fetched":
        return f"{first} keeps {_lines(lines)} for its customer. Ready on {long_day(by)}."
    if len(parts) == 1:
        return (
            f"{first} ships {_lines(lines)} in one parcel for {cost}. It arrives on {long_day(by)}."
        )
    shares = [f"{place} {count(lines, 'line')}" for place, lines in parts]
    verb = "is ready" if collected == "fetched" else "arrives"
    return (
        f"{spelt(len(parts)).capitalize()} parcels: {listed(shares)}, for {cost} together."
        f" Everything {verb} by {long_day(by)}."
    )


def _lines(lines: int) -> str:
    return {1: "the one line", 2: "both lines"}.get(lines, f"all {spelt(lines)} lines")
