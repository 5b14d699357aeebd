"""A Oneshelf to be tortured: a durable PostgreSQL of its own, servers and workers, all mortal."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import quote, urlsplit, urlunsplit

import msgspec

from oneshelf.base import embedded_server
from oneshelf.base.embedded_server import Running
from oneshelf.base.errors import OneshelfError
from oneshelf.web.serving import take_port
from oneshelf.web.torture.wire import HOST

READY_WITHIN_S = 90
STOP_WITHIN_S = 30
SUPERVISED_EVERY_S = 0.2
WITHOUT_DATABASE = 3  # the exit code of a program that was started while there was none
HARMLESS = frozenset({"busy", "database_unavailable"})  # reasons for a worker to wait

Kind = Literal["serve", "work"]


@dataclass(slots=True)
class Mortal:
    """One process and how often it was started. is_down: killed, and not to be started yet."""

    kind: Kind
    arguments: tuple[str, ...]
    log: Path
    process: "subprocess.Popen[bytes] | None" = None
    is_down: bool = False
    starts: int = 0


class Machine:
    """All the processes. What they say stands in logs in the folder."""

    def __init__(self, folder: Path, webs: int, workers: int) -> None:
        """Say how many; `start_database` and `start` begin."""
        self._home = folder / "server"
        self._link = folder / "socket"
        self.ports = [_free_port() for _ in range(webs)]
        self.mortals = [
            Mortal("serve", ("--host", HOST, "--port", str(port)), folder / f"web-{number}.log")
            for number, port in enumerate(self.ports)
        ] + [Mortal("work", (), folder / f"worker-{number}.log") for number in range(workers)]
        self.url = ""
        self.deaths: list[str] = []  # of processes that nobody killed
        self._is_over = False

    def start_database(self) -> str:
        """Start PostgreSQL, or start it again; its address stays the same."""
        address = urlsplit(embedded_server.start(self._home, "durable"))
        running = embedded_server.status(self._home)
        if isinstance(running, Running):
            fresh = self._link.with_name("socket.new")
            fresh.symlink_to(running.socket_folder)
            fresh.rename(self._link)
        host = f"host={quote(str(self._link))}"
        self.url = urlunsplit((address.scheme, address.netloc, address.path, host, ""))
        return self.url

    def kill_database(self) -> None:
        """Kill the postmaster; its children find out by themselves."""
        running = embedded_server.status(self._home)
        if isinstance(running, Running):
            os.kill(running.process_id, signal.SIGKILL)

    def stop_database(self) -> None:
        """Stop it in good order."""
        embedded_server.stop(self._home)

    def start(self, one: Mortal) -> None:
        """Start a process."""
        one.starts += 1
        one.is_down = False
        with one.log.open("ab") as said:
            one.process = subprocess.Popen(  # noqa: S603 - our own program, no shell
                [sys.executable, "-m", "oneshelf", one.kind, *one.arguments],
                env={**os.environ, "ONESHELF_DATABASE": self.url},
                stdout=said,
                stderr=said,
                start_new_session=True,  # Ctrl-C is ours to handle
            )

    def kill(self, one: Mortal) -> None:
        """Kill a process without a word."""
        one.is_down = True
        if one.process is not None:
            one.process.kill()
            one.process.wait()

    async def supervise(self) -> None:
        """Start again whoever died, and note who should not have."""
        while not self._is_over:
            for one in self.mortals:
                if one.is_down or one.process is None or (code := one.process.poll()) is None:
                    continue
                if code != WITHOUT_DATABASE:
                    self.deaths.append(f"{one.log.stem} ended by itself with {code}")
                self.start(one)
            await asyncio.sleep(SUPERVISED_EVERY_S)

    def stop(self) -> None:
        """Stop servers and workers in good order; note who needs too long or ends badly."""
        self._is_over = True
        alive = [one for one in self.mortals if one.process is not None and not one.is_down]
        for one in alive:
            if one.process is not None:
                one.process.terminate()
        until = time.monotonic() + STOP_WITHIN_S
        for one in alive:
            self._wait(one, until)

    def kill_all(self) -> None:
        """Leave nothing behind."""
        self._is_over = True
        for one in self.mortals:
            self.kill(one)

    def defects(self) -> list[str]:
        """Return who died by himself, and what the logs say that should never happen."""
        return [*self.deaths, *(found for one in self.mortals for found in _defects(one))]

    def _wait(self, one: Mortal, until: float) -> None:
        if one.process is None:
            return
        try:
            code = one.process.wait(max(0.1, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.deaths.append(f"{one.log.stem} did not stop within {STOP_WITHIN_S} s")
            self.kill(one)
        else:
            one.is_down = True
            if code:
                self.deaths.append(f"{one.log.stem} stopped with {code}")


class _Said(msgspec.Struct):
    """A line of a log."""

    event: str = ""
    level: str = ""
    code: str = ""
    reason: str = ""
    exception: str = ""


def _defects(one: Mortal) -> Sequence[str]:
    found = []
    for line in one.log.read_bytes().splitlines() if one.log.exists() else []:
        try:
            said = msgspec.json.decode(line, type=_Said)
        except msgspec.MsgspecError:
            continue
        if said.level == "error" or (said.event == "waiting" and said.code not in HARMLESS):
            last = said.exception.strip().splitlines()[-1:]
            found.append(f"{one.log.stem}: {said.event} {said.reason}{''.join(last)}"[:300])
    return found


def _free_port() -> int:
    with take_port(HOST, 0) as probe:
        found: int = probe.getsockname()[1]
        return found


def no_start(what: str, log: Path) -> OneshelfError:
    """Return the error of a process that does not come up."""
    return OneshelfError(
        "server_failed", f"{what} did not come up within {READY_WITHIN_S} s.", f"Look into {log}."
    )
