"""Read a CSV file row by row: each row becomes an entry or refusals. Pure.

Never the whole file is in memory, only the keys of its rows: so a row that stands twice is found.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from oneshelf.catalog.sheets.cells import Cells, Refusal, quoted, unshield
from oneshelf.catalog.sheets.kinds import SHEETS, Entry, SheetKind

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
SAVE_AGAIN = "Save it again as 'CSV UTF-8 (comma delimited)'."


@dataclass(frozen=True, slots=True)
class GoodRow:
    """One row that can be imported, and the line it starts on (the header is line 1)."""

    line: int
    entry: Entry


class Reader(Protocol):
    """What we use of the csv module's reader, whose own type has no name there."""

    line_num: int

    def __iter__(self) -> Iterator[list[str]]:
        """Yield rows."""


class Layout(Protocol):
    """The columns of a file: see Sheet."""

    @property
    def columns(self) -> tuple[str, ...]:
        """All of them."""

    @property
    def optional(self) -> frozenset[str]:
        """Those that a file may leave out."""

    @property
    def key_columns(self) -> int:
        """So many first columns name the row; 0: rows may repeat."""


class _UnreadableError(Exception):
    """From here on the file cannot be read."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.sentence())
        self.refusal = refusal


def parse(kind: SheetKind, lines: Iterable[bytes]) -> Iterator[GoodRow | Refusal]:
    """Read the lines of a file, as iterating over a binary file yields them.

    UTF-8 with or without byte order mark. A header that does not fit or a line that cannot be read
    ends the reading with a refusal; a wrong row is refused and the next one is read.
    """
    sheet = SHEETS[kind]
    for found in read_cells(sheet, lines):
        if isinstance(found, Refusal):
            yield found
            continue
        entry = sheet.read(found)
        if not found.refusals:
            yield GoodRow(found.line, entry)
        yield from found.refusals


def read_cells(layout: Layout, lines: Iterable[bytes]) -> Iterator[Cells | Refusal]:
    """Read the lines of a file of any layout; a row that stands twice has its refusal already."""
    reader = csv.reader(_decoded(lines), strict=True)
    try:
        yield from _rows(layout, reader)
    except _UnreadableError as error:
        yield error.refusal
    except csv.Error as error:
        yield Refusal(
            reader.line_num,
            "",
            f"broken CSV ({error})",
            "cells with commas between them",
            "Close every quotation mark, and double those inside a cell.",
        )


def _rows(layout: Layout, reader: Reader) -> Iterator[Cells | Refusal]:
    header: list[str] | None = None
    seen: dict[tuple[str, ...], int] = {}
    line = 1
    for row in reader:
        if header is None:
            header = [name.strip() for name in row]
            if refusals := _check_header(layout, header):
                yield from refusals
                return
        elif row and len(row) != len(header):
            yield Refusal(
                line,
                "",
                f"{len(row)} cells",
                f"{len(header)}, as in the header",
                "Put quotation marks around a cell that has a comma in it.",
            )
        elif row:
            cells = Cells(line, dict(zip(header, map(unshield, row), strict=True)))
            _refuse_repeated(layout, cells, seen)
            yield cells
        line = reader.line_num + 1
    if header is None:
        yield Refusal(1, "", "an empty file", "a header and rows", "Choose another file.")


def _decoded(lines: Iterable[bytes]) -> Iterator[str]:
    for number, given in enumerate(lines, start=1):
        line = given.removeprefix(BYTE_ORDER_MARK) if number == 1 else given
        try:
            text = line.decode()
        except UnicodeDecodeError as error:
            found = f"the byte {line[error.start : error.start + 1].hex()}"
            refusal = Refusal(number, "", found, "text in UTF-8", SAVE_AGAIN)
            raise _UnreadableError(refusal) from None
        if "\0" in text:
            refusal = Refusal(number, "", "a NUL character", "text in UTF-8", SAVE_AGAIN)
            raise _UnreadableError(refusal)
        yield text


def _check_header(layout: Layout, header: list[str]) -> list[Refusal]:
    listed = ", ".join(layout.columns)
    if len(header) == 1 and (";" in header[0] or "\t" in header[0]):
        return [Refusal(1, "", quoted(header[0]), "commas between columns", SAVE_AGAIN)]
    missing = [c for c in layout.columns if c not in header and c not in layout.optional]
    unknown = [column for column in header if column not in layout.columns]
    repeated = sorted({column for column in header if header.count(column) > 1})
    hint = f"The columns are: {listed}."
    return [
        *(Refusal(1, column, "no such column", "this column", hint) for column in missing),
        *(Refusal(1, c, "an unknown column", "only known columns", hint) for c in unknown),
        *(Refusal(1, c, "the column twice", "each column once", hint) for c in repeated),
    ]


def _refuse_repeated(layout: Layout, cells: Cells, seen: dict[tuple[str, ...], int]) -> None:
    columns = layout.columns[: layout.key_columns]
    if not columns:
        return
    first = seen.setdefault(_key(cells.cells, columns), cells.line)
    if first != cells.line:
        cells.refuse(
            columns[-1],
            f"each {' and '.join(columns)} once",
            f"It stands on line {first} already: delete one of them.",
        )


def _key(cells: Mapping[str, str], columns: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(cells.get(column, "") for column in columns)
