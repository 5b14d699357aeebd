"""Opening hours as people write them: `Mon-Fri 08:00-18:00; Sat 09:00-13:00`. Pure."""

import re
from collections.abc import Iterator, Sequence
from datetime import time
from itertools import groupby, pairwise

from oneshelf.base.calendars import MIDNIGHT, Opening

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
PART = re.compile(r"(\S+)\s+([0-9:.]+)\s*-\s*([0-9:.]+)")
CLOCK = re.compile(r"[0-2][0-9]:[0-5][0-9](:[0-5][0-9](\.[0-9]{6})?)?")
END_OF_DAY = "24:00"


def read_openings(text: str) -> tuple[Opening, ...]:
    """Read opening hours, in the week's order; ValueError says which part is wrong."""
    parts = [part.strip() for part in text.split(";")] if text.strip() else []
    return tuple(sorted(opening for part in parts for opening in _read_part(part)))


def write_openings(openings: Sequence[Opening]) -> str:
    """Write opening hours, days with the same hours together."""
    runs: list[tuple[int, time, str]] = []
    by_hours = sorted(openings, key=lambda opening: (opening.opens, opening.closes))
    for (opens, closes), same in groupby(by_hours, lambda row: (row.opens, row.closes)):
        ends = END_OF_DAY if closes == MIDNIGHT else write_clock(closes)
        for first, last in _runs([opening.weekday for opening in same]):
            days = DAYS[first] if first == last else f"{DAYS[first]}-{DAYS[last]}"
            runs.append((first, opens, f"{days} {write_clock(opens)}-{ends}"))
    return "; ".join(text for _, _, text in sorted(runs))


def read_clock(text: str) -> time:
    """Read a time of day as `17:30`."""
    if not CLOCK.fullmatch(text):
        raise ValueError(f"a time is written like 17:30, got {text!r}")
    return time.fromisoformat(text)


def write_clock(clock: time) -> str:
    """Write a time of day, seconds only where there are any."""
    return clock.isoformat("auto" if clock.second or clock.microsecond else "minutes")


def _read_part(part: str) -> Iterator[Opening]:
    found = PART.fullmatch(part)
    if not found:
        raise ValueError(f"{part!r} is not a day and its hours")
    closes = MIDNIGHT if found[3] == END_OF_DAY else read_clock(found[3])
    for days in found[1].split(","):
        first, dash, last = days.partition("-")
        start = _weekday(first)
        end = _weekday(last) if dash else start
        if end < start:
            raise ValueError(f"{days!r} runs past Sunday: write it as two parts")
        for weekday in range(start, end + 1):
            yield Opening(weekday, read_clock(found[2]), closes)


def _weekday(text: str) -> int:
    if text.capitalize() not in DAYS:
        raise ValueError(f"{text!r} is not one of {', '.join(DAYS)}")
    return DAYS.index(text.capitalize())


def _runs(weekdays: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield the first and last of each run of days in a row."""
    first = weekdays[0]
    for day, following in pairwise(weekdays):
        if following != day + 1:
            yield first, day
            first = following
    yield first, weekdays[-1]
