"""The command line: which commands there are, and how they end."""

import inspect
import logging
import sys
from collections.abc import Callable, Sequence
from threading import Event
from typing import Annotated

import msgspec
import typer

from oneshelf.base.database import AT_WORK
from oneshelf.base.errors import OneshelfError
from oneshelf.base.settings import read_settings
from oneshelf.base.waiting.grace import ask_on_signal
from oneshelf.simulation.torture.focus import FocusName
from oneshelf.web.commands import contacts, keys, policies, server
from oneshelf.web.commands.auditing import audit_stock
from oneshelf.web.commands.deciding import explain_order, replay_order
from oneshelf.web.commands.files.importing import export_file, import_file
from oneshelf.web.commands.looking import show_order, show_stock
from oneshelf.web.commands.opening import opened
from oneshelf.web.commands.printing import Json, show, tell_error
from oneshelf.web.commands.promising import promise
from oneshelf.web.commands.running import bring_up_to_date, log_to_stderr, serve_doors
from oneshelf.web.demo.command import play_week, print_json, show_week
from oneshelf.web.serving import spare_what_is_loaded
from oneshelf.web.torture.command import run_torture
from oneshelf.web.torture.others.command import run_attacks
from oneshelf.web.torture.running import Asked
from oneshelf.worker import Worker

HELP = (
    "Sell every shelf as if it were one. Without any setting, Oneshelf keeps its data in a"
    " PostgreSQL of its own, which starts when it is first needed; ONESHELF_DATABASE names another"
    " one."
)
EXIT_CODES = (
    "Exit codes: 0 done; 1 refused, not found, or differences found; 2 wrong usage; 3 the database"
    " is not available; 130 stopped by Ctrl-C. With --json, an answer is one JSON document on"
    " stdout, and an error one on stderr."
)


class Working(msgspec.Struct, frozen=True):
    """The worker has begun."""

    working: bool


def work(*, json: Json = False) -> None:
    """Do what follows from what happened: source, release, notify, until you press Ctrl-C.

    Any number may run at once; they share the work. Brings the tables up to date first.
    """
    log_to_stderr()
    stop = Event()
    ask_on_signal(stop.set)
    with opened("brought_up_to_date", AT_WORK) as database:
        worker = Worker(database)
        spare_what_is_loaded()
        show(Working(working=True), "The worker has begun. Ctrl-C stops it.", json=json)
        sys.stdout.flush()
        worker.run(stop)


def demo(
    *,
    until_table: Annotated[
        bool, typer.Option("--until-table", help="Stop after the table instead of going on.")
    ] = False,
    json: Json = False,
    seed: Annotated[int, typer.Option(help="Another seed is another week.")] = 1,
    servers: Annotated[
        int,
        typer.Option(help="Server processes; requests go to them by the seed.", min=1, max=4),
    ] = 1,
) -> None:
    """Open a British retailer's shop, run its week of real orders, print what came of it.

    The week runs twice at the same time: on one shelf for every channel, and on stock split per
    channel. Then the live page goes on with orders trickling in, until you press Ctrl-C. With
    --json the demo ends after the week; the same seed prints the same bytes.
    """
    settings = read_settings()
    if json:
        print_json(play_week(settings, seed, servers, Worker))
    else:
        show_week(settings, seed, servers, Worker, "stop" if until_table else "go_on")


def torture(
    *,
    attempts: Annotated[int, typer.Option(help="Stop after so many requests.", min=1)] = 20_000,
    seed: Annotated[int, typer.Option(help="Another seed is another run.")] = 1,
    minutes: Annotated[
        float | None, typer.Option(help="Stop after so many minutes at the latest.", min=0.01)
    ] = None,
    focus: Annotated[
        FocusName, typer.Option(help="What the run is about; `everything` unless you hunt a bug.")
    ] = "everything",
    at: Annotated[
        str | None,
        typer.Option("--at", help="Address of a running Vendure 3 to attack instead, by hand."),
    ] = None,
    json: Json = False,
) -> None:
    """Let a crowd break a Oneshelf of its own, then prove that everything told still stands.

    Starts a durable PostgreSQL, servers and workers in a folder of their own; kills them while
    buyers, tills, pickers and all the others ask; exits with 1 if any law was violated. Given an
    address, it tries the simplest attacks there: a crowd for one unit, and buyers for a few.
    """
    if at is not None:
        raise typer.Exit(run_attacks(at, seed, attempts, json=json))
    raise typer.Exit(run_torture(Asked(attempts, seed, minutes, focus), Worker, json=json))


COMMANDS: dict[str, Callable[..., None]] = {
    "demo": demo,
    "serve": serve_doors,
    "work": work,
    "migrate": bring_up_to_date,
    "import": import_file,
    "export": export_file,
    "order": show_order,
    "stock": show_stock,
    "promise": promise,
    "explain": explain_order,
    "replay": replay_order,
    "audit": audit_stock,
    "torture": torture,
}
GROUPS = {"key": keys.app, "contact": contacts.app, "policy": policies.app, "database": server.app}


def _flowing(command: Callable[..., None]) -> str:
    """Return a command's words with their paragraphs, free to wrap as the terminal likes."""
    paragraphs = (inspect.getdoc(command) or "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


app = typer.Typer(
    help=HELP,
    epilog=EXIT_CODES,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
for name, command in COMMANDS.items():
    app.command(name, help=_flowing(command))(command)
for name, group in GROUPS.items():
    app.add_typer(group, name=name)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and leave with its exit code."""
    logging.getLogger("psycopg.pool").setLevel(logging.CRITICAL)  # its warnings hold addresses
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        app(given, prog_name="oneshelf")
    except OneshelfError as error:
        sys.exit(tell_error(error, json="--json" in given))


if __name__ == "__main__":
    main()
