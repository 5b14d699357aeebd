"""Calendars with a name, which many places share. Pure."""

from dataclasses import dataclass
from typing import Final

from oneshelf.base.calendars import WorkCalendar
from oneshelf.base.identifiers import CalendarId

NOT_READ: Final = WorkCalendar("UTC", (), frozenset())  # stands where only the name is known
ITS_OWN: Final = CalendarId("")  # stands where a node or service brings a calendar of its own


@dataclass(frozen=True, slots=True)
class NamedCalendar:
    """One calendar under the name that nodes and carriers' services refer to."""

    calendar_id: CalendarId
    calendar: WorkCalendar
