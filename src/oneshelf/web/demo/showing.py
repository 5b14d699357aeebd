"""How the demo looks on a terminal: progress, the table, the told moment, what to try next."""

from datetime import datetime
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from oneshelf.web.demo.table import WeekFigures

METHODS = {"ship": "shipped", "pickup": "picked up", "carried": "over the counter"}


class Screen:
    """Bars on stderr while the shop opens and the week runs."""

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
        self._load = self._progress.add_task("Opening the shop: shelves", total=None)
        self._play = self._progress.add_task("The week", total=None)

    def __enter__(self) -> Self:
        """Show the bars."""
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Take the bars away."""
        self._progress.stop()

    def loading(self, what: str, done: int, whole: int) -> None:
        """Tell how much is loaded."""
        text = f"Opening the shop: {what}"
        self._progress.update(self._load, description=text, completed=done, total=whole)

    def playing(self, at: datetime, played: int, whole: int) -> None:
        """Tell how far the week has come."""
        text = f"{at:%A} {at.day} {at:%B}, {at:%H:%M}"
        self._progress.update(self._play, description=text, completed=played, total=whole)


class Silence:
    """Nobody watches."""

    def loading(self, what: str, done: int, whole: int) -> None:
        """Tell nobody."""

    def playing(self, at: datetime, played: int, whole: int) -> None:
        """Tell nobody."""


def show_figures(console: Console, week: WeekFigures) -> None:
    """Print the table and the moment."""
    channels = Table(title="Orders by channel", title_justify="left", title_style="bold")
    for column in ("channel", "method"):
        channels.add_column(column)
    for column in ("orders", "units", "goods, GBP"):
        channels.add_column(column, justify="right")
    for row in week.channels:
        method = METHODS[row.method]
        channels.add_row(
            row.channel.replace("_", " "),
            method,
            f"{row.orders:,}",
            f"{row.units:,}",
            f"{row.total_minor / 100:,.2f}",
        )
    console.print(channels)
    result = Table(title="The week", title_justify="left", title_style="bold", show_header=False)
    result.add_column()
    result.add_column(justify="right")
    for name, value in _lines(week):
        result.add_row(name, value)
    console.print(result)
    console.print()
    console.print(week.moment, highlight=False)


def _lines(week: WeekFigures) -> list[tuple[str, str]]:
    return [
        ("orders asked for", f"{week.orders_asked:,}"),
        ("orders placed", f"{week.orders_placed:,}"),
        ("orders refused, out of stock", f"{week.orders_refused:,}"),
        ("fill rate, units", f"{week.fill_rate} %"),
        ("lost sales, units", f"{week.lost_units:,}"),
        ("orders in more than one parcel", f"{week.split_orders:,} ({week.split_rate} %)"),
        ("cost per order sent, GBP", f"{week.cost_per_order_minor / 100:.2f}"),
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
