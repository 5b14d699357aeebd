"""Working time: opening hours, holidays and cut-offs in a place's own time zone. Pure."""

from dataclasses import dataclass
from datetime import date, time


@dataclass(frozen=True, slots=True, order=True)
class Opening:
    """One opening on one weekday (0 is Monday), in local time. Never across midnight."""

    weekday: int
    opens: time
    closes: time


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """When a place works. time_zone: IANA name. closed_on: holidays, local dates."""

    time_zone: str
    openings: tuple[Opening, ...]
    closed_on: frozenset[date]
