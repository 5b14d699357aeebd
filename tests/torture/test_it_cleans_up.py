"""Whoever stops the torture run early leaves no process behind."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from runs import SOURCE

LONG_ENOUGH_S = 120


@pytest.fixture
def place():
    folder = Path(tempfile.mkdtemp(prefix="oneshelf-tests-torture-"))
    folder.chmod(0o711)  # as root, the database's own user must be able to enter
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def wait_for(condition):
    give_up_at = time.monotonic() + LONG_ENOUGH_S
    while not (found := condition()):
        assert time.monotonic() < give_up_at
        time.sleep(0.1)  # processes come and go outside: there is nothing here to wait on
    return found


def children(process_id):
    return Path(f"/proc/{process_id}/task/{process_id}/children").read_text().split()


def is_alive(process_id):
    """Say whether a process still runs; one that only waits to be counted does not."""
    try:
        status = Path(f"/proc/{process_id}/status").read_text()
    except OSError:
        return False
    return "State:\tZ" not in status


@pytest.mark.parametrize("signaled", [signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_stopped_leaves_nothing_behind(place, signaled):
    command = [sys.executable, "-m", "oneshelf", "torture", "--focus", "repeats"]
    run = subprocess.Popen(
        [*command, "--attempts", "1000000"],
        env={**os.environ, "PYTHONPATH": str(SOURCE), "TMPDIR": str(place)},
        stderr=subprocess.DEVNULL,
    )
    left = []
    try:
        servers = wait_for(lambda: children(run.pid) if len(children(run.pid)) > 2 else [])
        [mark] = place.glob("*/server/data/postmaster.pid")
        started = [*servers, mark.read_text().splitlines()[0]]
        time.sleep(3)  # only a run that is asking has sockets and a crowd to clean up after
        run.send_signal(signaled)
        code = run.wait(LONG_ENOUGH_S)
        left = [one for one in started if is_alive(one)]
    finally:
        run.kill()
        for one in left:
            os.kill(int(one), signal.SIGKILL)

    assert code
    assert left == []
    assert list(place.iterdir()) == []
