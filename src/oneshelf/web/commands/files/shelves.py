"""Files of counted stock: each shelf is set to what the file says, a million rows in minutes.

An import that was broken off goes on where it was when the same file comes again: a shelf that was
set an hour ago may have sold since, and must not be set back.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from hashlib import blake2b

from oneshelf.base.batching import decide_batch
from oneshelf.base.clock import read_now
from oneshelf.base.database import Database, Transaction
from oneshelf.base.errors import OneshelfError
from oneshelf.base.identifiers import NodeId, Sku
from oneshelf.catalog.sheets.actions import Imported
from oneshelf.catalog.sheets.cells import Refusal
from oneshelf.inventory.counting.actions import count
from oneshelf.inventory.stocktaking.actions import (
    advance,
    begin,
    find_apart,
    finish,
    set_shelves,
)
from oneshelf.inventory.stocktaking.filed import ShelfRow, Stocktake
from oneshelf.web.commands.files.intake import (
    CHANCE,
    Form,
    Keeping,
    Read,
    Taken,
    examine,
    in_parts,
    put_parts,
)
from oneshelf.web.commands.files.stock import UNITS_MAX, Layout, find_unknown, read_layout
from oneshelf.web.commands.opening import BY
from oneshelf.web.commands.printing import Bar, note, spoken

SHELVES = Layout(("sku", "node", "lot", "units"), frozenset({"lot"}), 3)
BECAUSE = "oneshelf import"
REASON = "opening"


def take_shelves(database: Database, lines: Iterable[bytes], keeping: Keeping, bar: Bar) -> Taken:
    """Set the shelves of a file's rows, or of none if a row cannot be read or placed."""
    digest = blake2b(digest_size=16)
    examined = examine(
        database, Form(read_rows, check_rows, in_parts), _digested(lines, digest.update)
    )
    bar.expect(len(examined.good))
    if examined.is_refused(keeping):
        return put_parts(examined, (), _nothing, keeping, bar)
    with database.transaction(BY, BECAUSE) as tx:
        stocktake = begin(tx, digest.digest(), read_now(tx))
    left = [row for row in examined.good if row.line > stocktake.line_done]
    done = len(examined.good) - len(left)
    if done:
        begun = spoken(stocktake.begun_at)
        note(f"Going on behind line {stocktake.line_done:,}: the import of {begun} ended there.")
        bar.advance(done)

    def put(part: Sequence[ShelfRow]) -> Imported:
        return _put(database, stocktake, part)

    taken = put_parts(examined, in_parts(left), put, keeping, bar)
    with database.transaction(BY, BECAUSE) as tx:
        finish(tx, stocktake)
    return replace(taken, unchanged=taken.unchanged + done)


def _put(database: Database, stocktake: Stocktake, part: Sequence[ShelfRow]) -> Imported:
    """Commit one part: first what needs a count, which happens once; then the rest, and the place.

    In transactions of their own, because each locks its shelves in key order.
    """

    def decide(_: object) -> list[int]:
        with database.transaction(BY, BECAUSE) as tx:
            apart = find_apart(tx, part)
        counted = [row.counted(stocktake, REASON) for row in part if row.line in apart]
        changed = 0
        if counted:
            with database.transaction(BY, BECAUSE) as tx:
                changed = sum(1 for one in count(tx, counted, read_now(tx)) if one.units)
        plain = [row for row in part if row.line not in apart]
        with database.transaction(BY, BECAUSE) as tx:
            advance(tx, stocktake, part[-1].line)
            return [changed + set_shelves(tx, plain, REASON, read_now(tx))]

    [answer] = decide_batch([part], decide, CHANCE)
    if isinstance(answer, OneshelfError):
        raise answer
    return Imported(answer, len(part) - answer, ())


def _nothing(_: object) -> Imported:
    raise AssertionError("a refused file has no parts")


def _digested(lines: Iterable[bytes], update: Callable[[bytes], None]) -> Iterator[bytes]:
    for line in lines:
        update(line)
        yield line


def read_rows(lines: Iterable[bytes]) -> Read[ShelfRow]:
    """Read the rows of a file that can be understood."""
    read: Read[ShelfRow] = Read([], [])
    for cells in read_layout(SHELVES, lines, read.refusals):
        row = ShelfRow(
            cells.line,
            Sku(cells.key("sku")),
            NodeId(cells.key("node")),
            cells.key("lot") if cells.raw("lot") else None,
            cells.number("units", most=UNITS_MAX),
        )
        read.refusals.extend(cells.refusals)
        if not cells.refusals:
            read.rows.append(row)
    return read


def check_rows(tx: Transaction, rows: Sequence[ShelfRow]) -> list[Refusal]:
    """Refuse rows of SKUs or nodes that nobody knows."""
    return find_unknown(tx, {row.line: (row.sku, row.node) for row in rows})
