"""When each node could send or hand over: cut-off, hours, handling, capacity, pickups. Pure.

A site is a node from a moment on: now, the launch of a product, the arrival of a receipt. It works
on the first of its working days whose cut-off (and closing) comes after that moment and that has
room for one more parcel; the parcel is ready after the handling time, in open minutes, and leaves
with the first pickup after that. A site sends one parcel; a node whose lines may go apart has
several sites on one day, or on the next day that has room.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import partial

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from oneshelf.base.calendars import instant, local_date
from oneshelf.matching.eligibility import Question, Sieve
from oneshelf.matching.sourcing.marks import every, some
from oneshelf.matching.stock_view import CapacityView, DatedSupply
from oneshelf.matching.timetable import NEVER, Schedule, Timetable, Work, to_instant, to_us
from oneshelf.matching.world import UNLIMITED, Ints, Marks, World

FULL = 3  # the delay of a node whose day is full; the others stand in timetable
NOT_YET = 4  # the goods are not there yet
LATER_SITES_MAX = 6  # moments considered at one node after now


class Sites(Struct, frozen=True):
    """Sites in rising node, then moment. stock[S, C]. ships_on[S, P] by pickup times.

    delay: why not today: NO_DELAY, PAST_CUT_OFF, CLOSED_TODAY, FULL, NOT_YET.
    """

    node: Ints
    stock: Ints
    release_us: Ints
    today: Ints
    work_on: Ints
    delay: Ints
    ships_on: Ints
    timetable: Timetable


@dataclass(frozen=True, slots=True)
class _Moment:
    """A later moment at one node, and what stands there then."""

    node: int
    release_us: int
    stock: Ints
    work: Work


@dataclass(frozen=True, slots=True)
class _Place:
    """A node, its shelf, and the day it works on what stands there now (0: nothing does)."""

    node: int
    shelf: Ints
    first_on: int


def build_sites(
    question: Question, sieve: Sieve, free: Ints, dated: Sequence[DatedSupply]
) -> Sites:
    """Return every site of the nodes still in; nodes that never work again go out."""
    now_us = to_us(question.request.now)
    timetable = question.world.timetable(question.request.now.toordinal())
    schedule = timetable.schedule(now_us)
    launches = question.wants.launches
    shelf = free
    if any(launches):
        shelf = free.copy()
        for column, launch in enumerate(launches):
            if launch:
                shelf[schedule.today[question.world.shift_of_node] < launch, column] = 0
    nodes = sieve.left()
    nodes = nodes[(shelf[nodes] > 0).any(axis=1)] if len(nodes) else nodes
    sites = _sites_now(question, nodes, shelf, schedule, timetable)
    lost = np.zeros(len(sieve.reason), np.bool_)
    lost[sites.node[sites.work_on == NEVER]] = True
    moments = _later(question, sieve, free, dated, sites) if dated or any(launches) else []
    if moments:
        sites = _with_moments(question, sites, moments, schedule)
        lost[[moment.node for moment in moments]] = False
    if some(lost):
        full = np.zeros(len(sieve.reason), np.bool_)
        full[sites.node[sites.delay == FULL]] = True
        sieve.reject(lost & full, "no_capacity")
        sieve.reject(lost, "closed")
    served = np.zeros(len(sieve.reason), np.bool_)
    served[sites.node] = True
    sieve.reject(~served, "too_late")
    works = sites.work_on < NEVER
    return sites if every(works) else chosen_sites(sites, works)


def pickup_day(question: Question, sites: Sites, site: int) -> int:
    """Return the local date from which the customer can fetch it; NEVER if the door stays shut."""
    shift = int(question.world.shift_of_node[sites.node[site]])
    ready = ready_us(question, sites, site)
    opened = None if ready is None else sites.timetable.open_from(shift, ready)
    if opened is None:
        return NEVER
    calendar = question.world.shifts[shift].calendar
    return local_date(calendar, to_instant(opened)).toordinal()


def ready_us(question: Question, sites: Sites, site: int) -> int | None:
    """Return the instant at which a parcel of this site is ready."""
    shift = int(question.world.shift_of_node[sites.node[site]])
    work = sites.timetable.work(shift, int(sites.release_us[site]), int(sites.work_on[site]))
    return None if work is None else work.ready_us


def room(question: Question, node: int, on: int) -> int:
    """Return how many parcels more a node can send on a day."""
    if question.strictness == "relaxed":
        return UNLIMITED
    return room_left(question.world, question.capacity, node, on)


def first_day(world: World, capacity: CapacityView, node: int, now: datetime) -> date | None:
    """Return the first day on which a node can work on one more parcel; None: none in reach."""
    timetable, shift = world.timetable(now.toordinal()), int(world.shift_of_node[node])
    left = partial(room_left, world, capacity, node)
    work = _first_with_room(timetable, shift, to_us(now), 0, left)
    return None if work is None else date.fromordinal(work.on)


def room_left(world: World, capacity: CapacityView, node: int, on: int) -> int:
    """Return how many parcels more fit into a day; below zero where sold orders overfilled it."""
    limit = int(world.parcels_per_day_max[node])
    column = on - capacity.first_on.toordinal()
    if limit == UNLIMITED or not 0 <= column < capacity.taken.shape[1]:
        return limit
    return limit - int(capacity.taken[node, column])


def _sites_now(
    question: Question, nodes: Ints, shelf: Ints, schedule: Schedule, timetable: Timetable
) -> Sites:
    """Return one site a node, for an order worked on from now."""
    shifts = question.world.shift_of_node[nodes]
    work_on, delay = schedule.work_on[shifts], schedule.delay[shifts]
    ships_on = schedule.ships_on[shifts]
    now_us = to_us(question.request.now)
    for place in full_places(question, nodes, work_on).tolist():
        work = _with_room(question, timetable, int(nodes[place]), now_us, 0)
        delay[place] = FULL
        work_on[place] = NEVER if work is None else work.on
        ships_on[place] = (
            NEVER if work is None else timetable.ships_on(int(shifts[place]), work.ready_us)
        )
    return Sites(
        node=nodes,
        stock=np.maximum(shelf[nodes], 0),
        release_us=np.full(len(nodes), now_us, np.int64),
        today=schedule.today[shifts],
        work_on=work_on,
        delay=delay,
        ships_on=ships_on,
        timetable=timetable,
    )


def full_places(question: Question, nodes: Ints, work_on: Ints) -> Ints:
    """Return the places of nodes whose work day has no room."""
    limits = question.world.parcels_per_day_max[nodes]
    limited = limits < UNLIMITED
    if question.strictness == "relaxed" or not some(limited):
        return np.zeros(0, np.int64)
    column = work_on - question.capacity.first_on.toordinal()
    taken = question.capacity.taken
    inside = limited & (column >= 0) & (column < taken.shape[1])
    counted = taken[nodes, np.where(inside, column, 0)] if taken.size else np.zeros_like(limits)
    full: Marks = limited & (work_on < NEVER) & (np.where(inside, counted, 0) >= limits)
    return full.nonzero()[0]


def _with_room(
    question: Question, timetable: Timetable, node: int, release_us: int, not_before: int
) -> Work | None:
    """Return the first day's work, on or after a day, that has room for a parcel."""
    shift = int(question.world.shift_of_node[node])
    return _first_with_room(timetable, shift, release_us, not_before, partial(room, question, node))


