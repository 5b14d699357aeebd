"""Put the house together: everything behind the doors, and the doors themselves."""

import re
import time
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from threading import Event

import msgspec
from litestar import Litestar, Response
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.response import Stream
from litestar.types import ASGIApp

from oneshelf.base.database import Database
from oneshelf.base.errors import OneshelfError
from oneshelf.catalog.access.keys import ApiKey
from oneshelf.web.batches.carts import holding
from oneshelf.web.batches.orders import placing
from oneshelf.web.catalog.keys_admin import DOORS as KEYS
from oneshelf.web.catalog.sheets import DOORS as SHEETS
from oneshelf.web.decoding import header_of
from oneshelf.web.doors import JSON, Door, HttpRequest, Visit
from oneshelf.web.edge import Edge, Enter, ShortWay
from oneshelf.web.events.doors import DOORS as EVENTS
from oneshelf.web.following import SafeTail
from oneshelf.web.health.doors import DOORS as HEALTH
from oneshelf.web.house import Crew, House
from oneshelf.web.keys import KeyRing, presented_key, require, unauthenticated
from oneshelf.web.limits import RateLimit
from oneshelf.web.live.doors import live_doors
from oneshelf.web.metrics import Metrics
from oneshelf.web.openapi import describe
from oneshelf.web.orders.changing import DOORS as CHANGING
from oneshelf.web.orders.erasing import DOORS as ERASING
from oneshelf.web.orders.explaining import DOORS as EXPLAINING
from oneshelf.web.orders.looking import DOORS as LOOKING
from oneshelf.web.orders.placing import DOORS as PLACING
from oneshelf.web.orders.promising import DOORS as PROMISING
from oneshelf.web.outbound.emptying import DOORS as EMPTYING
from oneshelf.web.outbound.returning import DOORS as RETURNING
from oneshelf.web.outbound.working import DOORS as WORKING
from oneshelf.web.pages.assets import DOORS as ASSETS
from oneshelf.web.pages.doors import DOORS as PAGES
from oneshelf.web.policies.doors import DOORS as POLICIES
from oneshelf.web.problems import answer_error
from oneshelf.web.snapshot import Snapshot
from oneshelf.web.stock.changing import DOORS as STOCK_CHANGES
from oneshelf.web.stock.looking import DOORS as STOCK
from oneshelf.web.stock.receiving import DOORS as RECEIVING
from oneshelf.web.stock.reserving import DOORS as RESERVING
from oneshelf.web.stock.selling import DOORS as SELLING

DOORS: tuple[Door, ...] = (
    *HEALTH,
    *PAGES,
    *ASSETS,
    *PLACING,
    *LOOKING,
    *CHANGING,
    *ERASING,
    *EXPLAINING,
    *PROMISING,
    *RESERVING,
    *STOCK,
    *SELLING,
    *STOCK_CHANGES,
    *RECEIVING,
    *WORKING,
    *EMPTYING,
    *RETURNING,
    *SHEETS,
    *POLICIES,
    *KEYS,
    *EVENTS,
)
THREADS = 12
WAITING_MAX = 200
LOOKOUT_WAITING_MAX = 8
CONNECTIONS_MAX = THREADS + 5  # the writers, the snapshot, the lookout, the live page
KNOCKS_AT_ONCE = 120
KNOCKS_PER_SECOND = 30.0
FOR_WATCHERS = ("/health/", "/metrics")  # open to the end
FOR_PROGRAMS = ("/api/", "/health/", "/metrics")  # pages and their files are for people
NAMED = re.compile(r"\{(\w+)\}")

Connection = ASGIConnection[object, object, object, State]


def furnish(database: Database) -> House:
    """Load what the doors share; make_application's start and stop run its threads.

    database: of CONNECTIONS_MAX connections, or visits wait for one.
    """
    tail = SafeTail()
    snapshot = Snapshot(database, tail)
    return House(
        database=database,
        snapshot=snapshot,
        placing=placing(database, snapshot),
        carts=holding(database, snapshot),
        keys=KeyRing(database),
        knocks=RateLimit(KNOCKS_AT_ONCE, KNOCKS_PER_SECOND),
        metrics=Metrics(),
        safe_tail=tail,
        crew=Crew(THREADS, WAITING_MAX, "door"),
        lookout=Crew(1, LOOKOUT_WAITING_MAX, "lookout"),
        stopping=Event(),
    )


