from datetime import UTC, date, datetime, time, timedelta

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from oneshelf.base.calendars import (
    Opening,
    WorkCalendar,
    after_open_minutes,
    instant,
    is_working_day,
    local_date,
    next_open,
    next_working_day,
)
from oneshelf.matching.timetable import (
    NEVER,
    NO_DELAY,
    Pickup,
    Shift,
    Timetable,
    to_instant,
    to_us,
)

START = datetime(2011, 3, 20, tzinfo=UTC)  # the clocks change on 27 March in Europe, 13 in the US
FIRST = START.toordinal() - 10
ZONES = ["Europe/London", "America/New_York", "Australia/Lord_Howe", "UTC"]
TIMES = [time(0), time(1, 30), time(8), time(11, 30), time(12), time(14), time(17, 30), time(20)]
DAY = timedelta(days=1)


def openings(draw, weekday):
    """Up to two openings a day; the second may end at midnight."""
    hours = sorted(draw(st.lists(st.sampled_from(TIMES), min_size=0, max_size=4, unique=True)))
    ends = [*hours, time(0)] if len(hours) % 2 else hours
    return [Opening(weekday, ends[at], ends[at + 1]) for at in range(0, len(ends), 2)]


@st.composite
def calendars(draw):
    days = st.integers(0, 30).map(lambda ahead: (START + ahead * DAY).date())
    return WorkCalendar(
        draw(st.sampled_from(ZONES)),
        tuple(opening for weekday in range(7) for opening in openings(draw, weekday)),
        frozenset(draw(st.lists(days, max_size=4))),
    )


shifts = st.builds(
    Shift, calendars(), st.sampled_from(TIMES), st.sampled_from([0, 1, 30, 90, 600, 3000])
)
pickups = st.builds(Pickup, calendars(), st.sampled_from(TIMES))
moments = st.integers(0, 25 * 24 * 60).map(lambda minutes: START + timedelta(minutes=minutes))


def by_hand(shift, pickup, now):
    """The work day, the ready instant and the pickup day, straight from the calendar functions."""
    calendar = shift.calendar
    on, start = local_date(calendar, now), now
    while True:
        day = next_working_day(calendar, on)
        if day is None:
            return None
        if day != on:
            on, start = day, instant(calendar.time_zone, day, time(0))
        late = now > instant(calendar.time_zone, on, shift.cut_off)
        opened = next_open(calendar, max(start, now))
        if not late and opened is not None and local_date(calendar, opened) == on:
            break
        on += DAY
        start = instant(calendar.time_zone, on, time(0))
    ready = after_open_minutes(calendar, max(start, now), shift.handling_minutes)
    if ready is None:
        return None
    day = local_date(calendar, ready)
    for _ in range(60):
        if (
            is_working_day(calendar, day)
            and is_working_day(pickup.calendar, day)
            and instant(calendar.time_zone, day, pickup.at) >= ready
        ):
            return on, ready, day
        day += DAY
    return on, ready, None


@given(shifts, pickups, st.lists(moments, min_size=1, max_size=12))
@settings(max_examples=150, deadline=None)
def test_the_compiled_timetable_says_what_the_calendars_say_in_any_order_of_questions(
    shift, pickup, nows
):
    timetable = Timetable((shift,), (pickup,), (pickup.calendar,), 5, FIRST)

    for now in nows:
        expected = by_hand(shift, pickup, now)
        schedule = timetable.schedule(to_us(now))
        if expected is None:
            assert schedule.work_on[0] == NEVER
            assert schedule.ships_on[0, 0] == NEVER
            continue
        on, ready, ships_on = expected
        work = timetable.work(0, to_us(now))

        assert work is not None
        assert date.fromordinal(work.on) == on
        assert to_instant(work.ready_us) == ready
        assert schedule.work_on[0] == work.on
        assert (schedule.delay[0] == NO_DELAY) == (on == local_date(shift.calendar, now))
        if ships_on is not None:
            assert schedule.ships_on[0, 0] == ships_on.toordinal()


@given(calendars(), moments, st.integers(0, 5))
@settings(max_examples=100, deadline=None)
def test_delivery_takes_the_carriers_working_days_after_the_pickup(calendar, at, transit_days):
    timetable = Timetable((), (), (calendar,), 5, FIRST)
    picked_on = at.date()
    if transit_days == 0:
        expected = next_working_day(calendar, picked_on)
    else:
        expected = next_working_day(calendar, picked_on + DAY, transit_days - 1)

    arrives_on = timetable.arrives_on(
        np.array([0]), np.array([picked_on.toordinal()]), np.array([transit_days])
    )

    assert arrives_on[0] == (NEVER if expected is None else expected.toordinal())