def _first_with_room(
    timetable: Timetable,
    shift: int,
    release_us: int,
    not_before: int,
    left: Callable[[int], int],
) -> Work | None:
    work = timetable.work(shift, release_us, not_before)
    while work is not None and left(work.on) < 1:
        work = timetable.work(shift, release_us, work.on + 1)
    return work


def _later(
    question: Question,
    sieve: Sieve,
    free: Ints,
    dated: Sequence[DatedSupply],
    sites: Sites,
) -> list[_Moment]:
    """Return the later moments of every node still in, in rising node and time."""
    supplies: dict[int, list[DatedSupply]] = {}
    for supply in dated:
        supplies.setdefault(supply.node, []).append(supply)
    launches = sorted({launch for launch in question.wants.launches if launch})
    nodes = sieve.left().tolist() if launches else sorted(supplies)
    first_on = dict(zip(sites.node.tolist(), sites.work_on.tolist(), strict=True))
    moments: list[_Moment] = []
    for node in nodes:
        if sieve.reason[node] == 0:
            at = _Place(node, np.maximum(free[node], 0), first_on.get(node, 0))
            moments += _moments_at(question, at, supplies.get(node, []), sites.timetable)
    return moments


def _moments_at(
    question: Question, at: _Place, supplies: Sequence[DatedSupply], timetable: Timetable
) -> list[_Moment]:
    """Return one node's later moments; those worked on the same day are one, the latest."""
    now_us = to_us(question.request.now)
    zone = question.world.nodes[at.node].calendar.time_zone
    launched = [
        to_us(instant(zone, date.fromordinal(launch), time(0))) if launch else 0
        for launch in question.wants.launches
    ]
    releases = sorted(
        {to_us(supply.due_at) for supply in supplies} | {day for day in launched if day > now_us}
    )
    moments: dict[int, _Moment] = {}
    for release_us in releases[:LATER_SITES_MAX]:
        stock = np.where([day <= release_us for day in launched], at.shelf, 0)
        for supply in supplies:
            due = max(to_us(supply.due_at), launched[supply.component])
            stock[supply.component] += supply.units if due <= release_us else 0
        start_us = max(release_us, now_us)
        work = _with_room(question, timetable, at.node, start_us, 0)
        if work is not None and work.on == at.first_on and room(question, at.node, work.on) == 1:
            work = _with_room(question, timetable, at.node, start_us, work.on + 1)
        if work is not None and stock.any():
            moments[work.on] = _Moment(at.node, start_us, stock, work)
    return list(moments.values())


