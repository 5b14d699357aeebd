"""Servers of the demo, each a process of its own, as an operator would run them."""

import os
import selectors
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from oneshelf.base.errors import OneshelfError
from oneshelf.web.commands.running import Served
from oneshelf.web.demo.client import Client

START_WITHIN_S = 60
STOP_WITHIN_S = 15
POLL_S = 0.01


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a week is played. url: of the database.

    port: of the first server; 0 is any free one, as it is for the others. log: where they write,
    with a number after it.
    """

    url: str
    host: str
    port: int
    servers: int
    log: Path


@dataclass(frozen=True, slots=True)
class Ready:
    """What the demo wants to know of a server's health."""

    facts_read_to: int = 0


@contextmanager
def serving(stage: Stage) -> Iterator[list[str]]:
    """Run the servers; yield their addresses, once they answer."""
    stage.log.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as running:
        logs = [stage.log.with_suffix(f".{number}.log") for number in range(1, stage.servers + 1)]
        ports = [stage.port] + [0] * (stage.servers - 1)
        started = [
            running.enter_context(_server(stage, port, log))
            for port, log in zip(ports, logs, strict=True)
        ]
        yield [_address(process, log) for process, log in zip(started, logs, strict=True)]


@contextmanager
def _server(stage: Stage, port: int, log: Path) -> "Iterator[subprocess.Popen[bytes]]":
    command = [sys.executable, "-m", "oneshelf", "serve", "--json"]
    command += ["--host", stage.host, "--port", str(port)]
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own program, no shell
            command,
            env={**os.environ, "ONESHELF_DATABASE": stage.url},
            stdout=subprocess.PIPE,
            stderr=output,
            start_new_session=True,  # Ctrl-C is ours to handle: the server stops after the orders
        )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.communicate(timeout=STOP_WITHIN_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()


def _address(process: "subprocess.Popen[bytes]", log: Path) -> str:
    """Wait for the one line a server says on its stdout: where it listens."""
    if process.stdout is None:
        raise TypeError("a server is started with a pipe")
    with selectors.DefaultSelector() as waiting:
        waiting.register(process.stdout, selectors.EVENT_READ)
        said = process.stdout.readline() if waiting.select(START_WITHIN_S) else b""
    if not said:
        raise OneshelfError(
            "server_failed",
            f"The demo's server did not start within {START_WITHIN_S} s.",
            f"Its output is in {log}.",
        )
    return msgspec.json.decode(said, type=Served).address


def wait_until_read(clients: Sequence[Client], fact: int) -> None:
    """Return when every server's snapshot has passed the fact."""
    until = time.monotonic() + START_WITHIN_S
    for client in clients:
        while client.get("/health/ready", Ready).facts_read_to < fact:
            if time.monotonic() > until:
                raise OneshelfError(
                    "server_failed",
                    f"A server's snapshot did not reach fact {fact} within {START_WITHIN_S} s.",
                    "Look for a long transaction: `oneshelf database status`.",
                )
            time.sleep(POLL_S)
