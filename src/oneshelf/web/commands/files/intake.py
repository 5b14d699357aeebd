"""Take a file's rows in: read all, check all, then write so many a commit. Safe to repeat."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import SystemRandom
from typing import Generic, Literal, Protocol, TypeVar

from oneshelf.base.batching import decide_batch
from oneshelf.base.clock import read_now
from oneshelf.base.database import Database, Transaction
from oneshelf.base.errors import OneshelfError
from oneshelf.catalog.sheets.actions import Imported, check_rows, plain_skus
from oneshelf.catalog.sheets.cells import Refusal
from oneshelf.catalog.sheets.kinds import SheetKind
from oneshelf.catalog.sheets.reading import GoodRow, parse
from oneshelf.inventory.assortment.actions import import_rows
from oneshelf.web.commands.opening import BY
from oneshelf.web.commands.printing import Bar

ROWS_PER_COMMIT = 5_000
CHANCE = SystemRandom()

Keeping = Literal["all_or_nothing", "good_rows"]


class Lined(Protocol):
    """Anything that came from a line of a file."""

    @property
    def line(self) -> int:
        """Return the line, the first one is 1."""


Row = TypeVar("Row", bound=Lined)


@dataclass(frozen=True, slots=True)
class Read(Generic[Row]):
    """A file that was read. rows: those that can be understood."""

    rows: list[Row]
    refusals: list[Refusal]


@dataclass(frozen=True, slots=True)
class Form(Generic[Row]):
    """What one kind of file has to look like.

    check: why rows could not be written, without writing; asked part by part, in order.
    parts: rows that are committed together.
    """

    read: Callable[[Iterable[bytes]], Read[Row]]
    check: Callable[[Transaction, Sequence[Row]], list[Refusal]]
    parts: Callable[[Sequence[Row]], Iterator[Sequence[Row]]]


@dataclass(frozen=True, slots=True)
class Intake(Generic[Row]):
    """How one kind of file is taken in."""

    form: Form[Row]
    write: Callable[[Transaction, Sequence[Row], datetime], Imported]


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a file: changed + unchanged + refused is all of it, unless it was refused."""

    rows: int
    changed: int
    unchanged: int
    refused: int
    refusals: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True)
class Examined(Generic[Row]):
    """A file before anything is written. rows: how many it has; good: those that can be written."""

    rows: int
    good: list[Row]
    refusals: tuple[Refusal, ...]

    def is_refused(self, keeping: Keeping) -> bool:
        """Say whether nothing of it may be kept."""
        return bool(self.refusals) and keeping == "all_or_nothing"


def take_in(
    database: Database,
    intake: Intake[Row],
    lines: Iterable[bytes],
    keeping: Keeping,
    bar: Bar,
) -> Taken:
    """Write the rows of a file that can be written, or none of a file with a row that cannot."""
    examined = examine(database, intake.form, lines)
    parts = [] if examined.is_refused(keeping) else intake.form.parts(examined.good)

    def put(part: Sequence[Row]) -> Imported:
        return _write(database, intake, part, keeping)

    bar.expect(len(examined.good))
    return put_parts(examined, parts, put, keeping, bar)


def examine(database: Database, form: Form[Row], lines: Iterable[bytes]) -> Examined[Row]:
    """Read and check every row; write nothing."""
    found = form.read(lines)
    refusals = list(found.refusals)
    with database.transaction(BY, "oneshelf import") as tx:
        for part in form.parts(found.rows):
            refusals += form.check(tx, part)
    out = {refusal.line for refusal in refusals}
    good = [row for row in found.rows if row.line not in out] if out else found.rows
    rows = len(found.rows) + len(out - {row.line for row in found.rows})
    return Examined(rows, good, tuple(refusals))


def put_parts(
    examined: Examined[Row],
    parts: Iterable[Sequence[Row]],
    put: Callable[[Sequence[Row]], Imported],
    keeping: Keeping,
    bar: Bar,
) -> Taken:
    """Write part by part, each in a commit of its own, and say what became of the whole file."""
    refusals = list(examined.refusals)
    changed = unchanged = 0
    for part in parts:
        done = put(part)
        refusals += done.refusals
        changed += done.changed
        unchanged += done.unchanged
        bar.advance(len(part))
        if done.refusals and keeping == "all_or_nothing":
            break
    refused = {refusal.line for refusal in refusals}
    refusals.sort(key=lambda refusal: refusal.line)
    return Taken(examined.rows, changed, unchanged, len(refused), tuple(refusals))


def _write(
    database: Database, intake: Intake[Row], part: Sequence[Row], keeping: Keeping
) -> Imported:
    """Commit one part; a part with a refused row is rolled back unless good rows are kept."""
    refused: list[Imported] = []

    def decide(_: object) -> list[Imported]:
        with database.transaction(BY, "oneshelf import") as tx:
            done = intake.write(tx, part, read_now(tx))
            if done.refusals and keeping == "all_or_nothing":
                refused[:] = [Imported(0, 0, done.refusals)]
                raise OneshelfError("import_refused", "A row of the file was refused.")
        return [done]

    [answer] = decide_batch([part], decide, CHANCE)
    if isinstance(answer, OneshelfError):
        if answer.code == "import_refused" and refused:
            return refused[0]
        raise answer
    return answer


def in_parts(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    """Yield so many rows a commit."""
    for start in range(0, len(rows), ROWS_PER_COMMIT):
        yield rows[start : start + ROWS_PER_COMMIT]


def split(found: Iterable[Row | Refusal]) -> Read[Row]:
    """Tell rows from refusals."""
    rows: list[Row] = []
    refusals: list[Refusal] = []
    for one in found:
        if isinstance(one, Refusal):
            refusals.append(one)
        else:
            rows.append(one)
    return Read(rows, refusals)


def catalog_intake(kind: SheetKind) -> Intake[GoodRow]:
    """Return how a file of the catalog is taken in."""
    earlier: set[str] = set()

    def check(tx: Transaction, part: Sequence[GoodRow]) -> list[Refusal]:
        refusals = check_rows(tx, part, earlier)
        earlier.update(plain_skus(part))
        return refusals

    return Intake(
        Form(read=lambda lines: split(parse(kind, lines)), check=check, parts=in_parts),
        write=lambda tx, part, now: import_rows(tx, kind, part, now),
    )
