"""What commands print: tables for people, one JSON document for programs, progress beside both."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated, Literal

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from oneshelf.base.errors import Code, OneshelfError

WIDTH_WHEN_PIPED = 160
TOLD_EVERY_S = 60
DONE, NOT_DONE, WRONG_USAGE, NO_DATABASE, INTERRUPTED = 0, 1, 2, 3, 130
EXIT_CODES: dict[Code, int] = {"bad_request": WRONG_USAGE, "database_unavailable": NO_DATABASE}

Json = Annotated[
    bool, typer.Option("--json", help="Print one JSON document instead of tables and sentences.")
]
Tone = Literal["", "bold", "green", "yellow", "red"]


class ErrorTold(msgspec.Struct, frozen=True):
    """An error as a program reads it."""

    code: Code
    message: str
    hint: str


def show(document: object, *parts: str | Text | Table, json: bool) -> None:
    """Print the document for programs, or the parts for people."""
    if json:
        sys.stdout.write(msgspec.json.encode(document).decode() + "\n")
        return
    console = _console("stdout")
    for part in parts:
        _write(console, plain(part) if isinstance(part, str) else part)


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
    """Lay rows out; a column of whole numbers stands to the right. None is an empty cell."""
    cells = [list(row) for row in rows]
    made = Table(title=plain(title), title_justify="left", title_style="bold", header_style="bold")
    for place, name in enumerate(columns):
        numeric = bool(cells) and all(isinstance(row[place], int | None) for row in cells)
        made.add_column(name, justify="right" if numeric else "left", overflow="fold")
    for row in cells:
        made.add_row(*(_cell(value) for value in row))
    return made


def plain(text: str, tone: Tone = "") -> Text:
    """Return text that can neither style nor steer the terminal: strangers chose some names."""
    kept = "".join(letter if letter.isprintable() or letter == "\n" else "�" for letter in text)
    return Text(kept, style=tone)


def spoken(instant: datetime) -> str:
    """Write an instant to the minute."""
    return instant.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def amount(minor: int, currency: str = "") -> str:
    """Write an amount with two decimals."""
    sign = "-" if minor < 0 else ""
    return f"{sign}{abs(minor) // 100}.{abs(minor) % 100:02} {currency}".rstrip()


def counted(units: int, one: str) -> str:
    """Write a number and its noun."""
    return f"{units:,} {one}" if units == 1 else f"{units:,} {one}s"


def note(text: str) -> None:
    """Tell a person something beside the answer, on stderr."""
    _write(_console("stderr"), plain(text))


def tell_error(error: OneshelfError, *, json: bool) -> int:
    """Say on stderr what was found, what was expected and what to do; return the exit code."""
    if json:
        told = ErrorTold(error.code, error.message, error.hint)
        sys.stderr.write(msgspec.json.encode({"error": told}).decode() + "\n")
    else:
        console = _console("stderr")
        _write(console, plain(f"{error.code}: ", "red") + plain(error.message))
        if error.hint:
            _write(console, plain("What to do: ", "bold") + plain(error.hint))
    return EXIT_CODES.get(error.code, NOT_DONE)


class Bar:
    """How far long work has come."""

    def __init__(
        self, shown: Progress, what: str, total: int | None, tell: Callable[[str], None] | None
    ) -> None:
        """Begin at nothing; total None: nobody knows. tell: takes a line a minute."""
        self._progress = shown
        self._task = shown.add_task(what, total=total)
        self._tell = tell
        self._tell_at_s = float(TOLD_EVERY_S)

    def expect(self, total: int) -> None:
        """Tell how much there is, once it is known."""
        self._progress.update(self._task, total=total)

    def advance(self, steps: int) -> None:
        """Tell of more that is done."""
        self._progress.advance(self._task, steps)
        if self._tell is None:
            return
        [task] = self._progress.tasks
        elapsed_s = task.elapsed or 0.0
        if elapsed_s < self._tell_at_s:
            return
        self._tell_at_s = elapsed_s + TOLD_EVERY_S
        whole = "" if task.total is None else f" of {task.total:,.0f}"
        minutes = counted(round(elapsed_s / 60), "minute")
        self._tell(f"{task.description}: {task.completed:,.0f}{whole} after {minutes}")


@contextmanager
def progress(what: str, total: int | None, *, json: bool) -> Iterator[Bar]:
    """Show a bar on stderr where a person sits in front of it, and a line a minute in a log."""
    console = _console("stderr")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    silent = json or not console.is_terminal
    with Progress(
        *columns, TimeElapsedColumn(), console=console, disable=silent, transient=True
    ) as shown:
        yield Bar(shown, what, total, note if silent and not json else None)


def _cell(value: object) -> Text:
    if value is None:
        return Text("")
    if isinstance(value, datetime):
        return Text(spoken(value))
    if isinstance(value, int):
        return Text(f"{value:,}")
    return plain(str(value))


def _write(console: Console, part: Text | Table) -> None:
    """Print; what is piped on stays on its line, however long."""
    console.print(part, soft_wrap=isinstance(part, Text) and not console.is_terminal)


def _console(where: Literal["stdout", "stderr"]) -> Console:
    stream = sys.stdout if where == "stdout" else sys.stderr
    width = None if stream.isatty() else WIDTH_WHEN_PIPED
    return Console(file=stream, width=width, highlight=False, soft_wrap=False)
