"""The documentation names what exists, and the reference is what the code says now."""

import re
from pathlib import Path

import pytest
import typer

import write_reference
from oneshelf import __main__ as command_line
from oneshelf.base.errors import Code
from oneshelf.base.facts import Fact
from oneshelf.flow import REACTIONS
from oneshelf.web.application import DOORS

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(
    [*ROOT.glob("*.md"), *(page for page in DOCS.rglob("*.md") if "decisions" not in page.parts)]
)
GENERATED = write_reference.pages()
LINK = re.compile(r"(?<!\!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
HOSTS = ("pypi.", "npmjs", "pythonhosted", "artifactory", "nexus")
FOLDERS_OF_A_MACHINE = re.compile(r"(?<![\w.~])/(?:work|root|home|mnt|Users|tmp/docs)/")
COMMAND = re.compile(r"\boneshelf ([a-z]+)(?: ([a-z]+))?([^`\n|)]*)")
ENDPOINT = re.compile(r"(?:\$API|/api/v1)(/[\w/{}.-]*[\w}])")
SETTING = re.compile(r"ONESHELF_[A-Z_]+")


def name(page):
    return str(page.relative_to(ROOT))


def commands():
    """Return the options of every command by its words."""
    found = {}
    for word, command in typer.main.get_command(command_line.app).commands.items():
        for inner, one in getattr(command, "commands", {"": command}).items():
            options = {option for param in one.params for option in param.opts}
            found[f"{word} {inner}".strip()] = options | {"--help"}
    return found


COMMANDS = commands()


@pytest.mark.parametrize("page", GENERATED)
def test_the_committed_reference_is_what_the_code_says_now(page):
    assert (write_reference.REFERENCE / page).read_text() == GENERATED[page], "run `make docs`"


def test_every_fact_has_its_heading():
    announced = {fact.__name__ for fact in _descendants(Fact)} & {
        entry.fact.__name__ for entry in REACTIONS
    }

    assert announced <= set(HEADING.findall(GENERATED["facts.md"]))


def _descendants(kind):
    for child in kind.__subclasses__():
        yield child
        yield from _descendants(child)


def test_every_door_has_its_heading():
    assert {f"{door.method} {door.path}" for door in DOORS} <= set(
        HEADING.findall(GENERATED["doors.md"])
    )


def test_every_command_has_its_heading():
    headings = {
        " ".join(word for word in heading.split()[1:] if word.islower())
        for heading in HEADING.findall(GENERATED["commands.md"])
    }

    assert set(COMMANDS) <= headings


def test_every_error_says_what_to_do():
    assert set(write_reference.WHAT_TO_DO) == set(Code.__args__)


def test_every_setting_the_code_reads_is_documented():
    read = {
        word for file in (ROOT / "src").rglob("*.py") for word in SETTING.findall(file.read_text())
    }

    assert read == set(write_reference.SETTING_WORDS)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_leads_somewhere(page):
    lost = []
    for match in LINK.finditer(page.read_text()):
        target = match[1] or match[2]
        if target.startswith(("http://", "https://", "#")):
            continue
        file, _, heading = target.partition("#")
        there = (page.parent / file).resolve()
        if not there.exists() or (heading and heading not in anchors(there)):
            lost.append(target)

    assert lost == []


def anchors(page):
    return {
        re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
        for heading in HEADING.findall(page.read_text())
    }


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_a_page_names_no_folder_of_a_machine_and_no_registry(page):
    text = page.read_text()

    assert FOLDERS_OF_A_MACHINE.findall(text) == []
    assert [host for host in HOSTS if host in text] == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_command_and_option_that_a_page_names_exists(page):
    for first, second, rest in COMMAND.findall(page.read_text()):
        words = f"{first} {second}".strip()
        known = words if words in COMMANDS else first
        if known not in COMMANDS:
            assert known in {word.split()[0] for word in COMMANDS} | PROSE
            continue
        given = {option.partition("=")[0] for option in re.findall(r"(?<!\S)--[a-z-]+", rest)}
        unknown = given - COMMANDS[known]

        assert unknown <= NOT_OURS, f"oneshelf {known} {unknown}"


PROSE = {"explain"}
NOT_OURS = {"--json"}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_endpoint_that_a_page_names_exists(page):
    known = [re.sub(r"\\\{\w+\\\}", r"[\\w.{}-]+", re.escape(door.path)) for door in DOORS]
    unknown = {
        f"/api/v1{path}"
        for path in ENDPOINT.findall(page.read_text())
        if not any(re.fullmatch(door, f"/api/v1{path}") for door in known)
    }

    assert unknown - {"/api/v1/policies"} == set()


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_setting_that_a_page_names_exists(page):
    ours = set(write_reference.SETTING_WORDS) | {"ONESHELF_TEST_DATABASE", "ONESHELF_RECORD"}

    assert set(SETTING.findall(page.read_text())) <= ours
