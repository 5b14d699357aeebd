"""The flow page is complete, points downwards and ends."""

import importlib
import inspect
from pathlib import Path

import pytest

from oneshelf import flow
from oneshelf.base.facts import Fact

SOURCE = Path(inspect.getfile(flow)).parent
FOLDERS = sorted(folder.name for folder in SOURCE.iterdir() if (folder / "__init__.py").exists())


def fact_kinds():
    for file in [*SOURCE.rglob("facts.py"), SOURCE / "base/policies.py"]:
        module = importlib.import_module(
            "oneshelf." + ".".join(file.relative_to(SOURCE).with_suffix("").parts)
        )
        for value in vars(module).values():
            if (
                inspect.isclass(value)
                and issubclass(value, Fact)
                and value.__module__ == module.__name__
                and not value.__name__.startswith("About")
                and value is not Fact
            ):
                yield value


def folder_of(thing):
    return thing.__module__.split(".")[1]


ENTRIES = {entry.fact: entry for entry in flow.REACTIONS}


@pytest.mark.parametrize("kind", sorted(fact_kinds(), key=str), ids=lambda kind: kind.__name__)
def test_every_fact_has_its_entry(kind):
    assert kind in ENTRIES


@pytest.mark.parametrize("entry", flow.REACTIONS, ids=lambda entry: entry.fact.__name__)
def test_what_follows_lives_in_the_facts_folder_or_a_later_one(entry):
    for reaction in entry.reactions:
        assert FOLDERS.index(folder_of(flow.action_of(reaction))) >= FOLDERS.index(
            folder_of(entry.fact)
        )


@pytest.mark.parametrize("entry", flow.REACTIONS, ids=lambda entry: entry.fact.__name__)
def test_where_nothing_follows_the_page_says_why(entry):
    assert bool(entry.reactions) != bool(entry.why)


def test_a_fact_stands_on_the_page_once():
    assert len(ENTRIES) == len(flow.REACTIONS)


def test_readers_have_names_of_their_own():
    names = [flow.name_of(entry, r) for entry in flow.REACTIONS for r in entry.reactions]

    assert len(set(names)) == len(names)
