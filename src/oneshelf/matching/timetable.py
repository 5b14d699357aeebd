"""Every node's working days, pickups and the carriers' delivery days, compiled for fast answers.

Pure: the same questions have the same answers as with base.calendars, which the tests prove. What
changes only at a cut-off, a pickup or midnight is kept until then (`schedule`). Days are ordinals
(date.toordinal), instants whole microseconds since 1970.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from oneshelf.base.calendars import MIDNIGHT, WorkCalendar, instant, is_working_day

Ints = NDArray[np.int64]
Whole: TypeAlias = "array[int]"  # eight bytes a figure; bisect reads it

DAYS = 540  # how far a compiled timetable reaches
NEVER = 10**7  # an ordinal later than any date
FOREVER = 2**62
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
MINUTE_US = 60_000_000
NO_DELAY, PAST_CUT_OFF, CLOSED_TODAY = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Shift:
    """How a node works: nodes that work alike share one."""

    calendar: WorkCalendar
    cut_off: time
    handling_minutes: int


@dataclass(frozen=True, slots=True)
class Pickup:
    """When a carrier collects: on its working days that are the node's too, at a local time."""

    calendar: WorkCalendar
    at: time


class Work(Struct, frozen=True):
    """A day's work on an order: its day, and when the parcel is ready."""

    on: int
    ready_us: int


@dataclass(frozen=True, slots=True, eq=False)
class Schedule:
    """For an order placed now: of each shift its date, its work day, why not today, pickups.

    ships_on[K, P]: the day of the pickup that an order placed now reaches.
    """

    today: Ints
    work_on: Ints
    delay: Ints
    ships_on: Ints


@dataclass(frozen=True, slots=True)
class _Hours:
    """One shift, compiled: openings and working days in rising order."""

    opens: Whole
    closes: Whole
    before: Whole  # open time before each opening
    after: Whole  # open time up to its end
    days: Whole
    day_opens: Whole
    deadlines: Whole  # the last instant at which an order is worked on that day
    handling_us: int


@dataclass(frozen=True, slots=True)
class _State:
    """What holds for each shift from one instant to another (both included)."""

    since: Ints
    until: Ints
    all_since: int
    all_until: int
    schedule: Schedule


def to_us(at: datetime) -> int:
    """Return whole microseconds since 1970."""
    return (at - EPOCH) // MICROSECOND


def to_instant(us: int) -> datetime:
    """Return the instant (UTC)."""
    return EPOCH + timedelta(microseconds=us)


@lru_cache(maxsize=2048)
def _instants(time_zone: str, local: time, first: int, days: int) -> tuple[int, ...]:
    return tuple(
        to_us(instant(time_zone, date.fromordinal(day), local))
        for day in range(first, first + days)
    )


@lru_cache(maxsize=4096)
def _working_days(calendar: WorkCalendar, first: int) -> tuple[int, ...]:
    return tuple(
        day for day in range(first, first + DAYS) if is_working_day(calendar, date.fromordinal(day))
    )


@lru_cache(maxsize=4096)
def _hours(shift: Shift, first: int) -> _Hours:
    calendar, zone = shift.calendar, shift.calendar.time_zone
    days = _working_days(calendar, first)
    cut_offs = _instants(zone, shift.cut_off, first, DAYS)
    spans = []
    for opening in sorted(calendar.openings):
        opened = _instants(zone, opening.opens, first, DAYS)
        closed = _instants(zone, opening.closes, first, DAYS + 1)
        overnight = opening.closes == MIDNIGHT
        spans += [
            (opened[day - first], closed[day - first + overnight], day)
            for day in days
            if (day - 1) % 7 == opening.weekday
        ]
    spans.sort()
    before, total = [], 0
    day_opens: dict[int, int] = {}
    day_closes: dict[int, int] = {}
    for opens, closes, day in spans:
        before.append(total)
        total += closes - opens
        day_opens.setdefault(day, opens)
        day_closes[day] = closes
    return _Hours(
        opens=_whole(span[0] for span in spans),
        closes=_whole(span[1] for span in spans),
        before=_whole(before),
        after=_whole(
            start + closes - opens for start, (opens, closes, _) in zip(before, spans, strict=True)
        ),
        days=_whole(days),
        day_opens=_whole(day_opens[day] for day in days),
        deadlines=_whole(min(cut_offs[day - first], day_closes[day] - 1) for day in days),
        handling_us=shift.handling_minutes * MINUTE_US,
    )


