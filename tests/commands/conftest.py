"""The real command in this process, on a real database."""

import json
from dataclasses import dataclass

import pytest

from oneshelf.__main__ import main


@dataclass
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def document(self):
        """Return the one JSON document on stdout."""
        return json.loads(self.out)


@pytest.fixture
def run(monkeypatch, capsys):
    """Run commands on whatever the environment says."""
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("FORCE_COLOR", raising=False)

    def run(*arguments):
        with pytest.raises(SystemExit) as left:
            main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return Ended(left.value.code or 0, said.out, said.err)

    return run


@pytest.fixture
def oneshelf(run, monkeypatch, url):
    """Run commands on this test's database."""
    monkeypatch.setenv("ONESHELF_DATABASE", url)
    return run