def _with_moments(
    question: Question, sites: Sites, moments: Sequence[_Moment], schedule: Schedule
) -> Sites:
    """Return the sites and the moments as sites, sorted."""
    nodes = np.array([moment.node for moment in moments], np.int64)
    shifts = question.world.shift_of_node[nodes]
    joined = Sites(
        node=np.append(sites.node, nodes),
        stock=np.vstack([sites.stock, *(moment.stock for moment in moments)]),
        release_us=np.append(sites.release_us, [moment.release_us for moment in moments]),
        today=np.append(sites.today, schedule.today[shifts]),
        work_on=np.append(sites.work_on, [moment.work.on for moment in moments]),
        delay=np.append(sites.delay, [NOT_YET] * len(moments)),
        ships_on=np.vstack(
            [
                sites.ships_on,
                *(
                    sites.timetable.ships_on(int(shift), moment.work.ready_us)
                    for shift, moment in zip(shifts, moments, strict=True)
                ),
            ]
        ),
        timetable=sites.timetable,
    )
    order = np.lexsort((joined.release_us, joined.node))
    return chosen_sites(joined, order)


def standing_again(question: Question, sites: Sites, free: Ints) -> Sites:
    """Return sites on the shelf as of another order: with the stock and the instant of this one."""
    now_us = to_us(question.request.now)
    return Sites(
        node=sites.node,
        stock=np.maximum(free.take(sites.node, axis=0), 0),
        release_us=np.array([now_us]).repeat(len(sites.node)),
        today=sites.today,
        work_on=sites.work_on,
        delay=sites.delay,
        ships_on=sites.ships_on,
        timetable=sites.timetable,
    )


def chosen_sites(sites: Sites, chosen: Ints | Marks) -> Sites:
    """Return these sites, in this order."""
    return Sites(
        node=sites.node[chosen],
        stock=sites.stock[chosen],
        release_us=sites.release_us[chosen],
        today=sites.today[chosen],
        work_on=sites.work_on[chosen],
        delay=sites.delay[chosen],
        ships_on=sites.ships_on[chosen],
        timetable=sites.timetable,
    )


def going_apart(question: Question, sites: Sites, sends: Marks, carried: Marks) -> Sites:
    """Return the sites, each as often as it may send parcels at once.

    sends[S, L]: whether the site has a unit of the line and may send it. carried[V, L]: by each
    service that comes.
    """
    kind_of_line = np.unique(carried, axis=1, return_inverse=True)[1].ravel()
    kinds = np.arange(kind_of_line.max() + 1)
    of_kind = sends @ (kind_of_line[:, None] == kinds)
    times = np.clip(of_kind.sum(axis=1), 1, question.policy.parcels_max)
    if times.max(initial=1) == 1:
        return sites
    order = np.arange(len(times)).repeat(times)
    again = np.append(np.False_, order[1:] == order[:-1])
    several = chosen_sites(sites, order)
    return _with_room_for_each(question, several, again)


def _with_room_for_each(question: Question, sites: Sites, again: Marks) -> Sites:
    """Move each further parcel of a node to the first day that still has room for it."""
    limited = question.world.parcels_per_day_max[sites.node] < UNLIMITED
    moving = (again & limited).nonzero()[0].tolist() if question.strictness != "relaxed" else []
    if not moving:
        return sites
    work_on, delay, ships_on = sites.work_on.copy(), sites.delay.copy(), sites.ships_on.copy()
    first = zip(sites.node[~again].tolist(), work_on[~again].tolist(), strict=True)
    parcels = Counter[tuple[int, int]](first)
    for site in moving:
        node, on = int(sites.node[site]), int(work_on[site])
        shift = int(question.world.shift_of_node[node])
        while on < NEVER and room(question, node, on) <= parcels[node, on]:
            work = _with_room(
                question, sites.timetable, node, int(sites.release_us[site]), not_before=on + 1
            )
            on = NEVER if work is None else work.on
            delay[site] = FULL
            if work is not None:
                ships_on[site] = sites.timetable.ships_on(shift, work.ready_us)
        work_on[site] = on
        parcels[node, on] += 1
    moved = replace(sites, work_on=work_on, delay=delay, ships_on=ships_on)
    return chosen_sites(moved, work_on < NEVER)