def _whole(values: Iterable[int]) -> Whole:
    return array("q", values)


class Timetable:
    """All shifts, pickups and delivery calendars of one world for about a year and a half."""

    def __init__(
        self,
        shifts: tuple[Shift, ...],
        pickups: tuple[Pickup, ...],
        deliveries: tuple[WorkCalendar, ...],
        transit_days_max: int,
        first: int,
    ) -> None:
        """Compile from the day `first` on."""
        self.first = first
        self._shifts = shifts
        self._hours = tuple(_hours(shift, first) for shift in shifts)
        self._collections = tuple(
            tuple(_collections(shift, pickup, first) for pickup in pickups) for shift in shifts
        )
        self._delivered = np.stack(
            [_delivered(calendar, transit_days_max, first) for calendar in deliveries]
            or [np.full((DAYS, transit_days_max + 1), NEVER, np.int64)]
        )
        never = np.full(len(shifts), NEVER, np.int64)
        self._state = _State(
            never,
            -never,
            1,
            0,
            Schedule(never, never, never, np.full((len(shifts), len(pickups)), NEVER, np.int64)),
        )

    def schedule(self, now_us: int) -> Schedule:
        """Return what an order placed now can reach at each shift."""
        state = self._state
        if not state.all_since <= now_us <= state.all_until:
            state = self._renewed(state, now_us)
            self._state = state
        return state.schedule

    def work(self, shift: int, release_us: int, not_before: int = 0) -> Work | None:
        """Return the first day's work on an order released then, on or after a day."""
        hours = self._hours[shift]
        place = bisect_left(hours.deadlines, release_us)
        if not_before:
            place = max(place, bisect_left(hours.days, not_before))
        if place == len(hours.days):
            return None
        ready = _ready(hours, max(release_us, hours.day_opens[place]))
        return None if ready is None else Work(hours.days[place], ready)

    def ships_on(self, shift: int, ready_us: int) -> list[int]:
        """Return the day of the first pickup after ready, for each pickup."""
        return [_collected(kept, ready_us)[0] for kept in self._collections[shift]]

    def collected(self, shift: int, pickup: int, ready_us: int) -> int:
        """Return the instant of the first pickup after ready."""
        return _collected(self._collections[shift][pickup], ready_us)[1]

    def arrives_on(self, deliveries: Ints, ships_on: Ints, transit_days: Ints) -> Ints:
        """Return the delivery day; NEVER where no pickup is reached."""
        days: Ints = ships_on - self.first
        reached = (days >= 0) & (days < DAYS)
        arrival: Ints = self._delivered[deliveries, np.where(reached, days, 0), transit_days]
        return np.where(reached, arrival, NEVER)

    def open_from(self, shift: int, ready_us: int) -> int | None:
        """Return the first open instant at or after ready."""
        return _next_open(self._hours[shift], ready_us)

    def _renewed(self, state: _State, now_us: int) -> _State:
        """Compute anew the shifts whose state has run out."""
        since, until = state.since.copy(), state.until.copy()
        old = state.schedule
        new = Schedule(old.today.copy(), old.work_on.copy(), old.delay.copy(), old.ships_on.copy())
        for shift in np.flatnonzero((now_us < since) | (now_us > until)).tolist():
            since[shift], until[shift] = self._renew(new, shift, now_us)
        return _State(since, until, int(since.max(initial=0)), int(until.min(initial=FOREVER)), new)

    def _renew(self, schedule: Schedule, shift: int, now_us: int) -> tuple[int, int]:
        hours, zone = self._hours[shift], self._shifts[shift].calendar.time_zone
        midnights = _instants(zone, MIDNIGHT, self.first, DAYS + 1)
        day = bisect_right(midnights, now_us) - 1
        today = self.first + day
        since, until = midnights[day], midnights[day + 1] - 1
        place = bisect_left(hours.deadlines, now_us)
        schedule.today[shift] = today
        work = self.work(shift, now_us)
        if work is None:
            schedule.work_on[shift], schedule.delay[shift] = NEVER, CLOSED_TODAY
            schedule.ships_on[shift] = NEVER
            return since, until
        opened = hours.day_opens[place]
        if place:
            since = max(since, hours.deadlines[place - 1] + 1)
        until = min(until, hours.deadlines[place])
        schedule.work_on[shift] = work.on
        schedule.delay[shift] = self._delay(shift, today, work.on, now_us)
        for index, (days, instants) in enumerate(self._collections[shift]):
            reached = bisect_left(instants, work.ready_us)
            schedule.ships_on[shift, index] = days[reached] if reached < len(days) else NEVER
            if reached < len(days):
                until = min(until, _latest_release(hours, instants[reached]))
            if reached:
                missed = _latest_release(hours, instants[reached - 1])
                if missed >= opened:
                    since = max(since, missed + 1)
        cut_off = _instants(zone, self._shifts[shift].cut_off, self.first, DAYS)[day]
        if now_us <= cut_off:
            until = min(until, cut_off)
        else:
            since = max(since, cut_off + 1)
        return since, until

    def _delay(self, shift: int, today: int, work_on: int, now_us: int) -> int:
        if work_on == today:
            return NO_DELAY
        zone = self._shifts[shift].calendar.time_zone
        cut_off = _instants(zone, self._shifts[shift].cut_off, self.first, DAYS)
        days = self._hours[shift].days
        at = bisect_left(days, today)
        worked = at < len(days) and days[at] == today
        return PAST_CUT_OFF if worked and now_us > cut_off[today - self.first] else CLOSED_TODAY


