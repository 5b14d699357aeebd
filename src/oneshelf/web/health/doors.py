"""Alive, ready, figures."""

import asyncio
from functools import partial

from litestar import Response

from oneshelf.base.errors import OneshelfError
from oneshelf.base.migrating import pending
from oneshelf.web.decoding import Shape
from oneshelf.web.doors import Door, Visit, respond
from oneshelf.web.health import reads
from oneshelf.web.health.reads import LongTransaction
from oneshelf.web.house import House

SNAPSHOT_LAG_S_MAX = 10.0
LOOK_S_MAX = 2.0  # a balancer soon takes silence for an answer
METRICS_MEDIA = "text/plain"


class Alive(Shape, frozen=True):
    """The process answers."""

    alive: bool


class Ready(Shape, frozen=True):
    """Whether this process can do its work, and what could hold it back.

    pending: changes of the tables that have not been made. snapshot_lag_s: how far the view of
    stock is behind. facts_read_to: the fact up to which it misses nothing. facts_unsafe: facts
    written above the safe id; readers wait for them. facts_parked: facts that a reaction failed
    on: a person should look.
    """

    ready: bool
    why_not: tuple[str, ...]
    database: bool
    pending: tuple[str, ...] = ()
    snapshot_lag_s: float | None = None
    facts_read_to: int = 0
    orders_waiting: int = 0
    carts_waiting: int = 0
    facts_unsafe: int = 0
    facts_parked: int = 0
    oldest_transaction: LongTransaction | None = None


async def tell_alive(_visit: Visit) -> Response[bytes]:
    """Answer without asking anybody."""
    return respond(Alive(alive=True))


async def tell_ready(visit: Visit) -> Response[bytes]:
    """Look at everything this process needs."""
    look = visit.house.lookout.begin(partial(examine, visit.house))
    try:
        found = await asyncio.wait_for(look, LOOK_S_MAX)
    except TimeoutError:
        found = Ready(ready=False, why_not=("database_slow",), database=False)
    return respond(found, 200 if found.ready else 503)


def examine(house: House) -> Ready:
    """Return how the house stands; never raises because the database does not answer."""
    try:
        missing = tuple(pending(house.database))
        if missing:
            return Ready(ready=False, why_not=("schema_outdated",), database=True, pending=missing)
        safe = house.safe_tail.look(house.database)
        with house.reading("health") as tx:
            last = reads.read_last_fact_id(tx)
            parked = reads.count_parked(tx)
            oldest = reads.find_oldest_transaction(tx)
    except OneshelfError as error:
        return Ready(
            ready=False,
            why_not=(error.code,),
            database=error.code != "database_unavailable",
            orders_waiting=house.placing.length(),
            carts_waiting=house.carts.length(),
        )
    lag_s = house.snapshot.lag_s()
    late = lag_s > SNAPSHOT_LAG_S_MAX
    return Ready(
        ready=not late and not house.stopping.is_set(),
        why_not=(("snapshot_late",) if late else ())
        + (("stopping",) if house.stopping.is_set() else ()),
        database=True,
        snapshot_lag_s=round(lag_s, 3),
        facts_read_to=house.snapshot.read_to(),
        orders_waiting=house.placing.length(),
        carts_waiting=house.carts.length(),
        facts_unsafe=max(0, last - safe),
        facts_parked=parked,
        oldest_transaction=oldest,
    )


async def tell_figures(visit: Visit) -> Response[bytes]:
    """Return what this process has counted."""
    visit.house.metrics.waiting.set(visit.house.placing.length())
    visit.house.metrics.carts_waiting.set(visit.house.carts.length())
    visit.house.metrics.lag.set(visit.house.snapshot.lag_s())
    return Response(visit.house.metrics.text(), media_type=f"{METRICS_MEDIA}; version=0.0.4")


DOORS = (
    Door(
        method="GET",
        path="/health/live",
        scope="public",
        does="Whether the process answers",
        answer=tell_alive,
        gives=Alive,
    ),
    Door(
        method="GET",
        path="/health/ready",
        scope="public",
        does="Whether it can work: database, tables, snapshot, safe id, oldest transaction",
        answer=tell_ready,
        gives=Ready,
    ),
    Door(
        method="GET",
        path="/metrics",
        scope="read:metrics",
        does="Figures for Prometheus",
        answer=tell_figures,
        gives_media=METRICS_MEDIA,
    ),
)
