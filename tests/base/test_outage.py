"""A database is away when it is asked and does not answer, not when it is merely busy."""

import threading

from oneshelf.base.errors import DatabaseUnavailableError
from oneshelf.base.waiting.outage import Outage


class Asked:
    """A database that does not answer so many times. told: what was concluded."""

    def __init__(self, silent=0):
        self.silent = silent
        self.told = []
        self.outage = Outage(
            self.probe, lambda: self.told.append("lost"), lambda: self.told.append("back")
        )
        self.while_asked = lambda: None

    def probe(self):
        self.while_asked()
        if self.silent:
            self.silent -= 1
            raise DatabaseUnavailableError("silent")

    def suspect(self):
        self.outage.suspect()
        for thread in threading.enumerate():
            if thread.name == "outage":
                thread.join(10)


def test_a_suspicion_without_cause_changes_nothing():
    asked = Asked()
    asked.suspect()

    assert asked.told == []
    assert not asked.outage.is_known


def test_who_does_not_answer_is_away_until_it_does():
    asked = Asked(silent=3)
    asked.suspect()

    assert asked.told == ["lost", "back"]
    assert asked.silent == 0
    assert not asked.outage.is_known


def test_who_has_no_room_for_another_connection_but_works_is_not_away():
    asked = Asked(silent=1)
    asked.while_asked = asked.outage.answered
    asked.suspect()

    assert asked.told == []
