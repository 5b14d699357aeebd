"""Working time in a place's own time zone, on the days the clocks change too."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import chain
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oneshelf.base.calendars import (
    Opening,
    WorkCalendar,
    after_open_minutes,
    instant,
    is_open,
    is_time_zone,
    is_working_day,
    local_date,
    next_open,
    next_working_day,
)

LONDON, NEW_YORK, KOLKATA, APIA = (
    "Europe/London",
    "America/New_York",
    "Asia/Kolkata",
    "Pacific/Apia",
)
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)  # the Sundays London's clocks change
NEVER = WorkCalendar(LONDON, (), frozenset())
ALWAYS = WorkCalendar(
    LONDON, tuple(Opening(day, time(0), time(0)) for day in range(7)), frozenset()
)
SHOP = WorkCalendar(
    LONDON,
    (*(Opening(day, time(8), time(18)) for day in range(5)), Opening(5, time(9), time(13))),
    frozenset({date(2026, 12, 25)}),
)


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@st.composite
def day_openings(draw, weekday):
    minutes = sorted(draw(st.sets(st.integers(0, 1439), max_size=6)))
    pairs = zip(minutes[::2], minutes[1::2], strict=False)
    return [Opening(weekday, clock(first), clock(second)) for first, second in pairs]


def clock(minutes):
    return time(minutes // 60, minutes % 60)


time_zones = st.sampled_from([LONDON, NEW_YORK, KOLKATA, APIA, "Africa/Cairo"])
dates = st.dates(date(2009, 1, 1), date(2030, 12, 31))
clock_times = st.times()
instants = st.integers(0, 20 * 366 * 86_400).map(
    lambda seconds: utc("2009-01-01T00:00") + timedelta(seconds=seconds)
) | st.sampled_from([utc("2026-03-29T00:59:59"), utc("2026-10-25T00:30"), utc("2026-10-25T01:30")])
calendars = st.builds(
    WorkCalendar,
    time_zones,
    st.tuples(*(day_openings(day) for day in range(7))).map(lambda days: tuple(chain(*days))),
    st.frozensets(st.dates(date(2026, 3, 20), date(2026, 4, 10)), max_size=5),
)


@given(time_zones, dates, clock_times)
def test_an_instant_shows_its_own_local_time_unless_the_clocks_skip_it(zone, on, local):
    at = instant(zone, on, local)
    shown = at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    wanted = datetime.combine(on, local)

    assert at.tzinfo is UTC
    assert shown == wanted or shown - wanted <= timedelta(days=1)
    assert shown >= wanted


@given(time_zones, dates, clock_times, clock_times)
def test_a_later_local_time_is_never_an_earlier_instant(zone, on, first, second):
    first, second = sorted([first, second])

    assert instant(zone, on, first) <= instant(zone, on, second)


@pytest.mark.parametrize(
    ("zone", "on", "local", "expected"),
    [
        (LONDON, SPRING, time(0, 59), "2026-03-29T00:59"),
        (LONDON, SPRING, time(1, 0), "2026-03-29T01:00"),  # skipped: the moment of the jump
        (LONDON, SPRING, time(1, 30), "2026-03-29T01:00"),
        (LONDON, SPRING, time(2, 0), "2026-03-29T01:00"),
        (LONDON, AUTUMN, time(0, 30), "2026-10-24T23:30"),
        (LONDON, AUTUMN, time(1, 30), "2026-10-25T00:30"),  # comes twice: the first of the two
        (LONDON, AUTUMN, time(2, 0), "2026-10-25T02:00"),
        (NEW_YORK, date(2026, 3, 8), time(2, 30), "2026-03-08T07:00"),
        (NEW_YORK, date(2026, 11, 1), time(1, 30), "2026-11-01T05:30"),
        (NEW_YORK, date(2026, 7, 4), time(12), "2026-07-04T16:00"),
        (KOLKATA, SPRING, time(1, 30), "2026-03-28T20:00"),
        ("Africa/Cairo", date(2026, 4, 24), time(0, 20), "2026-04-23T22:00"),
        (APIA, date(2011, 12, 30), time(15), "2011-12-30T10:00"),  # a day Samoa never had
    ],
)
def test_a_local_time_is_this_instant(zone, on, local, expected):
    assert instant(zone, on, local) == utc(expected)


@pytest.mark.parametrize(
    ("zone", "at", "expected"),
    [
        (LONDON, "2026-06-30T23:30", date(2026, 7, 1)),
        (LONDON, "2026-12-31T23:30", date(2026, 12, 31)),
        (NEW_YORK, "2026-07-01T03:59", date(2026, 6, 30)),
        (KOLKATA, "2026-06-30T18:30", date(2026, 7, 1)),
    ],
)
def test_a_date_is_what_the_wall_there_shows(zone, at, expected):
    assert local_date(WorkCalendar(zone, (), frozenset()), utc(at)) == expected


@given(calendars, dates, st.integers(0, 12))
def test_the_next_working_day_is_a_working_day_with_that_many_before_it(calendar, on, ahead):
    found = next_working_day(calendar, on, ahead)

    if found is None:
        assert not calendar.openings
    else:
        days = (on + timedelta(days=n) for n in range((found - on).days))
        assert is_working_day(calendar, found)
        assert sum(is_working_day(calendar, day) for day in days) == ahead


@given(calendars, instants)
def test_the_next_opening_is_open_and_nothing_before_it_is(calendar, at):
    found = next_open(calendar, at)

    if found is not None:
        assert is_open(calendar, found)
        assert found >= at
        assert (found == at) is is_open(calendar, at)
        assert not is_open(calendar, at + (found - at) / 2) or found == at


@given(calendars, instants, st.integers(0, 3_000), st.integers(1, 3_000))
def test_open_minutes_add_up(calendar, start, first, second):
    halfway = after_open_minutes(calendar, start, first)

    if halfway is not None:
        whole = after_open_minutes(calendar, start, first + second)
        assert after_open_minutes(calendar, halfway, second) == whole


@given(instants, st.integers(0, 100_000))
def test_a_place_that_never_closes_works_real_minutes(start, minutes):
    assert after_open_minutes(ALWAYS, start, minutes) == start + timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("start", "minutes", "expected"),
    [
        ("2026-01-05T09:00", 60, "2026-01-05T10:00"),
        ("2026-01-05T06:00", 60, "2026-01-05T09:00"),  # waits for the door
        ("2026-01-05T17:30", 30, "2026-01-05T18:00"),  # done as the door closes
        ("2026-01-05T17:30", 31, "2026-01-06T08:01"),
        ("2026-01-05T18:00", 0, "2026-01-06T08:00"),
        ("2026-01-09T17:00", 90, "2026-01-10T09:30"),  # Friday into Saturday's short day
        ("2026-01-10T12:00", 61, "2026-01-12T08:01"),  # Saturday over Sunday
        ("2026-12-24T17:30", 60, "2026-12-26T09:30"),  # over Christmas Day
        ("2026-03-28T12:30", 60, "2026-03-30T07:30"),  # over the spring change: 08:30 BST
        ("2026-10-24T11:30", 60, "2026-10-26T08:30"),  # over the autumn change: 08:30 GMT
    ],
)
def test_open_minutes_end_at(start, minutes, expected):
    assert after_open_minutes(SHOP, utc(start), minutes) == utc(expected)


def test_a_night_shift_is_an_hour_shorter_in_spring_and_longer_in_autumn():
    night = WorkCalendar(LONDON, (Opening(6, time(0), time(6)),), frozenset())

    assert after_open_minutes(night, utc("2026-03-29T00:00"), 300) == utc("2026-03-29T05:00")
    assert after_open_minutes(night, utc("2026-10-24T23:00"), 420) == utc("2026-10-25T06:00")


def test_a_place_is_closed_at_its_closing_time():
    assert is_open(SHOP, utc("2026-01-05T08:00"))
    assert is_open(SHOP, utc("2026-01-05T17:59"))
    assert not is_open(SHOP, utc("2026-01-05T18:00"))
    assert not is_open(SHOP, utc("2026-12-25T12:00"))


@pytest.mark.parametrize(
    "calendar",
    [
        NEVER,
        WorkCalendar(
            LONDON,
            (Opening(0, time(8), time(9)),),
            frozenset(date(2026, 1, 5) + timedelta(weeks=week) for week in range(60)),
        ),
    ],
)
def test_a_place_that_stays_closed_for_a_year_answers_none(calendar):
    assert next_open(calendar, utc("2026-01-01T00:00")) is None
    assert after_open_minutes(calendar, utc("2026-01-01T00:00"), 5) is None
    assert next_working_day(calendar, date(2026, 1, 1), 3) is None


@pytest.mark.parametrize(
    ("zone", "openings", "law"),
    [
        ("Mars/Olympus", (), "IANA"),
        ("Europe", (), "IANA"),
        ("", (), "IANA"),
        ("../etc/passwd", (), "IANA"),
        (LONDON, (Opening(0, time(8), time(12)), Opening(0, time(11), time(13))), "overlap"),
        (LONDON, (Opening(0, time(8), time(0)), Opening(0, time(11), time(13))), "overlap"),
    ],
)
def test_a_calendar_refuses_nonsense(zone, openings, law):
    with pytest.raises(ValueError, match=law):
        WorkCalendar(zone, openings, frozenset())


def test_a_zone_with_strange_letters_is_no_time_zone():
    assert not is_time_zone("\x00")
    assert not is_time_zone("Ünterwelt/Österreich")
    assert is_time_zone("America/Argentina/Buenos_Aires")


@pytest.mark.parametrize(
    ("weekday", "opens", "closes"),
    [
        (7, time(8), time(9)),
        (0, time(9), time(9)),
        (0, time(9), time(8)),
        (0, time(8, tzinfo=UTC), time(9)),
    ],
)
def test_an_opening_refuses_nonsense(weekday, opens, closes):
    with pytest.raises(ValueError, match=r"weekday|closes|local"):
        Opening(weekday, opens, closes)


def test_counting_backwards_and_naive_instants_are_bugs():
    with pytest.raises(ValueError, match="ahead"):
        next_working_day(SHOP, SPRING, -1)
    with pytest.raises(ValueError, match="ahead"):
        after_open_minutes(SHOP, utc("2026-01-05T09:00"), -1)
    with pytest.raises(ValueError, match="aware"):
        local_date(SHOP, datetime(2026, 1, 5))  # noqa: DTZ001 (the bug under test)