def every_door(house: House) -> tuple[Door, ...]:
    """Return every door there is."""
    doors = (*DOORS, *live_doors(house))
    told = [door for door in doors if door.path.startswith(FOR_PROGRAMS)]
    return (*doors, about(msgspec.json.encode(describe(told, read_version()))))


def make_application(house: House) -> ASGIApp:
    """Return the application: every door guarded, every error a problem, every answer marked."""

    async def open_house() -> None:
        house.snapshot.start()
        house.placing.start()
        house.carts.start()

    async def close_house() -> None:
        await house.crew.go_on(house.finish)
        await house.crew.go_on(house.snapshot.stop)
        house.crew.stop()
        house.lookout.stop()

    doors = every_door(house)
    application = Litestar(
        [handler(door, house) for door in doors],
        guards=[partial(guard, house)],
        exception_handlers={Exception: answer_error},
        on_startup=[open_house],
        on_shutdown=[close_house],
        openapi_config=None,
        logging_config=None,
        debug=False,
    )
    entrances: dict[tuple[str, str], Enter] = {
        (door.method, door.path): partial(enter, house, door)
        for door in doors
        if door.way == "short"
    }
    return Edge(ShortWay(application, entrances), house.metrics)


def read_version() -> str:
    """Return the version of the installed package; a source tree that is not installed has none."""
    try:
        return version("oneshelf")
    except PackageNotFoundError:
        return "0"


def handler(door: Door, house: House) -> HTTPRouteHandler:
    """Return a door as the router knows it."""

    async def enter(request: HttpRequest) -> Response[bytes] | Stream:
        return await door.answer(Visit(request, house, key_of(request), door.body_bytes_max))

    route = HTTPRouteHandler(
        NAMED.sub(r"{\1:str}", door.path),
        http_method=door.method,
        status_code=door.status,
        opt={"door": door},
        name=f"{door.method} {door.path}",
    )
    return route(enter)


async def enter(house: House, door: Door, request: HttpRequest) -> Response[bytes]:
    """Guard a door and answer at it, without the router."""
    await admit(house, request, door)
    answer = await door.answer(Visit(request, house, key_of(request), door.body_bytes_max))
    if isinstance(answer, Stream):
        raise TypeError(f"{door.path} streams; only the router can")
    return answer


async def guard(house: House, connection: Connection, route: BaseRouteHandler) -> None:
    """Let nobody in who may not enter. Deny by default: a route that is not a door is closed."""
    door = route.opt.get("door")
    if not isinstance(door, Door):
        raise OneshelfError("forbidden", "This door is closed.")
    await admit(house, connection, door)


async def admit(house: House, connection: Connection | HttpRequest, door: Door) -> None:
    """Let in who may enter this door, or raise."""
    if house.stopping.is_set() and not door.path.startswith(FOR_WATCHERS):
        raise OneshelfError(
            "overloaded", "This server is stopping.", "Repeat the request; another one takes it."
        )
    authorization = header_of(connection.scope, b"authorization")
    if door.scope == "public":
        if not house.keys.knows(authorization):
            _limit(house, connection)
        return
    try:
        presented = presented_key(authorization)
        key = house.keys.remembered(presented)
        key = key or await house.keys.ask(presented, house.work)
        if key is None:
            raise unauthenticated("The key is unknown, revoked or wrong.")
    except OneshelfError as error:
        if error.code == "unauthenticated":
            _limit(house, connection)
        raise
    require(key, door.scope)
    connection.scope["user"] = key


def _limit(house: House, connection: Connection | HttpRequest) -> None:
    address = connection.client.host if connection.client else "unknown"
    if not house.knocks.allows(address, time.monotonic()):
        raise OneshelfError(
            "too_many_requests",
            f"More than {KNOCKS_PER_SECOND:g} requests a second came from {address}.",
            "Wait a second and knock again.",
        )


def key_of(request: HttpRequest) -> ApiKey | None:
    """Return who the guard let in."""
    user = request.scope.get("user")
    return user if isinstance(user, ApiKey) else None


def about(document: bytes) -> Door:
    """Return the door that describes the others."""

    async def tell(_visit: Visit) -> Response[bytes]:
        return Response(document, media_type=JSON)

    return Door(
        method="GET",
        path="/openapi.json",
        scope="public",
        does="Every door for programs, as OpenAPI 3.1",
        answer=tell,
    )
