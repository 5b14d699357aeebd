"""What happens to units that belong to order lines, until they leave or somebody else has them.

Verbs on lines do as much as the line has in that state and say how much that was, so a repeat
without a request's id moves at most what is still there.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from msgspec.structs import replace

from oneshelf.base.database import Transaction
from oneshelf.base.errors import ContendedError
from oneshelf.base.identifiers import LineId
from oneshelf.base.outbox import announce
from oneshelf.inventory.claims.actions import (
    Withdrawn,
    drop_locked,
    find_waiting_skus_of,
    lock_for_serving,
    require_locked,
    serve_claims,
)
from oneshelf.inventory.facts import CommitmentLost, UnitsFoundAtTill
from oneshelf.inventory.ledger import Balance, Bound, Commitment, Movement, State, Step, StockPoint
from oneshelf.inventory.lines.handling import (
    LineUnits,
    Rejected,
    Returned,
    TillSale,
    choose,
    choose_each,
    latest_promised_first,
    less,
    shelf_order,
    step,
    take_from,
)
from oneshelf.inventory.reservations.actions import take_from_holds
from oneshelf.inventory.shelf.actions import (
    carry,
    find_commitments,
    find_shelves,
    lock_point_ids,
    lock_points,
    move,
    take_requests,
)

SOLD = "sold_at_till"
NOT_IN_STOCK = "not_in_stock"
SERIALISATION_FAILURE = "40001"
Freeable = Literal["committed", "promised"]
FREED: Mapping[Freeable, State] = {"committed": "available", "promised": "expected"}


def pick(tx: Transaction, picks: Sequence[LineUnits], now: datetime) -> list[LineUnits]:
    """Put committed units into a tote."""
    return _carry(tx, picks, ("committed", "picked", "picked"), now)


def unpick(tx: Transaction, picks: Sequence[LineUnits], now: datetime) -> list[LineUnits]:
    """Put picked units back on the shelf; they still belong to the line."""
    return _carry(tx, picks, ("picked", "committed", "unpicked"), now)


def ship(tx: Transaction, parcels: Sequence[LineUnits], now: datetime) -> list[LineUnits]:
    """Give picked units to a carrier: they leave the house."""
    return _carry(tx, parcels, ("picked", "outside", "shipped"), now)


def hand_over(tx: Transaction, pickups: Sequence[LineUnits], now: datetime) -> list[LineUnits]:
    """Give picked units to the customer at the counter."""
    return _carry(tx, pickups, ("picked", "outside", "handed_over"), now)


def uncommit(
    tx: Transaction,
    units: Sequence[LineUnits],
    state: Freeable,
    now: datetime,
    *,
    within: Mapping[StockPoint, Balance] | None = None,
) -> list[LineUnits]:
    """Free units of lines in one state: the older claims get them first, then anyone.

    Promised units go back to their receipt lines (`node` is where they are due). within: what the
    caller locked for serving already.
    """
    return _carry(tx, units, (state, FREED[state], "given_up"), now, within)


def cancel_lines(
    tx: Transaction,
    line_ids: Collection[LineId],
    now: datetime,
    *,
    within: Mapping[StockPoint, Balance] | None = None,
) -> None:
    """Free everything the lines have and let them wait for nothing; serve older claims.

    What is in a tote stays there until somebody puts it back. within: what the caller locked for
    serving already.
    """
    skus = find_waiting_skus_of(tx, line_ids)
    points = {one.point for one in find_commitments(tx, line_ids)}
    locked = lock_for_serving(tx, points, now, skus=skus) if within is None else within
    require_locked(points, locked)
    if skus:
        drop_locked(tx, [Withdrawn(line_id) for line_id in line_ids])
    carry(
        tx,
        [
            step(
                one, "expected" if one.state == "promised" else "available", one.units, "cancelled"
            )
            for one in find_commitments(tx, line_ids)
            if one.point in locked and one.state != "picked"
        ],
        now,
    )
    serve_claims(tx, locked, now, skus=skus, settling=line_ids if skus else ())


def return_to_stock(tx: Transaction, returns: Sequence[Returned], now: datetime) -> None:
    """Take units back from outside, for sale, damaged or to be checked; serve older claims."""
    fresh = take_requests(tx, {one.request for one in returns}, now)
    new = list({one.request: one for one in returns if one.request in fresh}.values())
    locked = lock_for_serving(tx, {one.point for one in new}, now)
    move(
        tx,
        [
            Movement(
                point=locked[one.point].point_id,
                source="outside",
                target=one.condition,
                units=one.units,
                reason="returned",
                subject=f"line:{one.line_id}" if one.line_id else "",
            )
            for one in new
        ],
        now,
    )
    serve_claims(tx, locked, now)


def sell_at_till(tx: Transaction, sales: Sequence[TillSale], now: datetime) -> None:
    """Let units leave at once; announce who lost theirs, and units that no shelf showed.

    From what is available, else from the hold that lapses last, else from the commitment promised
    latest, never from a tote; what is still missing is found at the till.
    """
    fresh = take_requests(tx, {sale.request for sale in sales}, now)
    new = list({sale.request: sale for sale in sales if sale.request in fresh}.values())
    if not new:
        return
    shelves = find_shelves(tx, {(sale.point.sku, sale.point.node) for sale in new})
    locked = lock_points(tx, {sale.point for sale in new} | set(shelves), now)
    available = {point: balance.available for point, balance in locked.items()}
    sold: list[Movement] = []
    missing: dict[StockPoint, list[tuple[TillSale, int]]] = {}
    for sale in new:
        left = sale.units
        for point in shelf_order(locked, sale.point):
            if units := min(left, available[point]):
                left -= units
                available[point] -= units
                sold.append(_sold(sale, locked[point], units))
        if left:
            missing.setdefault(sale.point, []).append((sale, left))
    needs = [
        (sum(units for _, units in short), [locked[point] for point in shelf_order(locked, place)])
        for place, short in missing.items()
    ]
    steps, held, unmet = find_losers(tx, needs, SOLD, now)
    for place, left in zip(missing, unmet, strict=True):
        if left:
            sale = missing[place][-1][0]
            found = Movement(locked[place].point_id, "outside", "available", left, "found_at_till")
            sold += [found, _sold(sale, locked[place], left)]
            announce(tx, [UnitsFoundAtTill(place.sku, place.node, left)], now)
    carry(tx, steps, now, sold + held)
    announce_lost(tx, steps, locked, now)


def find_losers(
    tx: Transaction, needs: Sequence[tuple[int, Sequence[Balance]]], reason: str, now: datetime
) -> tuple[list[Step], list[Movement], list[int]]:
    """Take units that are not there from holds that lapse last, then commitments promised latest.

    needs: so many units from any of these locked points. Never from a tote. Returns the steps and
    movements for the caller's `carry`, and how many units of each need nobody had to lose.
    """
    points = [balance.point_id for _, balances in needs for balance in balances]
    standing = find_commitments(tx, point_ids=points) if points else []
    taken: list[tuple[Commitment, int]] = []
    movements: list[Movement] = []
    unmet = []
    for units, balances in needs:
        left = units
        for balance in balances:
            held = take_from_holds(tx, {balance.point_id: left}, reason, now)
            left -= sum(movement.units for movement in held)
            movements += held
        there = {balance.point_id for balance in balances}
        losers = [one for one in latest_promised_first(standing) if one.point_id in there]
        lost = take_from(losers, left)
        standing = less(standing, lost)
        taken += lost
        unmet.append(left - sum(part for _, part in lost))
    return [step(one, "outside", part, reason) for one, part in taken], movements, unmet


def reject(tx: Transaction, rejections: Sequence[Rejected], now: datetime) -> int:
    """Take units of lines that could not be picked off the books, by reason.

    not_in_stock empties the shelf points of the units: what is free, held or belongs to other lines
    there is lost too, but not what lies in totes, damaged or on quality hold. Announces who lost
    units. Returns how many units the lines lost: a shelf may have lost them before.
    """
    fresh = take_requests(tx, {one.request for one in rejections}, now)
    new = list({one.request: one for one in rejections if one.request in fresh}.values())
    lines = [one.line_id for one in new]
    points = {one.point for one in find_commitments(tx, lines) if one.state != "promised"}
    locked = lock_points(tx, points, now)
    standing = [one for one in find_commitments(tx, lines) if one.point in locked]
    taken: list[tuple[Commitment, int, Rejected]] = []
    for one in new:
        wanted = LineUnits(one.line_id, one.node, one.units, one.sku)
        chosen = choose(standing, wanted, "committed")
        standing = less(standing, chosen)
        taken += [(commitment, units, one) for commitment, units in chosen]
    steps = [
        step(one, "damaged" if why.reason in {"damaged", "worn"} else "outside", units, why.reason)
        for one, units, why in taken
    ]
    empty = [locked[one.point] for one, _, why in taken if why.reason == NOT_IN_STOCK]
    empty = list({balance.point_id: balance for balance in empty}.values())
    here = find_commitments(tx, point_ids=[balance.point_id for balance in empty])
    others = [
        one
        for one in less(here, [(one, units) for one, units, _ in taken])
        if one.state == "committed"
    ]
    steps += [step(one, "outside", one.units, NOT_IN_STOCK) for one in others]
    needs = {balance.point_id: balance.reserved for balance in empty if balance.reserved}
    lost = take_from_holds(tx, needs, NOT_IN_STOCK, now)
    if sum(movement.units for movement in lost) != sum(needs.values()):
        raise ContendedError(SERIALISATION_FAILURE)
    lost += [
        Movement(balance.point_id, "available", "outside", balance.available, NOT_IN_STOCK)
        for balance in empty
        if balance.available
    ]
    carry(tx, steps, now, lost)
    announce_lost(tx, steps, locked, now)
    return sum(units for _, units, _ in taken)


def _sold(sale: TillSale, balance: Balance, units: int) -> Movement:
    subject = f"line:{sale.line_id}" if sale.line_id else ""
    return Movement(balance.point_id, "available", "outside", units, SOLD, subject)


def announce_lost(
    tx: Transaction,
    steps: Iterable[Step],
    locked: Mapping[StockPoint, Balance],
    now: datetime,
) -> None:
    """Tell the orders whose lines lost units."""
    place = {balance.point_id: balance.point for balance in locked.values()}
    facts = [
        CommitmentLost(
            order_id=one.order_id,
            line_id=one.line_id,
            node=place[one.point_id].node,
            sku=place[one.point_id].sku,
            units=one.units,
            reason=one.reason,
        )
        for one in steps
    ]
    announce(tx, facts, now)


def _carry(
    tx: Transaction,
    wanted: Sequence[LineUnits],
    way: tuple[Bound, State, str],
    now: datetime,
    within: Mapping[StockPoint, Balance] | None = None,
) -> list[LineUnits]:
    source, target, reason = way
    fresh = take_requests(tx, {one.request for one in wanted if one.request}, now)
    seen = set[UUID]()
    new = []
    for one in wanted:
        if one.request is None or (one.request in fresh and one.request not in seen):
            new.append(one)
            seen |= {one.request} if one.request else set()
    lines = {one.line_id for one in new}
    nodes = {one.node for one in new}
    there = [
        one
        for one in find_commitments(tx, lines)
        if one.state == source and one.point.node in nodes
    ]
    points = {one.point for one in there}
    if within is not None:
        locked = within
    elif target in {"available", "expected"}:
        locked = lock_for_serving(tx, points, now)
    else:
        locked = lock_point_ids(tx, {one.point_id for one in there}, now)
    require_locked(points, locked)
    standing = [one for one in find_commitments(tx, lines) if one.point in locked]
    taken = choose_each(standing, new, source)
    steps = [step(one, target, units, reason) for mine in taken for one, units in mine]
    carry(tx, steps, now)
    if target in {"available", "expected"}:
        serve_claims(tx, locked, now)
    return [
        replace(one, units=sum(units for _, units in mine))
        for one, mine in zip(new, taken, strict=True)
    ]
