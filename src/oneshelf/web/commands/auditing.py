"""`oneshelf audit`: prove that every figure follows from the ledger."""

from typing import Annotated, Literal

import msgspec
import typer

from oneshelf.base.clock import read_now
from oneshelf.inventory.auditing.actions import audit, repair
from oneshelf.inventory.auditing.differences import Difference, Repair, plan_repair
from oneshelf.matching.capacity.actions import find_drift
from oneshelf.orders.progress import actions as progress
from oneshelf.web.commands.opening import BY, opened
from oneshelf.web.commands.printing import DONE, NOT_DONE, Json, counted, show, table

HOW = {
    "rebuild": "sum it up anew from its movements",
    "move": "correct it by a ledger entry",
    "serve": "give the units to the order that waits",
    "ask": "a person must look",
}


class AuditTold(msgspec.Struct, frozen=True):
    """What an audit found, how each difference would be put right, and what was.

    capacity: days whose parcels are not counted right; orders: those that are not what their units
    say. A person must look at both.
    """

    differences: list[Difference]
    plan: list[Repair]
    repaired: list[Repair]
    left: list[Difference]
    capacity: list[str]
    orders: list[str]
    outcome: Literal["clean", "differences", "repaired"]


def audit_stock(
    *,
    mend: Annotated[
        bool, typer.Option("--repair", help="Put the differences right, after showing how.")
    ] = False,
    json: Json = False,
) -> None:
    """Compare every stock figure with the ledger, the holds and the orders it sums up.

    Shows each difference and how it would be put right; --repair then does it. Corrections are
    ledger entries of their own. Exits with 1 while differences are left.
    """
    with opened() as database:
        with database.transaction(BY, "oneshelf audit") as tx:
            found, capacity, orders = audit(tx), find_drift(tx), progress.find_drift(tx)
        plan, done, left = plan_repair(found), list[Repair](), found
        if plan and not json:
            _preview(plan)
        if mend and plan:
            with database.transaction(BY, "oneshelf audit --repair") as tx:
                done = repair(tx, plan, read_now(tx))
            with database.transaction(BY, "oneshelf audit") as tx:
                left = audit(tx)
    told = AuditTold(
        differences=found,
        plan=plan,
        repaired=done,
        left=left,
        capacity=capacity,
        orders=orders,
        outcome="differences" if left or capacity or orders else "repaired" if found else "clean",
    )
    others = [f"Capacity of {day}." for day in capacity] + [
        f"{one.capitalize()}." for one in orders
    ]
    show(told, *others, _verdict(told), json=json)
    raise typer.Exit(NOT_DONE if told.outcome == "differences" else DONE)


def _preview(plan: list[Repair]) -> None:
    rows = [
        (
            *(str(one.difference.point_id or ""), one.difference.sku or "", one.difference.kind),
            *(one.difference.state or "", one.difference.due, one.difference.found, HOW[one.how]),
        )
        for one in plan
    ]
    columns = ("point", "SKU", "what", "state", "should be", "is", "how to put it right")
    show(None, table("Differences", columns, rows), json=False)


def _verdict(told: AuditTold) -> str:
    left = counted(len(told.left) + len(told.capacity) + len(told.orders), "difference")
    if told.outcome == "clean":
        return "Every figure follows from the ledger: 0 differences."
    if told.outcome == "repaired":
        return f"{counted(len(told.differences), 'difference')} put right; none is left."
    if told.repaired:
        return f"{len(told.repaired):,} put right, {left} left."
    hint = " `oneshelf audit --repair` puts them right." if told.left else ""
    return f"{left}.{hint}"
