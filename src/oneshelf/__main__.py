"""The command line: what each word starts."""

import sys
from threading import Event
from typing import Annotated

import typer

from oneshelf.base.database import Database
from oneshelf.base.embedded_server import database_url
from oneshelf.base.errors import OneshelfError
from oneshelf.base.migrating import migrate
from oneshelf.base.settings import read_settings
from oneshelf.web.demo import command as demo_command
from oneshelf.web.serving import serve as run_server
from oneshelf.worker import Worker

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.command()
def demo(
    *,
    until_table: Annotated[bool, typer.Option(help="Stop after the table.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    seed: Annotated[int, typer.Option(help="Another seed is another week.")] = 1,
) -> None:
    """Run a British retailer's week of real orders, then serve the live page."""
    settings = read_settings()
    if json:
        demo_command.print_json(demo_command.play_week(settings, seed, Worker))
    else:
        demo_command.show_week(settings, seed, Worker, "stop" if until_table else "go_on")


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Where to listen.")] = None,
    port: Annotated[int | None, typer.Option(help="On which port.")] = None,
) -> None:
    """Answer the API and the live page until told to stop."""
    settings = read_settings()
    url = database_url(settings)
    database = Database(url)
    migrate(database)
    database.close()
    run_server(url, host or settings.host, port or settings.port, typer.echo)


@app.command()
def work() -> None:
    """Run reactions and due work until told to stop."""
    database = Database(database_url(read_settings()))
    migrate(database)
    Worker(database).run(Event())


def main() -> None:
    """Run a command; an error says what was found, expected and what to do."""
    try:
        app()
    except OneshelfError as error:
        sys.stderr.write(f"{error.code}: {error.message}\n{error.hint}\n")
        sys.exit(1)


if __name__ == "__main__":
    main()
