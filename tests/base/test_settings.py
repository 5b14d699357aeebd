"""How a process is told to run."""

from pathlib import Path

import pytest

from oneshelf.base.errors import OneshelfError
from oneshelf.base.settings import default_home, read_settings


def test_nothing_needs_to_be_set():
    settings = read_settings({})

    assert settings.database is None
    assert settings.home == default_home()
    assert (settings.host, settings.port) == ("127.0.0.1", 8600)


def test_an_empty_value_means_unset():
    names = ("ONESHELF_DATABASE", "ONESHELF_HOME", "ONESHELF_HOST", "ONESHELF_PORT")

    assert read_settings(dict.fromkeys(names, "")) == read_settings({})


@pytest.mark.parametrize(
    "address", ["postgresql://me:secret@host/shop", "postgres://host/shop", "host=/tmp dbname=shop"]
)
def test_every_form_of_address_that_postgresql_knows_is_taken(address):
    assert read_settings({"ONESHELF_DATABASE": address}).database == address


def test_the_password_of_the_database_is_never_shown():
    settings = read_settings({"ONESHELF_DATABASE": "postgresql://me:secret@host/shop"})

    assert "secret" not in repr(settings)


def test_a_folder_of_ones_own_is_taken():
    assert read_settings({"ONESHELF_HOME": "/a b"}).home == Path("/a b")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("ONESHELF_PORT", "eighty", "'eighty'; expected a number from 1 to 65535"),
        ("ONESHELF_PORT", "0", "'0'; expected a number"),
        ("ONESHELF_PORT", "65536", "expected a number"),
        ("ONESHELF_HOME", "shelf", "'shelf'; expected an absolute path"),
        (
            "ONESHELF_DATABASE",
            "mysql://me:secret@host/shop",
            "expected an address such as postgres",
        ),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_with_what_was_expected(name, value, words):
    with pytest.raises(OneshelfError, match=words) as refusal:
        read_settings({name: value})

    assert refusal.value.hint
    assert "secret" not in str(refusal.value)
