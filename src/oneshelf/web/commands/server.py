"""`oneshelf database`: the PostgreSQL that Oneshelf brings along."""

from typing import Literal

import msgspec
import typer

from oneshelf.base import embedded_server
from oneshelf.base.embedded_server import Running
from oneshelf.base.errors import OneshelfError
from oneshelf.base.migrating import pending
from oneshelf.base.settings import Settings, read_settings
from oneshelf.web.commands.opening import opened, refuse_if_away
from oneshelf.web.commands.printing import DONE, NO_DATABASE, Json, show

app = typer.Typer(
    help="The PostgreSQL that Oneshelf brings along; it starts by itself when it is needed.",
    no_args_is_help=True,
)


class ServerTold(msgspec.Struct, frozen=True):
    """How the database stands. pending: changes of the tables that have not been made."""

    database: Literal["embedded", "given"]
    state: Literal["running", "stopped"]
    home: str | None
    process_id: int | None
    pending: list[str]


@app.command("start")
def start(*, json: Json = False) -> None:
    """Start the embedded database; nothing happens if it runs already."""
    settings = _embedded("start")
    embedded_server.start(settings.home)
    _tell(_embedded_told(settings), json=json)


@app.command("stop")
def stop(*, json: Json = False) -> None:
    """Stop the embedded database and disconnect everybody; its data stay."""
    settings = _embedded("stop")
    embedded_server.stop(settings.home)
    told = _embedded_told(settings)
    show(told, f"The embedded database in {told.home} is stopped.", json=json)


@app.command("status")
def status(*, json: Json = False) -> None:
    """Say whether the database runs and has the tables. Exits with 3 if it does not run."""
    settings = read_settings()
    if settings.database is None:
        told = _embedded_told(settings)
    else:
        refuse_if_away(settings.database)
        told = ServerTold("given", "running", None, None, _pending())
    _tell(told, json=json)
    raise typer.Exit(DONE if told.state == "running" else NO_DATABASE)


def _tell(told: ServerTold, *, json: bool) -> None:
    where = f"embedded database in {told.home}" if told.home else "database of ONESHELF_DATABASE"
    process = f" (process {told.process_id})" if told.process_id else ""
    tables = "; `oneshelf migrate` has to make its tables" if told.pending else ""
    show(told, f"The {where} is {told.state}{process}{tables}.", json=json)


def _embedded(verb: str) -> Settings:
    settings = read_settings()
    if settings.database is not None:
        raise OneshelfError(
            "conflict",
            f"ONESHELF_DATABASE names a database of yours; expected none, to {verb} the embedded"
            " one.",
            f"{verb.title()} yours by its own tools, or leave ONESHELF_DATABASE out.",
        )
    return settings


def _embedded_told(settings: Settings) -> ServerTold:
    found = embedded_server.status(settings.home)
    if isinstance(found, Running):
        return ServerTold("embedded", "running", str(settings.home), found.process_id, _pending())
    return ServerTold("embedded", "stopped", str(settings.home), None, [])


def _pending() -> list[str]:
    with opened("whatever_they_are") as database:
        return pending(database)
