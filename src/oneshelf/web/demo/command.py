"""The command `oneshelf demo`: the main job, told on a terminal or as one JSON document."""

import shutil
import signal
import sys
from contextlib import closing
from threading import Event
from types import FrameType

import msgspec
from rich.console import Console

from oneshelf.base.settings import Settings
from oneshelf.simulation.retailer.script import week
from oneshelf.web.demo.comparing import MakeWorker, compared
from oneshelf.web.demo.reads import find_telling_order
from oneshelf.web.demo.running import Demo
from oneshelf.web.demo.showing import Screen, Silence, show_figures, show_next, show_servers
from oneshelf.web.demo.table import DemoFigures


def play_week(settings: Settings, seed: int, servers: int, make_worker: MakeWorker) -> DemoFigures:
    """Run the week without a screen and return its figures."""
    _stop_when_told()
    with compared(settings, week(seed), servers, make_worker, Silence()) as (_, figures):
        return figures


def show_week(
    settings: Settings, seed: int, servers: int, make_worker: MakeWorker, then: str
) -> None:
    """Run the week on a terminal. then: `stop`, or `go_on` with orders trickling in."""
    _stop_when_told()
    console = Console()
    with (
        closing(Screen(Console(stderr=True))) as screen,
        compared(settings, week(seed), servers, make_worker, screen) as (demo, figures),
    ):
        screen.close()
        show_figures(console, figures)
        show_servers(console, demo.play.tally.placed)
        if then == "go_on":
            _go_on(console, demo)


def print_json(figures: DemoFigures) -> None:
    """Print the figures as one JSON document, the same bytes for the same seed."""
    sys.stdout.write(msgspec.json.encode(figures).decode() + "\n")


def _go_on(console: Console, demo: Demo) -> None:
    with demo.database.transaction("demo", "example") as tx:
        order = find_telling_order(tx)
    program = "oneshelf" if shutil.which("oneshelf") else ".venv/bin/oneshelf"
    show_next(console, order, program, demo.address)
    stop = Event()

    def told_to_stop(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGINT, told_to_stop)
    signal.signal(signal.SIGTERM, told_to_stop)
    demo.trickle(stop)
    console.print("The demo has stopped; its database keeps the week until the next one.")


def _stop_when_told() -> None:
    """Heed Ctrl-C and SIGTERM, also where a shell started us in the background and masks them."""
    for signaled in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signaled, _interrupt)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    """End as Ctrl-C does, so that the server is stopped too."""
    raise KeyboardInterrupt
