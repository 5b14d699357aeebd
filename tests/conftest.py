"""A real PostgreSQL for every test: a server a test process, a fresh database a test.

Test processes share no server: what the tests of one do to theirs reaches no other.
"""

import itertools
import os
import shutil
import tempfile
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import hypothesis
import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Identifier

from oneshelf.base import embedded_server
from oneshelf.base.database import Database
from oneshelf.base.errors import OneshelfError
from oneshelf.base.migrating import migrate

PREFIX = "oneshelf-tests-"
NUMBERS = itertools.count(1)
MEMORY = Path("/dev/shm")  # noqa: S108 - shared, but only `mkdtemp` makes names in it
MEMORY_BYTES_MIN = 4 * 2**30

os.environ["PYTHONPATH"] = str(Path(__file__).parent.parent / "src")  # for processes tests start

hypothesis.settings.register_profile("oneshelf", deadline=None, print_blob=True)
hypothesis.settings.load_profile("oneshelf")


@pytest.fixture(scope="session")
def server():
    """Address of a PostgreSQL that lets us make databases."""
    if given := os.environ.get("ONESHELF_TEST_DATABASE"):
        yield given
        return
    stop_leftovers()
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=in_memory()))
    folder.chmod(0o711)  # as root, the server's user must be able to enter
    yield embedded_server.start(folder / "server", "volatile")
    stop(folder)


def in_memory():
    """Return a folder kept in memory, if there is one with room from which programs may run.

    A disk whose thousand files a database were deleted a moment ago makes the next slowly.
    """
    if not MEMORY.is_dir() or not os.access(MEMORY, os.W_OK):
        return None
    about = os.statvfs(MEMORY)
    has_room = about.f_bavail * about.f_frsize > MEMORY_BYTES_MIN
    return MEMORY if has_room and not about.f_flag & os.ST_NOEXEC else None


def stop_leftovers():
    """Stop the servers of test processes that were killed before they could."""
    places = {Path(tempfile.gettempdir()), MEMORY}
    for folder in (found for place in places for found in place.glob(f"{PREFIX}*")):
        process_id = folder.name.removeprefix(PREFIX).partition("-")[0]
        if os.access(folder, os.W_OK) and not Path("/proc", process_id).exists():
            with suppress(OneshelfError):  # another test process was faster
                stop(folder)


def stop(folder):
    embedded_server.stop(folder / "server")
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def template(server):
    """Name of a database that every test's is copied from."""
    name = unique("template")
    administer(server, "CREATE DATABASE {}", name)
    database = Database(make_conninfo(server, dbname=name))
    migrate(database)
    database.close()
    yield name
    administer(server, "DROP DATABASE {}", name)


@pytest.fixture
def empty_url(server):
    """Address of a database without any tables."""
    yield from fresh(server, "template0")


@pytest.fixture
def url(server, template):
    """Address of a fresh database, for tests that start processes."""
    yield from fresh(server, template)


@pytest.fixture
def fresh_url(server, template):
    """Make another fresh database each time; return its address."""
    with ExitStack() as made:
        yield lambda: made.enter_context(contextmanager(fresh)(server, template))


@pytest.fixture(scope="module")
def module_url(server, template):
    """Address of a database that the tests of a module share, because they only look."""
    yield from fresh(server, template)


def fresh(server, template):
    name = unique("test")
    administer(server, "CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy", name, template)
    yield make_conninfo(server, dbname=name)
    administer(server, "DROP DATABASE {} WITH (FORCE)", name)


def unique(word):
    return f"oneshelf_{word}_{os.getpid()}_{next(NUMBERS)}"


def administer(server, statement, *names):
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(SQL(statement).format(*map(Identifier, names)))


@pytest.fixture
def database(url):
    database = Database(url)
    yield database
    database.close()


@pytest.fixture
def now():
    return datetime(2026, 1, 5, 12, tzinfo=UTC)  # a Monday
