"""A real PostgreSQL for every test: one server a run, a fresh database a test."""

import fcntl
import itertools
import os
import secrets
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import hypothesis
import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Identifier

from oneshelf.base import embedded_server
from oneshelf.base.database import Database
from oneshelf.base.migrating import migrate

RUN_FOLDER = "ONESHELF_TEST_FOLDER"  # set by the first process of a run, inherited by its workers
PREFIX = "oneshelf-tests-"
NUMBERS = itertools.count(1)

hypothesis.settings.register_profile("oneshelf", deadline=None, print_blob=True)
hypothesis.settings.load_profile("oneshelf")


def given_server():
    return os.environ.get("ONESHELF_TEST_DATABASE")


def template_name(run_folder):
    return f"oneshelf_template_{run_folder.name.rpartition('-')[2]}"


def administer(server, statement, *names):
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(SQL(statement).format(*map(Identifier, names)))


def pytest_configure(config):
    if hasattr(config, "workerinput"):
        return
    remove_leftovers()
    folder = Path(tempfile.gettempdir(), f"{PREFIX}{os.getpid()}-{secrets.token_hex(4)}")
    folder.mkdir()
    folder.chmod(0o711)  # as root, the server's user must be able to enter
    os.environ[RUN_FOLDER] = str(folder)


def pytest_unconfigure(config):
    if hasattr(config, "workerinput"):
        return
    folder = Path(os.environ.pop(RUN_FOLDER))
    if given_server() and (folder / "template").exists():
        administer(given_server(), "DROP DATABASE IF EXISTS {}", template_name(folder))
    remove(folder)


def remove_leftovers():
    """Stop the servers of runs that were killed before they could."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        owner = folder.name.removeprefix(PREFIX).partition("-")[0]
        if folder.stat().st_uid == os.geteuid() and not Path("/proc", owner).exists():
            remove(folder)


def remove(folder):
    embedded_server.stop(folder / "server")
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def run_folder():
    return Path(os.environ[RUN_FOLDER])


@pytest.fixture(scope="session")
def server(run_folder):
    """Address of a PostgreSQL that lets us make databases."""
    return given_server() or embedded_server.start(run_folder / "server", "volatile")


@pytest.fixture(scope="session")
def template(server, run_folder):
    """Name of a database that every test's is copied from: made once a run."""
    name = template_name(run_folder)
    with (run_folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (run_folder / "template").exists():
            administer(server, "CREATE DATABASE {}", name)
            database = Database(make_conninfo(server, dbname=name))
            migrate(database)
            database.close()
            (run_folder / "template").touch()
    return name


@pytest.fixture
def empty_url(server, run_folder):
    """Address of a database without any tables."""
    yield from fresh(server, run_folder, "template0")


@pytest.fixture
def url(server, run_folder, template):
    """Address of a fresh database, for tests that start processes."""
    yield from fresh(server, run_folder, template)


def fresh(server, run_folder, template):
    worker = os.environ.get("PYTEST_XDIST_WORKER", "only")
    name = f"oneshelf_test_{run_folder.name.rpartition('-')[2]}_{worker}_{next(NUMBERS)}"
    administer(server, "CREATE DATABASE {} TEMPLATE {}", name, template)
    yield make_conninfo(server, dbname=name)
    administer(server, "DROP DATABASE {} WITH (FORCE)", name)


@pytest.fixture
def database(url):
    database = Database(url)
    yield database
    database.close()


@pytest.fixture
def now():
    return datetime(2026, 1, 5, 12, tzinfo=UTC)  # a Monday
