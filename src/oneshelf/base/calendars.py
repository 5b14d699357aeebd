"""Working time: opening hours, holidays and cut-offs in a place's own time zone. Pure.

Where the clocks change: a local time that the spring jump skips means the moment of the jump; a
local time that comes twice in autumn means the first of the two. So a later local time is never an
earlier instant. Open minutes are real minutes, counted in UTC.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

MIDNIGHT = time(0)
DAY = timedelta(days=1)
CLOSED_DAYS_MAX = 370  # closed for longer is closed for good


@dataclass(frozen=True, slots=True, order=True)
class Opening:
    """One opening on one weekday (0 is Monday), in local time. Never across midnight.

    closes: open until just before it; 00:00 is the end of the day.
    """

    weekday: int
    opens: time
    closes: time

    def __post_init__(self) -> None:
        """Refuse what no door can do."""
        if self.weekday not in range(7):
            raise ValueError(f"a weekday is 0 (Monday) to 6, got {self.weekday}")
        if self.opens.tzinfo or self.closes.tzinfo:
            raise ValueError("opening hours are local times: the calendar knows the time zone")
        if self.opens >= self.closes != MIDNIGHT:
            raise ValueError(f"a place closes after it opens, got {self.opens} to {self.closes}")


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """When a place works. time_zone: IANA name. closed_on: holidays, local dates."""

    time_zone: str
    openings: tuple[Opening, ...]
    closed_on: frozenset[date]

    def __post_init__(self) -> None:
        """Refuse unknown time zones and openings that overlap."""
        if not is_time_zone(self.time_zone):
            raise ValueError(f"a time zone is an IANA name, got {self.time_zone!r}")
        for first, second in pairwise(sorted(self.openings)):
            if first.weekday == second.weekday and (
                first.closes == MIDNIGHT or second.opens < first.closes
            ):
                raise ValueError(f"openings overlap: {first} and {second}")


def is_time_zone(name: str) -> bool:
    """Say whether the time zone database knows this name."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: the name of a folder of zones
        return False
    return True


def local_date(calendar: WorkCalendar, at: datetime) -> date:
    """Return the date on the place's own wall."""
    if at.tzinfo is None:
        raise ValueError(f"an instant is aware, got {at} without a time zone")
    return at.astimezone(ZoneInfo(calendar.time_zone)).date()


def instant(time_zone: str, on: date, local: time) -> datetime:
    """Return the instant (UTC) at which the wall clock there shows this date and time."""
    zone = ZoneInfo(time_zone)
    shown = datetime.combine(on, local)
    at = shown.replace(tzinfo=zone).astimezone(UTC)
    if at.astimezone(zone).replace(tzinfo=None) == shown:
        return at
    before = shown.replace(tzinfo=zone, fold=1).astimezone(UTC)
    return _jump(zone, before.replace(microsecond=0), at.replace(microsecond=0))


def _jump(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """Return the second, in (before, after], at which the clocks change."""
    offset = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after


def is_working_day(calendar: WorkCalendar, on: date) -> bool:
    """Say whether the place opens at all on this local date."""
    weekday = on.weekday()
    return on not in calendar.closed_on and any(
        opening.weekday == weekday for opening in calendar.openings
    )


def next_working_day(calendar: WorkCalendar, on: date, ahead: int = 0) -> date | None:
    """Return the first working day on or after `on`, then `ahead` working days further.

    None if the place stays closed for over a year.
    """
    if ahead < 0:
        raise ValueError(f"working days are counted ahead, from 0, got {ahead}")
    left = ahead
    closed_days = 0
    while closed_days <= CLOSED_DAYS_MAX:
        if not is_working_day(calendar, on):
            closed_days += 1
        elif left == 0:
            return on
        else:
            left -= 1
            closed_days = 0
        on += DAY
    return None


def is_open(calendar: WorkCalendar, at: datetime) -> bool:
    """Say whether the place is open at this instant; at the closing time it is not."""
    return any(opens <= at < closes for opens, closes in _spans(calendar, local_date(calendar, at)))


def next_open(calendar: WorkCalendar, at: datetime) -> datetime | None:
    """Return the first open instant at or after this one; None if closed for over a year."""
    return after_open_minutes(calendar, at, 0)


def after_open_minutes(calendar: WorkCalendar, start: datetime, minutes: int) -> datetime | None:
    """Return the instant (UTC) by which the place has been open so many minutes since start.

    Work that ends as the door closes ends then, not at the next opening. 0 minutes: the first open
    instant at or after start. None if the place stays closed for over a year.
    """
    if minutes < 0:
        raise ValueError(f"open minutes are counted ahead, from 0, got {minutes}")
    left = timedelta(minutes=minutes)
    on = local_date(calendar, start)
    closed_days = 0
    while closed_days <= CLOSED_DAYS_MAX:
        for opens, closes in _spans(calendar, on):
            begins = max(opens, start)
            if begins < closes:
                if left <= closes - begins:
                    return begins.astimezone(UTC) + left
                left -= closes - begins
                closed_days = 0
        on += DAY
        closed_days += 1
    return None


def _spans(calendar: WorkCalendar, on: date) -> Iterator[tuple[datetime, datetime]]:
    """Yield when the place opens and closes on a local date, earliest first."""
    if on in calendar.closed_on:
        return
    weekday = on.weekday()
    for opening in sorted(calendar.openings):
        if opening.weekday == weekday:
            last = on + DAY if opening.closes == MIDNIGHT else on
            yield (
                instant(calendar.time_zone, on, opening.opens),
                instant(calendar.time_zone, last, opening.closes),
            )
