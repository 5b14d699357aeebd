"""The demo plays real orders through the public API, and the same seed gives the same table."""

import json
import os
import signal
import socket
import subprocess
import sys
from dataclasses import replace

import msgspec
import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from oneshelf.base.errors import OneshelfError
from oneshelf.base.settings import Settings
from oneshelf.simulation.retailer.script import week
from oneshelf.web.demo.comparing import BESIDE, compared
from oneshelf.web.demo.showing import Silence
from oneshelf.worker import Worker

MINUTES = 12
SEED = 1


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@pytest.fixture(scope="module")
def world():
    """The first minutes of the week, and the minute in which three want the last unit."""
    whole = week(SEED)
    first = whole.minutes[:MINUTES]
    told = [minute for minute in whole.minutes if minute.at == whole.moment.at]
    return replace(whole, minutes=(*first, *told))


@pytest.fixture
def settings(tmp_path, empty_url):
    yield Settings(database=empty_url, home=tmp_path, host="127.0.0.1", port=free_port())
    with psycopg.connect(empty_url, autocommit=True) as connection:
        for column in BESIDE:
            beside = Identifier(f"{connection.info.dbname}_{column.name}")
            connection.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(beside))


def played(settings, world, servers=1):
    """The figures, and how many orders each server placed."""
    with compared(settings, world, servers, Worker, Silence()) as (demo, figures):
        return figures, demo.play.tally.placed


@pytest.mark.timeout(300)
def test_the_same_seed_gives_the_same_table_byte_for_byte_however_many_servers(settings, world):
    figures, alone = played(settings, world)
    again, placed = played(settings, world, servers=2)
    one, many = figures.columns["one_shelf"], figures.columns["many_shelves"]

    assert msgspec.json.encode(figures) == msgspec.json.encode(again)
    assert sum(placed) == sum(alone) == one.orders_placed
    assert min(placed) > 0
    for column in (one, many):
        assert column.oversold_units == column.audit_differences == 0
        assert column.orders_asked == sum(len(minute.requests) for minute in world.minutes)
        assert column.orders_placed + column.orders_refused == column.orders_asked
        assert "the customer carries it home" in column.moment
        assert column.moment.count("sold out") == 2
    assert one.fill_rate > many.fill_rate


def test_a_taken_port_is_a_clear_error_before_anything_starts(settings, world):
    with (
        socket.create_server(("127.0.0.1", settings.port)),
        pytest.raises(OneshelfError, match="Cannot listen") as refused,
    ):
        played(settings, world)

    assert "another" in refused.value.hint


def test_a_shop_that_is_not_the_demos_is_left_alone(settings, world, url):
    with pytest.raises(OneshelfError, match="not the demo's") as refused:
        played(replace(settings, database=url), world)

    assert "ONESHELF_HOME" in refused.value.hint
    with psycopg.connect(url) as connection:
        beside = f"{connection.info.dbname}_many_shelves"
        query = "SELECT count(*) FROM pg_database WHERE datname = %s"
        assert connection.execute(query, (beside,)).fetchone() == (0,)


@pytest.mark.timeout(120)
def test_ctrl_c_ends_the_demo_and_its_servers(settings):
    environment = os.environ | {
        "ONESHELF_DATABASE": settings.database,
        "ONESHELF_HOME": str(settings.home),
        "ONESHELF_PORT": str(settings.port),
        "PYTHONPATH": "src",
    }
    command = [sys.executable, "-m", "oneshelf", "demo", "--until-table", "--json"]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE)
    wait_for_port(settings.port, process)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=60)[1]

    assert process.returncode == 130
    assert b"Traceback" not in said
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", settings.port)) != 0
    with psycopg.connect(settings.database) as connection:
        query = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'oneshelf'"
        query += " AND datname LIKE current_database() || '%'"
        assert connection.execute(query).fetchone() == (0,)


def wait_for_port(port, process):
    for _ in range(600):
        with socket.socket() as probe:
            probe.settimeout(0.1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert process.poll() is None, "the demo ended early"
        signal.sigtimedwait([], 0.1)
    raise AssertionError("the demo's server never answered")


@pytest.mark.timeout(120)
def test_the_document_holds_no_times_ids_or_durations(settings, world):
    figures, _ = played(settings, replace(world, minutes=world.minutes[-1:]))
    document = json.loads(msgspec.json.encode(figures))
    names = [*document, *(name for column in document["columns"].values() for name in column)]

    assert not [name for name in names if name.endswith(("_at", "_id", "_s", "_ms"))]
