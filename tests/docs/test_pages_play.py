"""What the pages show is what the commands answer. ONESHELF_RECORD=1 writes the answers anew."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from console import BLOCK, play, steady

from oneshelf.base.clock import set_clock
from oneshelf.base.database import Database
from oneshelf.catalog.access.actions import issue_key
from oneshelf.catalog.sheets.kinds import SHEETS
from oneshelf.web.commands.files.intake import catalog_intake, take_in
from oneshelf.web.commands.files.shelves import take_shelves
from oneshelf.web.commands.printing import progress
from oneshelf.web.serving import take_port

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
TUTORIAL = DOCS / "tutorial/first_order.md"
SHOP = DOCS / "tutorial/shop"


def pages_with_commands(folder):
    return sorted(page for page in (DOCS / folder).glob("*.md") if BLOCK.search(page.read_text()))


MONDAY = datetime(2026, 11, 30, 9, tzinfo=UTC)
PORT_OF_PAGES = "8600"


@pytest.fixture
def environment(url, tmp_path):
    """A shell's variables: the command on the path, a database whose clock stands still."""
    database = Database(url)
    with database.transaction("test", "clock") as tx:
        set_clock(tx, MONDAY, 0)
    database.close()
    program = tmp_path / "oneshelf"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m oneshelf "$@"\n')
    program.chmod(0o755)
    with take_port("127.0.0.1", 0) as free:
        port = str(free.getsockname()[1])
    return {
        "PATH": f"{tmp_path}:{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT / "src"),
        "ONESHELF_DATABASE": url,
        "ONESHELF_HOME": str(tmp_path / "home"),
        "ONESHELF_PORT": port,
        "COLUMNS": "100",
        "LC_ALL": "C.UTF-8",
        "PYTHONHASHSEED": "0",  # sets are printed in the order of their hashes
    }


@contextmanager
def running(environment):
    """Run what a reader starts in two other terminals."""
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "oneshelf", word],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for word in ("serve", "work")
    ]
    try:
        wait_until_ready(f"http://127.0.0.1:{environment['ONESHELF_PORT']}/health/ready")
        yield
    finally:
        for process in started:
            process.send_signal(signal.SIGTERM)
        for process in started:
            process.wait(20)


def wait_until_ready(address):
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            if httpx.get(address).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError(f"{address} does not answer")


def opened_shop(url):
    """Load the tutorial's shop; return a key for it."""
    database = Database(url)
    with progress("the shop", None, json=True) as bar:
        for kind in SHEETS:
            if (sheet := SHOP / f"{kind}.csv").exists():
                with sheet.open("rb") as lines:
                    take_in(database, catalog_intake(kind), lines, "all_or_nothing", bar)
        with (SHOP / "stock.csv").open("rb") as lines:
            take_shelves(database, lines, "all_or_nothing", bar)
    with database.transaction("test", "key") as tx:
        key = issue_key(tx, "how-to", ["admin"], None, MONDAY).presented
    database.close()
    return key


def played(page, environment):
    text = page.read_text()
    port = environment["ONESHELF_PORT"]
    answered = play(text.replace(f":{PORT_OF_PAGES}", f":{port}"), environment, ROOT)
    answered = answered.replace(f":{port}", f":{PORT_OF_PAGES}")
    if os.environ.get("ONESHELF_RECORD"):
        page.write_text(answered)
    return answered


def test_the_tutorial_shows_what_its_commands_answer(environment):
    with running(environment):
        answered = played(TUTORIAL, environment)

    assert steady(answered) == steady(TUTORIAL.read_text())


@pytest.mark.parametrize("page", pages_with_commands("how-to"), ids=lambda page: page.stem)
def test_a_how_to_shows_what_its_commands_answer(page, environment, url):
    environment["KEY"] = opened_shop(url)
    needs_doors = f":{PORT_OF_PAGES}" in page.read_text()
    with running(environment) if needs_doors else nullcontext():
        answered = played(page, environment)

    assert steady(answered) == steady(page.read_text())


@pytest.mark.parametrize("page", pages_with_commands("explanations"), ids=lambda page: page.stem)
def test_an_explanation_shows_what_its_commands_answer(page, environment):
    answered = played(page, environment)

    assert steady(answered) == steady(page.read_text())
