"""People who say what stands on shelves: adjust, count, regrade, move, announce, receive."""

from datetime import timedelta
from typing import TypedDict

import msgspec

from oneshelf.base.identifiers import ReceiptLineId, Sku
from oneshelf.simulation.torture.answers import shelf
from oneshelf.simulation.torture.wishes import Coming, Moving, Receiving, Shelving
from oneshelf.simulation.torture.world import Shelf
from oneshelf.web.problems import Problem
from oneshelf.web.stock.changing import Done, Variances
from oneshelf.web.stock.reads import ReceiptLineTold
from oneshelf.web.stock.receiving import DeliveryTold
from oneshelf.web.torture.knocking import Caller
from oneshelf.web.torture.wire import Knock

ADJUSTED = "torture"  # the reason that marks our own corrections in the ledger
OVERDUE_PART = 40
CONFLICT = frozenset({"conflict"})


async def shelve(caller: Caller, step: Shelving, key: str) -> None:
    """Correct, count or regrade shelves: all rows or none."""
    if not step.rows:
        return
    match step.verb:
        case "adjust":
            await _adjust(caller, step, key)
        case "count":
            await _count(caller, step, key)
        case "regrade":
            await _regrade(caller, step, key)


async def _adjust(caller: Caller, step: Shelving, key: str) -> None:
    rows = [_place(row) | {"units": row.units, "reason": ADJUSTED} for row in step.rows]
    knock = _knock("/api/v1/stock/adjustments", {"adjustments": rows}, key, len(rows))
    other = {"adjustments": [row | {"units": 1} for row in (*rows, rows[0])]}

    def note(_: Done) -> None:
        for row in step.rows:
            caller.book.did("adjusted", shelf(row.sku, row.node), row.units)
            caller.book.bring(row.sku, row.units)

    await caller.do(knock, Done, note, step.mishap, other)


async def _count(caller: Caller, step: Shelving, key: str) -> None:
    rows = [_place(row) | {"units": row.units} for row in step.rows]
    knock = _knock("/api/v1/stock/counts", {"counts": rows}, key, len(rows))

    def note(told: Variances) -> None:
        for one in told.variances:
            caller.book.did("counted", f"{one.sku}@{one.node}", one.units)
            caller.book.bring(Sku(one.sku), one.units)

    other = {"counts": rows[:1]} if rows[1:] else None
    await caller.do(knock, Variances, note, step.mishap, other)


async def _regrade(caller: Caller, step: Shelving, key: str) -> None:
    way = {"source": "available", "target": "damaged"}
    rows = [_place(row) | way | {"units": row.units} for row in step.rows]
    knock = _knock("/api/v1/stock/regrades", {"regrades": rows}, key, len(rows))

    def note(_: Done) -> None:
        for row in step.rows:
            caller.book.did("regraded", shelf(row.sku, row.node), row.units)

    await caller.do(knock, Done, note, step.mishap)


async def move(caller: Caller, step: Moving, key: str) -> None:
    """Send units to another node and let them arrive there."""
    if not step.rows:
        return
    rows = [_place(row) | {"to": step.to, "units": row.units} for row in step.rows]
    knock = _knock("/api/v1/transfers", {"transfers": rows}, key, len(rows))

    def note_sent(_: Done) -> None:
        for row in step.rows:
            caller.book.did("sent", shelf(row.sku, row.node), row.units)

    told = await caller.do(knock, Done, note_sent, step.mishap)
    if isinstance(told, Problem):
        return
    totals: dict[Sku, int] = {}
    for row in step.rows:
        totals[row.sku] = totals.get(row.sku, 0) + row.units
    came = [
        {
            "sku": sku,
            "node": step.to,
            "units": units - step.lost,
            "units_lost": step.lost,
        }
        for sku, units in totals.items()
    ]
    knock = _knock("/api/v1/transfers/arrivals", {"arrivals": came}, f"{key}-came", len(came))

    def note_arrived(_: Done) -> None:
        for sku, units in totals.items():
            caller.book.did("arrived", shelf(sku, step.to), units)

    await caller.do(knock, Done, note_arrived, step.mishap)


async def receive(caller: Caller, step: Receiving) -> None:
    """Announce a delivery, perhaps for another day, and bring in what comes of it.

    What of earlier deliveries has still not come is written off, as a shop does that asks after it.
    """
    if not step.rows:
        return
    await _write_off(caller, step)
    due_at = caller.book.now() + timedelta(minutes=step.due_minutes)
    lines = [
        _place(row) | {"line_no": number, "due_at": due_at, "units": row.units}
        for number, row in enumerate(step.rows, 1)
    ]
    delivery = {"reference": step.reference, "lines": lines}
    other = delivery | {"lines": [lines[0] | {"units": step.rows[0].units + 1}, *lines[1:]]}
    knock = _knock("/api/v1/receipts", delivery, step.reference, len(lines))
    told = await caller.ask(knock, DeliveryTold, step.mishap, other)
    if isinstance(told, Problem):
        return
    if step.re_dated:
        later = due_at + timedelta(hours=3)
        dates = [{"receipt_line": one.receipt_line, "due_at": later} for one in told.lines]
        knock = _knock("/api/v1/receipts/dates", {"dates": dates}, f"{step.reference}-dates", 1)
        await caller.ask(knock, Done, step.mishap)
    came = [_arrival(one, how) for one, how in zip(told.lines, step.comes, strict=True)]
    knock = _knock(
        "/api/v1/receipts/received", {"received": came}, f"{step.reference}-came", len(came)
    )

    def note(_: Done) -> None:
        for one, arrival in zip(told.lines, came, strict=True):
            units = arrival["units"] + arrival["units_damaged"]
            caller.book.did("received", str(one.receipt_line), units)
            caller.book.bring(one.sku, units)
            if arrival["rest"] == "still_expected" and units < one.units_expected:
                caller.book.overdue.append(one.receipt_line)

    await caller.do(knock, Done, note, step.mishap)


async def _write_off(caller: Caller, step: Receiving) -> None:
    overdue = caller.book.overdue[:OVERDUE_PART]
    if len(overdue) < OVERDUE_PART:
        return
    del caller.book.overdue[:OVERDUE_PART]
    never = [
        _Arrival(receipt_line=line, units=0, units_damaged=0, rest="will_not_come")
        for line in overdue
    ]
    key = f"{step.reference}-written-off"
    knock = _knock("/api/v1/receipts/received", {"received": never}, key, len(never))
    await caller.ask(knock, Done, step.mishap)


class _Arrival(TypedDict):
    receipt_line: ReceiptLineId
    units: int
    units_damaged: int
    rest: str


def _arrival(line: ReceiptLineTold, how: Coming) -> _Arrival:
    units = {"whole": line.units_expected, "part": line.units_expected // 2}.get(how, 0)
    return {
        "receipt_line": line.receipt_line,
        "units": units,
        "units_damaged": 1 if how == "damaged" else 0,
        "rest": "will_not_come" if how in {"never", "damaged"} else "still_expected",
    }


def _place(row: Shelf) -> dict[str, object]:
    return {"sku": row.sku, "node": row.node}


def _knock(path: str, body: object, key: str, attempts: int) -> Knock:
    return Knock(path, msgspec.json.encode(body), key, attempts, CONFLICT)
