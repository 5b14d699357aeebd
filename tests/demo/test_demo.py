"""The demo plays real orders through the public API, and the same seed gives the same table."""

import json
import os
import signal
import socket
import subprocess
import sys
from dataclasses import replace

import msgspec
import pytest

from oneshelf.base.errors import OneshelfError
from oneshelf.base.settings import Settings
from oneshelf.simulation.retailer.script import week
from oneshelf.web.demo.running import opened
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
    return Settings(database=empty_url, home=tmp_path, host="127.0.0.1", port=free_port())


def played(settings, world):
    silence = Silence()
    with opened(settings, settings.database, world, Worker, silence) as demo:
        return demo.run_week(silence)


@pytest.mark.timeout(240)
def test_the_same_seed_gives_the_same_table_byte_for_byte(settings, world):
    first = played(settings, world)
    second = played(settings, world)

    assert msgspec.json.encode(first) == msgspec.json.encode(second)
    assert first.oversold_units == first.audit_differences == 0
    assert first.orders_asked == sum(len(minute.requests) for minute in world.minutes)
    assert first.orders_placed + first.orders_refused == first.orders_asked
    assert "the customer carries it home" in first.moment
    assert first.moment.count("sold out") == 2


def test_a_taken_port_is_a_clear_error_before_anything_starts(settings, world):
    with (
        socket.create_server(("127.0.0.1", settings.port)),
        pytest.raises(OneshelfError, match="Cannot listen") as refused,
        opened(settings, settings.database, world, Worker, Silence()),
    ):
        pass

    assert "another" in refused.value.hint


def test_a_shop_that_is_not_the_demos_is_left_alone(settings, world, url):
    with (
        pytest.raises(OneshelfError, match="not the demo's") as refused,
        opened(settings, url, world, Worker, Silence()),
    ):
        pass

    assert "ONESHELF_HOME" in refused.value.hint


@pytest.mark.timeout(120)
def test_ctrl_c_ends_the_demo_and_its_server(settings, empty_url):
    environment = os.environ | {
        "ONESHELF_DATABASE": empty_url,
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


def wait_for_port(port, process):
    for _ in range(600):
        with socket.socket() as probe:
            probe.settimeout(0.1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert process.poll() is None, "the demo ended early"
        signal.sigtimedwait([], 0.1)
    raise AssertionError("the demo's server never answered")


def test_the_table_holds_no_times_ids_or_durations(settings, world):
    document = json.loads(
        msgspec.json.encode(played(settings, replace(world, minutes=world.minutes[-1:])))
    )

    assert not [name for name in document if name.endswith(("_at", "_id", "_s", "_ms"))]
