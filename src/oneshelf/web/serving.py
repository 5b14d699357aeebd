"""Run the doors on a host and port until somebody says stop."""

import asyncio
import gc
import socket
import sys
from collections.abc import Callable
from types import FrameType
from typing import cast

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from oneshelf.base.database import AT_A_DOOR, Database
from oneshelf.base.errors import OneshelfError
from oneshelf.base.waiting.grace import Grace
from oneshelf.web.application import CONNECTIONS_MAX, furnish, make_application
from oneshelf.web.house import House

BACKLOG = 2_048
TOGETHER_BYTES_MAX = 65_536
LAST_ANSWERS_S = 5
SWITCH_S = 0.001  # the thread that keeps stock fresh waits this long for a busy one, not 5 ms (T5)


class Together(asyncio.Transport):
    """A transport that sends what one turn of the loop writes in one call of the system."""

    def __init__(self, transport: asyncio.Transport) -> None:
        """Write through this one."""
        super().__init__()
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._parts: list[bytes] = []
        self._bytes = 0

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Keep it until the turn ends, or until there is much."""
        if not self._parts:
            self._loop.call_soon(self._send)
        self._parts.append(bytes(data))
        self._bytes += len(data)
        if self._bytes > TOGETHER_BYTES_MAX:
            self._send()

    def close(self) -> None:
        """Send what was written, then close."""
        self._send()
        self._transport.close()

    def is_closing(self) -> bool:
        """Say whether it is closed or about to be."""
        return self._transport.is_closing()

    def pause_reading(self) -> None:
        """Read nothing for now."""
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Read again."""
        self._transport.resume_reading()

    def get_extra_info(self, name: str, default: object = None) -> object:
        """Return what the transport itself says."""
        return self._transport.get_extra_info(name, default)

    def _send(self) -> None:
        if self._parts and not self._transport.is_closing():
            self._transport.write(b"".join(self._parts))
        self._parts.clear()
        self._bytes = 0


class HeadWithBody(HttpToolsProtocol):
    """Uvicorn's protocol writes the head of an answer and its body; here they leave as one."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        whole = cast("asyncio.Transport", transport)  # uvloop's has all its methods, not its type
        super().connection_made(Together(whole))


class Server(uvicorn.Server):
    """Uvicorn that ends in order: unready, no new work, every queued answer given, then closed."""

    def __init__(self, config: uvicorn.Config, house: House) -> None:
        """Remember whom to tell."""
        super().__init__(config)
        self._house = house
        self._grace = Grace()
        self._on_opening: Callable[[], None] | None = None

    def on_opening(self, tell: Callable[[], None]) -> None:
        """Say whom to tell once the doors are open."""
        self._on_opening = tell

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open the doors."""
        await super().startup(sockets)
        if self.started and self._on_opening is not None:
            self._on_opening()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Wind down. Until the queue is empty the doors are open, and say 503 to new work."""
        self._house.stopping.set()
        await asyncio.to_thread(self._house.finish)
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Be asked to stop; the second time there is no waiting."""
        self._grace.signaled(sig)
        super().handle_exit(sig, frame)


def spare_what_is_loaded() -> None:
    """Leave everything there is now out of later collections; call it once all is loaded.

    Modules and catalog live as long as the process. To walk them took 25 ms each time, every few
    hundred batches, while everybody waited.
    """
    gc.collect()
    gc.freeze()


def take_port(host: str, port: int) -> socket.socket:
    """Bind before anything starts; a taken port is a clear error. port 0: any free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    taken = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # A long answer is several writes; without this each waits 40 ms for the one before.
        taken.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        taken.bind((host, port))
        taken.listen(BACKLOG)
    except (OSError, OverflowError) as error:
        taken.close()
        raise OneshelfError(
            "conflict",
            f"Cannot listen on {host} port {port}: {error}.",
            "Stop whatever uses it, or choose another with --port or ONESHELF_PORT.",
        ) from error
    return taken


def make_server(house: House) -> Server:
    """Return a server that can be run on a bound socket and told to stop (`should_exit`)."""
    config = uvicorn.Config(
        make_application(house),
        loop="uvloop",
        http=HeadWithBody,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        timeout_graceful_shutdown=LAST_ANSWERS_S,
        timeout_keep_alive=30,
        h11_max_incomplete_event_size=64_000,
    )
    return Server(config, house)


def serve(url: str, host: str, port: int, opened: Callable[[str], None]) -> None:
    """Take the port, load the snapshot, open the doors; return when the process is told to stop.

    url: of the database, whose tables are there already. opened: told the address once it answers.
    """
    sys.setswitchinterval(SWITCH_S)
    with take_port(host, port) as taken:
        database = Database(url, connections_max=CONNECTIONS_MAX, patience=AT_A_DOOR)
        try:
            server = make_server(furnish(database))
            shown = f"[{host}]" if ":" in host else host
            spare_what_is_loaded()
            server.on_opening(lambda: opened(f"http://{shown}:{taken.getsockname()[1]}/"))
            server.run(sockets=[taken])
        finally:
            database.close()
