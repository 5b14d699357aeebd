"""What became of lines that looked for a source, as facts. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import groupby

from oneshelf.base.identifiers import LineId, OrderId
from oneshelf.orders.facts import LinesBackordered, LinesSourced, LinesUnsourced, PromiseChanged
from oneshelf.orders.lifecycle import Status
from oneshelf.orders.progress.order_state import OrderState
from oneshelf.orders.progress.quantities import Move
from oneshelf.orders.resourcing.asking import promise

Outcome = LinesSourced | LinesBackordered | LinesUnsourced


def outcomes(moves: Sequence[Move], after: Mapping[OrderId, OrderState]) -> list[Outcome]:
    """Tell for each order which lines got units, which wait for a date, and which have nothing."""
    found: list[Outcome] = []
    for order_id, group in groupby(sorted(moves, key=_order), key=_order):
        theirs = list(group)
        if sourced := _lines(theirs, "sourced"):
            parcels = after[order_id].parcels
            into = {move.parcel_id_after for move in theirs if move.status == "sourced"}
            nodes = {parcel.node for number, parcel in parcels.items() if number in into}
            reason = next(m.reason for m in theirs if m.status == "sourced")
            found.append(LinesSourced(order_id, sourced, tuple(sorted(nodes)), reason))
        if backordered := _lines(theirs, "backordered"):
            found.append(LinesBackordered(order_id, backordered))
        bare = Counter[LineId]()
        for move in theirs:
            bare[move.line_id] += move.units * (
                (move.status == "unsourced") - (move.was == "unsourced")
            )
        if unsourced := tuple(sorted(line_id for line_id, units in bare.items() if units > 0)):
            reason = next(m.reason for m in theirs if m.status == "unsourced")
            found.append(LinesUnsourced(order_id, unsourced, reason))
    return found


def new_promises(
    orders: Mapping[OrderId, OrderState], reason: str
) -> tuple[dict[OrderId, date | None], list[PromiseChanged]]:
    """Return the days of orders whose promise is another one now, and the facts that say so."""
    days: dict[OrderId, date | None] = {}
    for order_id, order in orders.items():
        day = promise(order)
        if day != order.head.promised_on:
            days[order_id] = day
    facts = [
        PromiseChanged(order_id, orders[order_id].head.promised_on, day, reason)
        for order_id, day in days.items()
    ]
    return days, facts


def _order(move: Move) -> OrderId:
    return move.order_id


def _lines(moves: Sequence[Move], status: Status) -> tuple[LineId, ...]:
    return tuple(sorted({move.line_id for move in moves if move.status == status}))
