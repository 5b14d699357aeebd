"""What a command tells while it works."""

import pytest
from rich.progress import Progress

from oneshelf.web.commands import printing
from oneshelf.web.commands.printing import Bar, progress


def test_a_line_a_minute_is_told_of_long_work():
    now_s = [0.0]
    told = []
    bar = Bar(Progress(disable=True, get_time=lambda: now_s[0]), "rows", 3_000, told.append)
    for later_s in (30.0, 61.0, 90.0, 122.0):
        now_s[0] = later_s
        bar.advance(500)
    assert told == ["rows: 1,000 of 3,000 after 1 minute", "rows: 2,000 of 3,000 after 2 minutes"]


@pytest.mark.parametrize(
    ("json", "told"), [(False, "rows: 2 after 0 minutes\n"), (True, "")], ids=["log", "json"]
)
def test_a_log_hears_of_it_and_a_program_does_not(json, told, monkeypatch, capsys):
    monkeypatch.setattr(printing, "TOLD_EVERY_S", 0)
    with progress("rows", None, json=json) as bar:
        bar.advance(2)
    assert capsys.readouterr().err == told
