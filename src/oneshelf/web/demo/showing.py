"""How the demo looks on a terminal: progress, the table, the told moment, what to try next."""

from collections.abc import Sequence
from datetime import datetime
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from oneshelf.web.demo.columns import ONE_SHELF
from oneshelf.web.demo.table import DemoFigures, WeekFigures

METHODS = {"ship": "shipped", "pickup": "picked up", "carried": "over the counter"}


class Screen:
    """Bars on stderr while the shops open and the weeks run, two for each column."""

    def __init__(self, console: Console) -> None:
        """console: of stderr; without a terminal nothing moves."""
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._progress.start()

    def column(self, name: str) -> "Bars":
        """Return the bars of one column."""
        return Bars(self._progress, name.replace("_", " ").capitalize())

    def close(self) -> None:
        """Take the bars away."""
        self._progress.stop()


class Bars:
    """What is told of one column."""

    def __init__(self, progress: Progress, title: str) -> None:
        """title: begins each line."""
        self._progress = progress
        self._title = title
        self._load = progress.add_task(f"{title}: opening, shelves", total=None)
        self._play = progress.add_task(f"{title}: the week", total=None)

    def loading(self, what: str, done: int, whole: int) -> None:
        """Tell how much is loaded."""
        text = f"{self._title}: opening, {what}"
        self._progress.update(self._load, description=text, completed=done, total=whole)

    def playing(self, at: datetime, played: int, whole: int) -> None:
        """Tell how far the week has come."""
        text = f"{self._title}: {at:%A} {at.day} {at:%B}, {at:%H:%M}"
        self._progress.update(self._play, description=text, completed=played, total=whole)


class Silence:
    """Nobody watches."""

    def column(self, name: str) -> Self:  # noqa: ARG002 - as a screen's
        """Return what tells nobody."""
        return self

    def loading(self, what: str, done: int, whole: int) -> None:
        """Tell nobody."""

    def playing(self, at: datetime, played: int, whole: int) -> None:
        """Tell nobody."""


def show_figures(console: Console, figures: DemoFigures) -> None:
    """Print the tables and the moment; channels and moment are those of the one shelf."""
    main = figures.columns[ONE_SHELF.name]
    channels = Table(title="Orders by channel", title_justify="left", title_style="bold")
    for column in ("channel", "method"):
        channels.add_column(column)
    for column in ("orders", "units", "goods, GBP"):
        channels.add_column(column, justify="right")
    for row in main.channels:
        method = METHODS[row.method]
        channels.add_row(
            row.channel.replace("_", " "),
            method,
            f"{row.orders:,}",
            f"{row.units:,}",
            f"{row.total_minor / 100:,.2f}",
        )
    console.print(channels)
    result = Table(title="The week", title_justify="left", title_style="bold")
    result.add_column()
    for name in figures.columns:
        result.add_column(name.replace("_", " "), justify="right")
    for lines in zip(*map(_lines, figures.columns.values()), strict=True):
        result.add_row(lines[0][0], *(value for _, value in lines))
    console.print(result)
    console.print()
    console.print(main.moment, highlight=False)


def show_servers(console: Console, placed: Sequence[int]) -> None:
    """Print how many orders each server placed, where there are several."""
    if len(placed) > 1:
        console.print()
        told = ", ".join(f"{orders:,}" for orders in placed)
        console.print(f"Orders placed by each server: {told}.", highlight=False)


def _lines(week: WeekFigures) -> list[tuple[str, str]]:
    return [
        ("orders asked for", f"{week.orders_asked:,}"),
        ("orders placed", f"{week.orders_placed:,}"),
        ("orders refused, out of stock", f"{week.orders_refused:,}"),
        ("fill rate, units", f"{week.fill_rate} %"),
        ("lost sales, units", f"{week.lost_units:,}"),
        ("orders in more than one parcel", f"{week.split_orders:,} ({week.split_rate} %)"),
        ("cost per order sent, GBP", f"{week.cost_per_order_minor / 100:.2f}"),
        ("cost per unit sent, GBP", f"{week.cost_per_unit_minor / 100:.3f}"),
        ("parcels later than promised", f"{week.late_parcels:,} ({week.late_rate} %)"),
        ("orders sourced again", f"{week.resourced_orders:,}"),
        ("units cancelled", f"{week.cancelled_units:,}"),
        ("cancellations after the goods had left", f"{week.cancellations_too_late:,}"),
        ("units oversold", f"{week.oversold_units:,}"),
        ("audit differences", f"{week.audit_differences:,}"),
    ]


def show_next(console: Console, order: int, program: str, address: str) -> None:
    """Print what to try now."""
    console.print()
    console.print("Three things to try on an order of that week:", style="bold")
    for command in ("order", "explain", "replay"):
        console.print(f"  {program} {command} {order}", highlight=False)
    console.print()
    console.print(f"The live page: {address}", highlight=False)
    console.print("Orders go on coming in. Ctrl-C stops.", highlight=False)
