"""`oneshelf explain` and `oneshelf replay`: why an order goes where it goes."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Annotated

import msgspec
import typer
from rich.table import Table

from oneshelf.base.errors import OneshelfError
from oneshelf.base.identifiers import NodeId, OrderId, Sku
from oneshelf.matching.decision_record import (
    CountedRejection,
    Record,
    Replayed,
    decided,
    replay,
    with_stock,
)
from oneshelf.matching.decisions.actions import Decision, find_decisions
from oneshelf.matching.explanation import explain, money
from oneshelf.web.commands.looking import Named, OfChannel, find_number
from oneshelf.web.commands.opening import transaction
from oneshelf.web.commands.printing import DONE, NOT_DONE, Json, show, spoken, table

CHANGE = re.compile(r"(?P<node>.+):(?P<sku>[^:=]+)=(?P<units>[0-9]{1,9})")

Sited = tuple[int, int, tuple[int, ...]]  # site, offer, units of each line


class ParcelTold(msgspec.Struct, frozen=True):
    """One parcel. service: None where the customer comes. units: of each line, in their order."""

    node: NodeId
    service: str | None
    units: tuple[int, ...]


class PlanTold(msgspec.Struct, frozen=True):
    """A plan in ids. cost_millis: thousandths of a minor unit."""

    parcels: list[ParcelTold]
    cost_millis: int


class DecisionTold(msgspec.Struct, frozen=True):
    """One decision in sentences and in figures. currency: of its costs."""

    decision_id: int
    kind: str
    decided_at: datetime
    policy_version: int
    reason: str
    currency: str
    sentences: tuple[str, ...]
    chosen: PlanTold
    others: list[PlanTold]
    rejections: tuple[CountedRejection, ...]


class OrderExplained(msgspec.Struct, frozen=True):
    """Every decision about an order, the first one first."""

    number: int
    decisions: list[DecisionTold]


class OrderReplayed(msgspec.Struct, frozen=True):
    """A decision made again. again: None where there is no plan any more."""

    number: int
    decision_id: int
    changes: list[str]
    same: bool
    currency: str
    then: PlanTold
    again: PlanTold | None


def explain_order(named: Named, *, channel: OfChannel = None, json: Json = False) -> None:
    """Say why an order goes where it goes, what else was possible, and who was out."""
    with transaction("explain") as tx:
        number = find_number(tx, named, channel)
        found = _decisions(find_decisions(tx, OrderId(number)), number)
    told = OrderExplained(number, [_told(decision) for decision in found])
    show(told, *(part for one in told.decisions for part in _parts(one)), json=json)


def replay_order(
    named: Named,
    *,
    channel: OfChannel = None,
    decision: Annotated[
        int | None, typer.Option("--decision", help="Which one; left out, the newest.")
    ] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NODE:SKU=UNITS",
            help="As if so many units had stood there. May be given more than once.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Decide an order again from its record, and tell what differs. Nothing is changed.

    Exits with 1 if the answer differs from the one given then.
    """
    with transaction("replay") as tx:
        number = find_number(tx, named, channel)
        found = _decisions(find_decisions(tx, OrderId(number)), number)
    chosen = [one for one in found if decision in {None, one.decision_id}]
    if not chosen:
        raise OneshelfError(
            "not_found",
            f"Order {number} has no decision {decision}; expected one of"
            f" {', '.join(str(one.decision_id) for one in found)}.",
            f"`oneshelf explain {number}` shows them.",
        )
    kept = chosen[-1].record
    for change in changes or []:
        kept = _changed(kept, change)
    then, again = decided(kept), replay(kept)
    told = OrderReplayed(
        number=number,
        decision_id=chosen[-1].decision_id,
        changes=changes or [],
        same=again is not None and _alike(then, again),
        currency=kept.currency,
        then=_plan(kept, then.parcels, then.cost_millis),
        again=_plan(kept, again.parcels, again.cost_millis) if again else None,
    )
    show(told, *_replayed(told), json=json)
    raise typer.Exit(DONE if told.same else NOT_DONE)


