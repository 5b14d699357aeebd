"""`oneshelf import` and `oneshelf export`."""

import csv
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO, Literal

import msgspec
import typer
from rich.text import Text

from oneshelf.base.database import Database
from oneshelf.base.errors import OneshelfError
from oneshelf.catalog.sheets.actions import export_lines
from oneshelf.catalog.sheets.cells import Refusal, unshield
from oneshelf.catalog.sheets.kinds import SheetKind
from oneshelf.web.commands.files.intake import Keeping, Taken, catalog_intake, take_in
from oneshelf.web.commands.files.orders import take_orders
from oneshelf.web.commands.files.shelves import take_shelves
from oneshelf.web.commands.files.stock import delivery_intake
from oneshelf.web.commands.opening import opened, transaction
from oneshelf.web.commands.printing import (
    DONE,
    NOT_DONE,
    Bar,
    Json,
    counted,
    plain,
    progress,
    show,
)

REFUSALS_TOLD_MAX = 50
STDIN = Path("-")

ImportKind = Literal[SheetKind, "stock", "receipts", "orders"]


class FileTaken(msgspec.Struct, frozen=True):
    """What became of a file's rows."""

    kind: str
    file: str
    rows: int
    changed: int
    unchanged: int
    refused: int
    kept: Literal["everything", "good_rows", "nothing"]
    refusals: tuple[Refusal, ...]


class FileGiven(msgspec.Struct, frozen=True):
    """What was exported, and to where."""

    kind: str
    file: str
    rows: int


def import_file(
    kind: Annotated[ImportKind, typer.Argument(help="What the rows of the file are.")],
    file: Annotated[
        Path, typer.Argument(help="The file; - reads what is piped in.", allow_dash=True)
    ],
    *,
    keep_good: Annotated[
        bool, typer.Option("--keep-good", help="Keep the good rows of a file with refused ones.")
    ] = False,
    json: Json = False,
) -> None:
    """Take a CSV file in: parts of the catalog, counted stock, deliveries or orders.

    Rows have natural keys, so the same file again changes nothing. A file with a row that cannot
    be taken is refused whole, unless you keep the good rows. Stock sets each shelf to what the
    file says; broken off, it goes on where it was when the same file comes again. Orders are placed
    as a channel would place them; an order that nobody can serve is refused alone. Orders may also
    come as one JSON object a line.

    Exits with 1 if any row was refused.
    """
    keeping: Keeping = "good_rows" if keep_good else "all_or_nothing"
    with (
        _reading(file) as stream,
        opened() as database,
        progress(f"Importing {kind}", None, json=json) as bar,
    ):
        taken = _take(database, kind, stream, keeping, bar)
    kept = taken.changed + taken.unchanged
    told = FileTaken(
        kind=kind,
        file=str(file),
        rows=taken.rows,
        changed=taken.changed,
        unchanged=taken.unchanged,
        refused=taken.refused,
        kept="everything" if not taken.refused else "good_rows" if kept else "nothing",
        refusals=taken.refusals,
    )
    show(told, *_sentences(told), json=json)
    raise typer.Exit(NOT_DONE if told.refused else DONE)


def export_file(
    kind: Annotated[SheetKind, typer.Argument(help="Which part of the catalog.")],
    file: Annotated[
        Path | None, typer.Argument(help="Where to write; left out, it is printed.")
    ] = None,
    *,
    json: Json = False,
) -> None:
    """Write a part of the catalog as a CSV file that imports to the same rows.

    With --json and no file, the rows themselves are printed as one JSON document.
    """
    with (
        transaction(f"export {kind}") as tx,
        progress(f"Exporting {kind}", None, json=json or file is None) as bar,
    ):
        lines = _watched(export_lines(tx, kind), bar)
        if file is None:
            sys.stdout.write(_as_json(kind, lines) if json else "".join(lines))
            return
        told = FileGiven(kind, str(file), _write(file, lines))
    show(told, f"{counted(told.rows, 'row')} of {kind} stand in {file}.", json=json)


def _take(
    database: Database, kind: ImportKind, lines: BinaryIO, keeping: Keeping, bar: Bar
) -> Taken:
    if kind == "orders":
        return take_orders(database, lines, keeping, bar)
    if kind == "stock":
        return take_shelves(database, lines, keeping, bar)
    if kind == "receipts":
        return take_in(database, delivery_intake(), lines, keeping, bar)
    return take_in(database, catalog_intake(kind), lines, keeping, bar)


def _sentences(told: FileTaken) -> Iterator[Text]:
    for refusal in told.refusals[:REFUSALS_TOLD_MAX]:
        yield plain(refusal.sentence(), "red")
    if told.refusals[REFUSALS_TOLD_MAX:]:
        rest = len(told.refusals) - REFUSALS_TOLD_MAX
        yield plain(f"... and {rest:,} more; --json tells all of them.", "red")
    if told.kept == "nothing" and told.refused:
        yield plain(
            f"Nothing of {told.file} was kept: {counted(told.refused, 'row')} refused"
            f" of {told.rows:,}. Correct the file, or keep its good rows by --keep-good.",
            "bold",
        )
    else:
        yield plain(
            f"{counted(told.rows, 'row')} of {told.kind}: {told.changed:,} changed something,"
            f" {told.unchanged:,} stood so already, {told.refused:,} refused.",
            "bold",
        )


@contextmanager
def _reading(file: Path) -> Iterator[BinaryIO]:
    if file == STDIN:
        yield sys.stdin.buffer
        return
    try:
        with file.open("rb") as stream:
            yield stream
    except OSError as error:
        raise unreadable(file, error) from error


def unreadable(file: Path, error: OSError) -> OneshelfError:
    """Return the refusal of a file that cannot be opened."""
    return OneshelfError(
        "bad_request", f"{file} cannot be used: {error.strerror}.", "Name a file that can be."
    )


def _watched(lines: Iterator[str], bar: Bar) -> Iterator[str]:
    for line in lines:
        bar.advance(1)
        yield line


def _write(file: Path, lines: Iterator[str]) -> int:
    """Write beside and put in place at the end, so that no half file stands there."""
    beside = file.with_name(f"{file.name}.part")
    rows = -1  # the header
    try:
        with beside.open("w", encoding="utf-8", newline="") as stream:
            for line in lines:
                stream.write(line)
                rows += 1
        beside.replace(file)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise unreadable(file, error) from error
    return rows


def _as_json(kind: SheetKind, lines: Iterator[str]) -> str:
    rows = [
        {column: unshield(cell) for column, cell in row.items()} for row in csv.DictReader(lines)
    ]
    return msgspec.json.encode({"kind": kind, "rows": rows}).decode() + "\n"