def _ready(hours: _Hours, start_us: int) -> int | None:
    """Return when handling that starts then is done; as the door closes is in time."""
    if hours.handling_us == 0:
        return _next_open(hours, start_us)
    done = _open_until(hours, start_us) + hours.handling_us
    span = bisect_left(hours.after, done)
    return None if span == len(hours.after) else hours.opens[span] + done - hours.before[span]


def _next_open(hours: _Hours, at_us: int) -> int | None:
    span = bisect_right(hours.closes, at_us)
    return None if span == len(hours.closes) else max(hours.opens[span], at_us)


def _open_until(hours: _Hours, at_us: int) -> int:
    span = bisect_right(hours.opens, at_us) - 1
    if span < 0:
        return 0
    return hours.before[span] + min(at_us, hours.closes[span]) - hours.opens[span]


def _latest_release(hours: _Hours, ready_by_us: int) -> int:
    """Return the last instant at which work can start and be ready by then."""
    if hours.handling_us == 0:
        span = bisect_right(hours.opens, ready_by_us) - 1
        return min(ready_by_us, hours.closes[span] - 1) if span >= 0 else -1
    start = _open_until(hours, ready_by_us) - hours.handling_us
    if start < 0:
        return -1
    span = bisect_right(hours.after, start)
    return hours.opens[span] + start - hours.before[span]


@lru_cache(maxsize=16_384)
def _collections(shift: Shift, pickup: Pickup, first: int) -> tuple[Whole, Whole]:
    """Return the days on which the carrier comes, and the instants."""
    at = _instants(shift.calendar.time_zone, pickup.at, first, DAYS)
    comes = set(_working_days(pickup.calendar, first))
    days = [day for day in _working_days(shift.calendar, first) if day in comes]
    return _whole(days), _whole(at[day - first] for day in days)


def _collected(kept: tuple[Whole, Whole], ready_us: int) -> tuple[int, int]:
    days, instants = kept
    place = bisect_left(instants, ready_us)
    return (days[place], instants[place]) if place < len(days) else (NEVER, 0)


def _delivered(calendar: WorkCalendar, transit_days_max: int, first: int) -> Ints:
    """Return for each pickup day and transit the delivery day: the nth working day after it."""
    works = np.array(_working_days(calendar, first), np.int64)
    picked = np.arange(first, first + DAYS)[:, None]
    transit = np.arange(transit_days_max + 1)[None, :]
    place = np.searchsorted(works, picked + (transit > 0)) + np.maximum(transit - 1, 0)
    padded = np.append(works, NEVER)
    return np.asarray(padded[np.minimum(place, len(works))], np.int64)