def _decisions(found: Sequence[Decision], number: int) -> Sequence[Decision]:
    if not found:
        raise OneshelfError(
            "not_found",
            f"Nothing is recorded about order {number}; expected at least one decision.",
            "Till sales are not sourced, and records are forgotten after 90 days.",
        )
    return found


def _changed(kept: Record, change: str) -> Record:
    parts = CHANGE.fullmatch(change)
    if parts is None:
        raise typer.BadParameter(f"{change!r} is not NODE:SKU=UNITS", param_hint="--set")
    node, sku = NodeId(parts["node"]), Sku(parts["sku"])
    if node not in kept.nodes or sku not in kept.skus:
        raise OneshelfError(
            "not_found",
            f"The record has no {sku!r} at {node!r}; expected one of {', '.join(kept.skus)} at one"
            f" of {', '.join(kept.nodes)}.",
            "Only what was weighed then can be changed.",
        )
    return with_stock(kept, node, sku, int(parts["units"]))


def _alike(then: Replayed, again: Replayed) -> bool:
    return sorted(then.parcels) == sorted(again.parcels) and then.cost_millis == again.cost_millis


def _told(decision: Decision) -> DecisionTold:
    kept = decision.record
    chosen = decided(kept)
    return DecisionTold(
        decision_id=decision.decision_id,
        kind=decision.kind,
        decided_at=decision.decided_at,
        policy_version=kept.policy_version,
        reason=kept.reason,
        currency=kept.currency,
        sentences=explain(kept),
        chosen=_plan(kept, chosen.parcels, chosen.cost_millis),
        others=[_plan(kept, other.parcels, other.cost_millis) for other in kept.others],
        rejections=kept.rejections,
    )


def _plan(kept: Record, parcels: Sequence[Sited], cost_millis: int) -> PlanTold:
    return PlanTold([_parcel(kept, *parcel) for parcel in parcels], cost_millis)


def _parcel(kept: Record, site: int, offer: int, units: tuple[int, ...]) -> ParcelTold:
    service = kept.offer_service[offer]
    return ParcelTold(
        node=kept.nodes[kept.problem["site_node"][site]],
        service=kept.services[service] if service >= 0 else None,
        units=units,
    )


def _parts(told: DecisionTold) -> Iterator[str | Table]:
    yield f"Decision {told.decision_id} ({told.kind}), {spoken(told.decided_at)}:"
    yield " ".join(told.sentences)
    yield table(
        "What else was possible",
        ("plan", "parcels", "cost", "more than chosen"),
        [
            (
                *(number, _words(plan), money(plan.cost_millis, told.currency)),
                money(_more(told, plan), told.currency),
            )
            for number, plan in enumerate([told.chosen, *told.others])
        ],
    )
    if told.rejections:
        yield table(
            "Who was out",
            ("reason", "nodes", "the first of them"),
            [
                (one.reason.replace("_", " "), one.nodes, "; ".join(one.names))
                for one in told.rejections
            ],
        )


def _more(told: DecisionTold, plan: PlanTold) -> int:
    return plan.cost_millis - told.chosen.cost_millis


def _words(plan: PlanTold) -> str:
    return "; ".join(
        f"{parcel.node} by {parcel.service or 'pickup'}: {'+'.join(map(str, parcel.units))}"
        for parcel in plan.parcels
    )


def _replayed(told: OrderReplayed) -> Iterator[str | Table]:
    asked = f" with {', '.join(told.changes)}" if told.changes else ""
    if told.same:
        yield f"Decided again{asked}: the same answer as then."
    elif told.again is None:
        yield f"Decided again{asked}: nothing serves the order any more."
    else:
        yield f"Decided again{asked}: another answer than then."
    rows = [("then", _words(told.then), money(told.then.cost_millis, told.currency))]
    if told.again is not None:
        rows.append(("again", _words(told.again), money(told.again.cost_millis, told.currency)))
    yield table(
        f"Decision {told.decision_id} of order {told.number}", ("", "parcels", "cost"), rows
    )
