"""`oneshelf serve` and `oneshelf migrate`."""

import logging
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Annotated

import msgspec
import structlog
import typer

from oneshelf.base.embedded_server import database_url
from oneshelf.base.migrating import migrate, pending
from oneshelf.base.settings import PORT_MAX, read_settings
from oneshelf.catalog.access.actions import load_keys
from oneshelf.web.commands.opening import BY, opened
from oneshelf.web.commands.printing import Json, note, show
from oneshelf.web.serving import serve


class Served(msgspec.Struct, frozen=True):
    """Where the doors are."""

    address: str


class Migrated(msgspec.Struct, frozen=True):
    """What was done to the tables, or would be."""

    done: list[str]
    pending: list[str]


def serve_doors(
    *,
    host: Annotated[str | None, typer.Option("--host", help="Where to listen.")] = None,
    port: Annotated[
        int | None,
        typer.Option("--port", help="On which port; 0: any free one.", min=0, max=PORT_MAX),
    ] = None,
    json: Json = False,
) -> None:
    """Open the doors: the API and the pages, until you press Ctrl-C.

    Any number may run at once, on any host. Brings the tables up to date first. The worker runs
    beside it: `oneshelf work`.
    """
    log_to_stderr()
    settings = read_settings()
    with stopping_cleanly():
        with (
            opened("brought_up_to_date") as database,
            database.transaction(BY, "oneshelf serve") as tx,
        ):
            is_locked = not load_keys(tx)

        def tell(address: str) -> None:
            show(Served(address), f"Oneshelf listens on {address} - Ctrl-C stops it.", json=json)
            if is_locked:
                note("No program has a key yet: `oneshelf key new NAME --scopes admin` makes one.")
            sys.stdout.flush()

        chosen = settings.port if port is None else port
        serve(database_url(settings), host or settings.host, chosen, tell)


def bring_up_to_date(
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be done.")
    ] = False,
    json: Json = False,
) -> None:
    """Bring the database's tables to what this Oneshelf expects. Forward only, safe to repeat."""
    with opened("whatever_they_are") as database:
        done = [] if dry_run else migrate(database)
        left = pending(database)
    verb = "Would do" if dry_run else "Done"
    names = ", ".join(left if dry_run else done)
    show(
        Migrated(done, left),
        f"{verb}: {names}." if names else "The tables are up to date.",
        json=json,
    )


def log_to_stderr() -> None:
    """Write the log as one JSON object a line on stderr, so that stdout stays the answer's."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)


@contextmanager
def stopping_cleanly() -> Iterator[None]:
    """Let SIGTERM and Ctrl-C end the block like its own last line."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    try:
        yield
    except KeyboardInterrupt:
        note("Stopped.")
