"""Lost units with their new plan: what is locked, checked and written for them. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time

from msgspec import structs

from oneshelf.base.identifiers import LineId, NodeId, OrderId, ParcelId, PointId
from oneshelf.inventory.claims.serving import ClaimWish
from oneshelf.inventory.ledger import Balance, Source, StockPoint, Take
from oneshelf.matching.plan import Parcel, Plan
from oneshelf.matching.request import SourcingRequest
from oneshelf.orders.capture.drafting import Draw, Parts, Waiting
from oneshelf.orders.capture.writing import money_minor
from oneshelf.orders.progress.order_state import NewParcel, OrderState
from oneshelf.orders.progress.quantities import Move
from oneshelf.orders.resourcing.asking import Lost


@dataclass(frozen=True, slots=True)
class Replan:
    """Lost units of one order and what is to become of them.

    plan: None where nobody has them. waiting: units by line number that a claim waits for.
    accepting: nodes that may serve the claims, by line number.
    """

    order_id: OrderId
    lost: tuple[Lost, ...]
    request: SourcingRequest
    plan: Plan | None
    draws: tuple[Draw, ...]
    waiting: tuple[Waiting, ...]
    accepting: Mapping[int, frozenset[NodeId]]

    def parcels(self) -> tuple[Parcel, ...]:
        """Return the planned parcels."""
        return self.plan.parcels if self.plan else ()

    def points(self, parts: Parts) -> set[StockPoint]:
        """Return the points it takes from and those that its claims accept."""
        skus = {line.line_no: line.sku for line in self.request.lines}
        return {draw.point for draw in self.draws} | {
            StockPoint(part.sku, node)
            for wait in self.waiting
            for part in parts[skus[wait.line_no]]
            for node in self.accepting[wait.line_no]
        }


def without_plan(replan: Replan) -> Replan:
    """Return the same loss with no source: all its units wait."""
    waiting = tuple(Waiting(line.line_no, line.units, None) for line in replan.request.lines)
    return replace(replan, plan=None, draws=(), waiting=waiting)


def check(replans: Sequence[Replan], standing: Mapping[StockPoint, Balance]) -> list[Replan]:
    """Take each plan's units from what stands under the locks; a plan that lost them is none.

    What is sold already needs no room in a node's day, as in the plan itself.
    """
    left: dict[tuple[StockPoint, Source], int] = {}
    for point, balance in standing.items():
        left[point, "available"] = balance.available
        left[point, "expected"] = balance.expected
    checked: list[Replan] = []
    for replan in replans:
        units = Counter[tuple[StockPoint, Source]]()
        for draw in replan.draws:
            units[draw.point, draw.source] += draw.units
        if any(left.get(place, 0) < wanted for place, wanted in units.items()):
            checked.append(without_plan(replan))
            continue
        for place, wanted in units.items():
            left[place] -= wanted
        checked.append(replan)
    return checked


def new_parcels(order_id: OrderId, parcels: Iterable[Parcel]) -> list[NewParcel]:
    """Return the rows of planned parcels."""
    return [
        NewParcel(
            order_id=order_id,
            node=parcel.node,
            service=parcel.service,
            ready_at=parcel.ready_at,
            collected_at=parcel.collected_at,
            arrives_on=parcel.arrives_on,
            capacity_on=parcel.capacity_on,
            cost_millis=parcel.cost.millis(),
            cost_minor=money_minor(parcel),
        )
        for parcel in parcels
    ]


def moves(
    replan: Replan, lines: Mapping[int, LineId], parcel_ids: Sequence[ParcelId]
) -> list[Move]:
    """Return the moves of the lost units: away from their parcels, then into the new ones."""
    away = [lost.away() for lost in replan.lost]
    late = {(wait.parcel, wait.line_no): wait.units for wait in replan.waiting}
    into: list[Move] = []
    for position, parcel in enumerate(replan.parcels()):
        for line in parcel.units:
            waits = late.get((position, line.line_no), 0)
            arrived = Move(
                replan.order_id,
                lines[line.line_no],
                "unsourced",
                "sourced",
                line.units - waits,
                None,
                parcel_ids[position],
                "sourced_again",
            )
            into += [arrived] if arrived.units else []
            into += [structs.replace(arrived, status="backordered", units=waits)] if waits else []
    return away + into


def takes(
    replan: Replan, lines: Mapping[int, LineId], point_ids: Mapping[StockPoint, PointId]
) -> list[Take]:
    """Return the units that the plan takes, one row for each line, point and source."""
    taken = Counter[tuple[int, StockPoint, Source, date]]()
    for draw in replan.draws:
        arrives_on = replan.parcels()[draw.parcel].arrives_on
        taken[draw.line_no, draw.point, draw.source, arrives_on] += draw.units
    return [
        Take(lines[line_no], replan.order_id, point_ids[point], units, source, instant(arrives_on))
        for (line_no, point, source, arrives_on), units in taken.items()
    ]


def claims(
    replan: Replan, order: OrderState, lines: Mapping[int, LineId], parts: Parts
) -> list[ClaimWish]:
    """Return the claims of the units that wait."""
    skus = {line.line_no: line.sku for line in replan.request.lines}
    days = [parcel.arrives_on for parcel in replan.parcels()]
    return [
        ClaimWish(
            line_id=lines[wait.line_no],
            order_id=replan.order_id,
            sku=skus[wait.line_no],
            parts=parts[skus[wait.line_no]],
            units=wait.units,
            nodes=replan.accepting[wait.line_no],
            promised_at=None if wait.parcel is None else instant(days[wait.parcel]),
            serving="together" if order.head.splitting == "together" else "as_it_comes",
            method=replan.request.method,
        )
        for wait in replan.waiting
    ]


def instant(on: date) -> datetime:
    """Return the beginning of a day, as claims are sorted by instants."""
    return datetime.combine(on, time.min, UTC)
