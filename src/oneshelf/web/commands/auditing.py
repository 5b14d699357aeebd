"""`oneshelf audit`: prove that every figure follows from the ledger."""

from typing import Annotated, Literal

import msgspec
import typer

from oneshelf.base.clock import read_now
from oneshelf.inventory.auditing.actions import audit, repair
from oneshelf.inventory.auditing.differences import Difference, Repair, plan_repair
from oneshelf.web.commands.opening import BY, opened
from oneshelf.web.commands.printing import DONE, NOT_DONE, Json, counted, show, table

HOW = {
    "rebuild": "sum it up anew from its movements",
    "move": "correct it by a ledger entry",
    "serve": "give the units to the order that waits",
    "ask": "a person must look",
}


class AuditTold(msgspec.Struct, frozen=True):
    """What an audit found, how each difference would be put right, and what was."""

    differences: list[Difference]
    plan: list[Repair]
    repaired: list[Repair]
    left: list[Difference]
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
            found = audit(tx)
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
        outcome="differences" if left else "repaired" if found else "clean",
    )
    show(told, _verdict(told), json=json)
    raise typer.Exit(NOT_DONE if left else DONE)


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
    if told.outcome == "clean":
        return "Every figure follows from the ledger: 0 differences."
    if told.outcome == "repaired":
        return f"{counted(len(told.differences), 'difference')} put right; none is left."
    if told.repaired:
        return f"{len(told.repaired):,} put right, {counted(len(told.left), 'difference')} left."
    return f"{counted(len(told.left), 'difference')}. `oneshelf audit --repair` puts them right."
