"""The catalog's tables as CSV files, in and out."""

import io
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from itertools import islice
from random import SystemRandom
from typing import Annotated, Literal

from litestar import Response
from litestar.response import Stream
from msgspec import Meta

from oneshelf.base.batching import decide_batch
from oneshelf.base.clock import read_now
from oneshelf.base.database import AT_LENGTH
from oneshelf.base.errors import OneshelfError
from oneshelf.catalog.access.scopes import Scope
from oneshelf.catalog.sheets.actions import (
    Imported,
    check_rows,
    export_lines,
    plain_skus,
)
from oneshelf.catalog.sheets.cells import Refusal
from oneshelf.catalog.sheets.kinds import SHEETS, SheetKind
from oneshelf.catalog.sheets.reading import GoodRow, parse
from oneshelf.inventory.assortment.actions import import_rows
from oneshelf.web.decoding import Shape
from oneshelf.web.doors import CSV, FILE_BYTES_MAX, Door, Visit, respond
from oneshelf.web.keys import require
from oneshelf.web.problems import Fault, FaultyError

ROWS_PER_COMMIT = 5_000
LINES_PER_PIECE = 2_000
REFUSALS_TOLD_MAX = 100
CHANCE = SystemRandom()
EXTRA_SCOPES: dict[SheetKind, tuple[Scope, Scope]] = {  # to read, to write
    "staff": ("admin", "admin"),  # whoever writes roles could give himself any
    "customers": ("read:orders", "write:orders"),  # names and mails
}

FileName = Annotated[str, Meta(pattern=rf"^({'|'.join(SHEETS)})\.csv$")]


class SheetNamed(Shape, frozen=True):
    """Which table, such as products.csv."""

    file: FileName

    def kind(self) -> SheetKind:
        """Return the kind of its rows."""
        return next(kind for kind in SHEETS if f"{kind}.csv" == self.file)


class SheetSent(SheetNamed, frozen=True):
    """on_refusal: a row that cannot be taken stops the whole file, or is skipped."""

    on_refusal: Literal["stop", "skip"] = "stop"


class SheetTaken(Shape, frozen=True):
    """What became of the rows; the first hundred refusals are told."""

    changed: int
    unchanged: int
    refused: int
    refusals: tuple[Refusal, ...]


async def take_sheet(visit: Visit) -> Response[bytes]:
    """Import a file by natural keys: sent again, it changes nothing."""
    asked = visit.parameters(SheetSent)
    if extra := EXTRA_SCOPES.get(asked.kind()):
        require(visit.who(), extra[1])
    visit.expect_media(CSV)
    content = await visit.content()
    return respond(await visit.house.work(partial(_import, visit, asked, content)))


def _import(visit: Visit, asked: SheetSent, content: bytes) -> SheetTaken:
    kind = asked.kind()
    rows: list[GoodRow] = []
    refusals: list[Refusal] = []
    for row in parse(kind, io.BytesIO(content)):
        if isinstance(row, GoodRow):
            rows.append(row)
        else:
            refusals.append(row)
    if asked.on_refusal == "stop":
        refusals += _check(visit, rows)
        if refusals:
            raise _refused(refusals)
    changed = unchanged = 0
    for part in _parts(rows):
        done = _import_part(visit, kind, part)
        changed += done.changed
        unchanged += done.unchanged
        refusals += done.refusals
    refused = len({refusal.line for refusal in refusals})
    return SheetTaken(
        changed=changed,
        unchanged=unchanged,
        refused=refused,
        refusals=tuple(refusals[:REFUSALS_TOLD_MAX]),
    )


def _check(visit: Visit, rows: Sequence[GoodRow]) -> list[Refusal]:
    refusals: list[Refusal] = []
    earlier: frozenset[str] = frozenset()
    with visit.house.reading(visit.because()) as tx:
        for part in _parts(rows):
            refusals += check_rows(tx, part, earlier)
            earlier |= plain_skus(part)
    return refusals


def _import_part(visit: Visit, kind: SheetKind, part: Sequence[GoodRow]) -> Imported:
    def decide(_: object) -> list[Imported]:
        with visit.house.database.transaction(visit.by(), visit.because()) as tx:
            return [import_rows(tx, kind, part, read_now(tx))]

    [answer] = decide_batch([part], decide, CHANCE)
    if isinstance(answer, OneshelfError):
        raise answer
    return answer


def _parts(rows: Sequence[GoodRow]) -> Iterator[Sequence[GoodRow]]:
    for start in range(0, len(rows), ROWS_PER_COMMIT):
        yield rows[start : start + ROWS_PER_COMMIT]


def _refused(refusals: Sequence[Refusal]) -> OneshelfError:
    return FaultyError(
        "import_refused",
        tuple(
            Fault(f"line {one.line}{one.column and f', {one.column}'}", one.sentence())
            for one in refusals[:REFUSALS_TOLD_MAX]
        ),
    )


async def give_sheet(visit: Visit) -> Stream:
    """Export a table as a file that imports to the same rows."""
    kind = visit.parameters(SheetNamed).kind()
    if extra := EXTRA_SCOPES.get(kind):
        require(visit.who(), extra[0])
    headers = {"Content-Disposition": f'attachment; filename="{kind}.csv"'}
    return Stream(_pieces(visit, kind), media_type=CSV, headers=headers)


async def _pieces(visit: Visit, kind: SheetKind) -> AsyncIterator[bytes]:
    with ExitStack() as stack:

        def begin() -> Iterator[str]:
            tx = stack.enter_context(visit.house.reading(visit.because(), AT_LENGTH))
            return iter(export_lines(tx, kind))

        lines = await visit.house.work(begin)

        def piece() -> bytes:
            return "".join(islice(lines, LINES_PER_PIECE)).encode()

        while content := await visit.house.crew.go_on(piece):
            yield content


DOORS = (
    Door(
        method="POST",
        path="/api/v1/catalog/{file}",
        scope="write:catalog",
        does="Import a table from CSV; rows have natural keys, so a repeat changes nothing",
        answer=take_sheet,
        where=SheetSent,
        takes_media=CSV,
        gives=SheetTaken,
        problems=("import_refused", "busy"),
        repeats="may_have_key",
        body_bytes_max=FILE_BYTES_MAX,
    ),
    Door(
        method="GET",
        path="/api/v1/catalog/{file}",
        scope="read:catalog",
        does="Export a table as CSV",
        answer=give_sheet,
        where=SheetNamed,
        gives_media=CSV,
    ),
)
