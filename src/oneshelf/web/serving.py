"""Run the doors on a host and port until somebody says stop."""

import socket

import uvicorn

from oneshelf.base.errors import OneshelfError
from oneshelf.web.application import make_application
from oneshelf.web.house import House

BACKLOG = 2_048
GRACE_S = 10


class Server(uvicorn.Server):
    """Uvicorn that tells the house first, so that open streams end by themselves."""

    def __init__(self, config: uvicorn.Config, house: House) -> None:
        """Remember whom to tell."""
        super().__init__(config)
        self._house = house

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Wind down: streams end, waiting requests are answered, the writer drains."""
        self._house.stopping.set()
        await super().shutdown(sockets)


def take_port(host: str, port: int) -> socket.socket:
    """Bind before anything starts; a taken port is a clear error. port 0: any free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    taken = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Head and body of an answer are two writes; without this each waits 40 ms for the other.
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
        http="httptools",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        timeout_graceful_shutdown=GRACE_S,
        timeout_keep_alive=30,
        h11_max_incomplete_event_size=64_000,
    )
    return Server(config, house)


def serve(house: House, host: str, port: int) -> None:
    """Take the port, open the doors, and return when the process is told to stop."""
    with take_port(host, port) as taken:
        make_server(house).run(sockets=[taken])
