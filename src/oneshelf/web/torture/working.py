"""People who work on orders: cancel, keep back, pick, pack, ship, hand over, deliver, take back."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from random import Random
from typing import TypeVar

import msgspec

from oneshelf.base.identifiers import ParcelId
from oneshelf.orders.changes.cancelling import Cancelled
from oneshelf.simulation.torture.answers import Deed
from oneshelf.simulation.torture.wishes import Cancelling, Holding, Picking, Returning
from oneshelf.web.orders.changing import HoldTold
from oneshelf.web.outbound.reads import WorkRow
from oneshelf.web.outbound.returning import ReturnsTold
from oneshelf.web.outbound.working import (
    CustomersTold,
    ParcelsTold,
    PicksTold,
    ReadyTold,
    WorkPage,
)
from oneshelf.web.problems import Problem
from oneshelf.web.torture.knocking import Caller
from oneshelf.web.torture.wire import Knock

Item = TypeVar("Item")

PARCELS = "/api/v1/parcels"
PART = 200
HAND_OVER_PART = 20
SHORT_ONE_IN = 12
WORK_PARCELS = 200
TOO_LATE = frozenset({"illegal_transition"})
NOTHING = frozenset[str]()
REASONS = ("mismatch", "damaged", "not_in_stock", "mismatch")


async def cancel(caller: Caller, step: Cancelling, key: str) -> None:
    """Cancel an order, or a unit of its first line."""
    found = caller.book.one_of(step.which)
    if found is None:
        return
    order, placed = found
    body: dict[str, object] = {"reason": "customer"}
    if not step.whole:
        body |= {"line_no": 1, "units_kept": order.lines[0].units - 1}
    path = f"/api/v1/orders/{placed.number}/cancel"
    knock = Knock(path, msgspec.json.encode(body), key, expected=TOO_LATE)

    def note(told: Cancelled) -> None:
        caller.book.did("cancelled", str(placed.number), told.units)

    await caller.do(knock, Cancelled, note, step.mishap, body | {"reason": "another"})


async def keep_back(caller: Caller, step: Holding, key: str) -> None:
    """Keep an order from its nodes, and let it go again."""
    found = caller.book.one_of(step.which)
    if found is None:
        return
    path = f"/api/v1/orders/{found[1].number}"
    body = msgspec.json.encode({"reason": "torture"})
    await caller.ask(Knock(f"{path}/hold", body, f"{key}-on"), HoldTold, step.mishap)
    await caller.ask(Knock(f"{path}/lift", body, f"{key}-off"), HoldTold, step.mishap)


async def work(caller: Caller, step: Picking, key: str) -> None:
    """Walk once through what a node has to do."""
    path = f"/api/v1/nodes/{step.node}/work?limit={WORK_PARCELS}"
    page = await caller.ask(Knock(path, method="GET"), WorkPage)
    if isinstance(page, Problem):
        return
    floor = _Floor(caller, step, key)
    lines = [list(rows) for _, rows in groupby(page.work, lambda row: (row.parcel, row.line_no))]
    picks = [
        report
        for rows in lines
        if any(row.status == "released" for row in rows)
        for report in [_pick(caller, step, rows)]
    ]
    for reports in _parts(picks, PART):
        await floor.ask("pick", {"picks": reports}, PicksTold, len(reports))
    parcels = {row.parcel: row for row in page.work}
    to_carrier = [parcel for parcel, row in parcels.items() if row.service is not None]
    to_customer = [parcel for parcel, row in parcels.items() if row.service is None]
    for part in _parts(to_carrier, PART):
        await floor.ask("pack", {"parcels": part}, ParcelsTold, len(part))
        await floor.ship(part, page.work)
    for part in _parts(to_customer, HAND_OVER_PART):
        await floor.hand_over(part, page.work)


def _pick(caller: Caller, step: Picking, rows: Sequence[WorkRow]) -> dict[str, object]:
    """Report a line's units, in all; some are short."""
    row, units = rows[0], sum(row.units for row in rows)
    report: dict[str, object] = {"parcel": row.parcel, "line_no": row.line_no, "units": units}
    chance = Random(f"{step.salt}/{row.parcel}/{row.line_no}")  # noqa: S311 - seeded accidents
    if chance.randrange(SHORT_ONE_IN) == 0:
        part = caller.book.parts[row.sku][0].sku
        report |= {"units": units - 1, "short": chance.choice(REASONS), "sku": part}
    return report


@dataclass(frozen=True, slots=True)
class _Floor:
    """One walk: its questions bear its name."""

    caller: Caller
    step: Picking
    key: str

    async def ask(self, verb: str, body: object, kind: type[Item], attempts: int) -> Item | Problem:
        key = f"{self.key}-{verb}-{self.caller.book.sent}"
        knock = Knock(
            f"{PARCELS}/{verb}",
            msgspec.json.encode(body),
            key,
            attempts,
            NOTHING,
            repeats=verb != "ready",
        )
        return await self.caller.ask(knock, kind, self.step.mishap)

    async def ship(self, parcels: Sequence[ParcelId], work: Sequence[WorkRow]) -> None:
        sent = [{"parcel": one, "tracking_number": f"TT{one:09d}GB"} for one in parcels]
        told = await self.ask("ship", {"shipments": sent}, ParcelsTold, len(sent))
        gone = self._note("shipped", told, work)
        on = self.caller.book.now().date()
        arrived = [{"parcel": one, "delivered_on": on} for one in gone[::2]]
        if arrived:
            said = await self.ask("deliver", {"deliveries": arrived}, ParcelsTold, len(arrived))
            self._note("delivered", said, ())

    async def hand_over(self, parcels: Sequence[ParcelId], work: Sequence[WorkRow]) -> None:
        ready = await self.ask("ready", {"parcels": parcels}, ReadyTold, len(parcels))
        if isinstance(ready, Problem):
            return
        codes = {one.parcel_id: one.code for one in ready.codes}
        there = [one.parcel_id for one in ready.answers if one.outcome in {"done", "already_done"}]
        customers = [{"parcel": one, "code": codes.get(one)} for one in there]
        if customers:
            told = await self.ask(
                "hand-over", {"customers": customers}, CustomersTold, len(customers)
            )
            self._note("handed_over", told, work)

    def _note(
        self,
        deed: Deed,
        told: ParcelsTold | CustomersTold | Problem,
        work: Sequence[WorkRow],
    ) -> list[ParcelId]:
        if isinstance(told, Problem):
            return []
        done = [one.parcel_id for one in told.answers if one.outcome == "done"]
        for parcel in done:
            self.caller.book.did(deed, str(parcel), 1)
        went = set(done)
        self.caller.book.gone += [
            (row.order, row.line_no, row.units) for row in work if row.parcel in went
        ]
        return done


async def take_back(caller: Caller, step: Returning, key: str) -> None:
    """Take units of orders that left back at a node."""
    gone = caller.book.gone
    if not gone:
        return
    back = [gone[int(which * len(gone))] for which in step.which]
    rows = [
        {
            "order": order,
            "line_no": line_no,
            "units": max(1, units // 2),
            "node": step.node,
            "condition": "available",
        }
        for order, line_no, units in back
    ]
    knock = Knock("/api/v1/returns", msgspec.json.encode({"returns": rows}), key, len(rows))
    told = await caller.ask(knock, ReturnsTold, step.mishap)
    if isinstance(told, ReturnsTold):
        for (order, line_no, units), answer in zip(back, told.answers, strict=True):
            if answer.outcome == "received":
                caller.book.did("returned", f"{order}/{line_no}", max(1, units // 2))


def _parts(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
