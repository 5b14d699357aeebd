"""`oneshelf promise`: what a shopper could be promised now. Takes nothing."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Annotated

import msgspec
import typer
from rich.table import Table

from oneshelf.base.clock import read_now
from oneshelf.base.errors import OneshelfError
from oneshelf.base.identifiers import ChannelId, NodeId, Sku
from oneshelf.matching.outlook import Outlook
from oneshelf.matching.plan import LineUnits, Refusal, Rejection
from oneshelf.matching.request import Destination
from oneshelf.matching.watching.actions import Watch
from oneshelf.orders.canonical import DeliveryPlace
from oneshelf.orders.capture.asking import sourcing_request
from oneshelf.simulation.retailer.packaged import outcodes
from oneshelf.web.commands.opening import transaction
from oneshelf.web.commands.printing import DONE, NOT_DONE, Json, amount, show, table
from oneshelf.web.orders.promising import PromiseAsked, PromiseOption, WantedLine, option_told

PACKAGED_COUNTRY = "GB"
UNITS_MAX = 100_000


class RefusalTold(msgspec.Struct, frozen=True):
    """Why nothing can be promised. missing: units of lines that nobody has."""

    reason: str
    missing: tuple[LineUnits, ...]
    rejections: tuple[Rejection, ...]


class PromiseTold(msgspec.Struct, frozen=True):
    """What can be chosen, or why nothing can."""

    asked_at: datetime
    currency: str
    options: tuple[PromiseOption, ...]
    refusal: RefusalTold | None


def promise(  # noqa: PLR0913 - each parameter is an option that a person may write
    wanted: Annotated[
        list[str], typer.Argument(metavar="SKU[:UNITS]...", help="What is wanted; 1 unit each.")
    ],
    *,
    channel: Annotated[str, typer.Option("--channel", help="Which channel asks.")],
    to: Annotated[str | None, typer.Option("--to", help="Send it to this postcode.")] = None,
    pickup: Annotated[
        str | None, typer.Option("--pickup", help="The customer comes to this node.")
    ] = None,
    country: Annotated[
        str, typer.Option("--country", help="Of the postcode, two letters.")
    ] = PACKAGED_COUNTRY,
    at: Annotated[
        str | None,
        typer.Option("--at", help="LATITUDE,LONGITUDE of a postcode that is not known here."),
    ] = None,
    json: Json = False,
) -> None:
    """Show what a shopper could be promised now: dates, costs, parcels, and why not more.

    Nothing is held or written. Exits with 1 if nothing can be promised.
    """
    if (to is None) == (pickup is None):
        raise typer.BadParameter("say either --to POSTCODE or --pickup NODE")
    lines = tuple(_line(text) for text in wanted)
    with transaction("promise") as tx:
        now = read_now(tx)
        outlook = Watch(tx, now).outlook
    _check(outlook, ChannelId(channel), [line.sku for line in lines], pickup)
    asked = PromiseAsked(
        channel=ChannelId(channel),
        method="pickup" if pickup else "ship",
        lines=lines,
        node=NodeId(pickup) if pickup else None,
        place=None if to is None else _place(outlook, to, country, at),
        backorder="accepted",
    )
    asking = outlook.channels[asked.channel]
    answer = outlook.promise(sourcing_request(asked.order(asking), asking, now))
    refusal = answer if isinstance(answer, Refusal) else None
    told = PromiseTold(
        asked_at=now,
        currency=asking.currency,
        options=() if isinstance(answer, Refusal) else tuple(option_told(one) for one in answer),
        refusal=RefusalTold(refusal.reason, refusal.missing, refusal.rejections)
        if refusal
        else None,
    )
    show(told, *_parts(told), json=json)
    raise typer.Exit(NOT_DONE if refusal else DONE)


def _line(text: str) -> WantedLine:
    sku, colon, units = text.rpartition(":")
    if not colon:
        return WantedLine(sku=Sku(text), units=1)
    if not units.isdecimal() or not 0 < int(units) <= UNITS_MAX:
        raise typer.BadParameter(f"{text!r} is not SKU:UNITS with 1 to {UNITS_MAX} units")
    return WantedLine(sku=Sku(sku), units=int(units))


def _check(outlook: Outlook, channel: ChannelId, skus: Sequence[Sku], pickup: str | None) -> None:
    unknown = [f"SKU {sku!r}" for sku in skus if sku not in outlook.world.products]
    if channel not in outlook.channels:
        unknown.append(f"channel {channel!r}")
    if pickup and NodeId(pickup) not in outlook.world.node_index:
        unknown.append(f"node {pickup!r}")
    if unknown:
        raise OneshelfError(
            "not_found",
            f"The catalog has no {', no '.join(unknown)}; expected names that it knows.",
            "`oneshelf export products` (channels, nodes) lists them.",
        )


def _place(outlook: Outlook, postcode: str, country: str, at: str | None) -> DeliveryPlace:
    asked = Destination(country, postcode, 0, 0)
    middle = _coordinates(at) if at else _packaged(asked) or _beside_a_node(outlook, asked)
    if middle is None:
        raise OneshelfError(
            "not_found",
            f"Nobody here knows where {postcode!r} in {country} is; expected a known district.",
            "Say where it is by --at LATITUDE,LONGITUDE.",
        )
    latitude, longitude = middle
    district = asked.postcode_area()
    return DeliveryPlace(country=country, postcode=district, latitude=latitude, longitude=longitude)


def _coordinates(text: str) -> tuple[float, float]:
    latitude, _, longitude = text.partition(",")
    try:
        return float(latitude), float(longitude)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not LATITUDE,LONGITUDE") from error


def _packaged(place: Destination) -> tuple[float, float] | None:
    if place.country != PACKAGED_COUNTRY:
        return None
    area = place.postcode_area()
    found = (code for code in outcodes() if code.code == area)
    return next(((code.latitude, code.longitude) for code in found), None)


def _beside_a_node(outlook: Outlook, place: Destination) -> tuple[float, float] | None:
    for node in outlook.world.nodes:
        there = Destination(node.country, node.postcode, node.latitude, node.longitude)
        same = there.postcode_area() == place.postcode_area()
        if same and node.country == place.country:
            return node.latitude, node.longitude
    return None


def _parts(told: PromiseTold) -> Iterator[str | Table]:
    if told.refusal:
        yield f"Nothing can be promised: {_words(told.refusal.reason)}."
        for missing in told.refusal.missing:
            yield f"Line {missing.line_no}: {missing.units:,} units stand nowhere."
        rows = [
            (_words(one.reason), len(one.nodes), ", ".join(one.nodes[:5]))
            for one in told.refusal.rejections
        ]
        yield table("Why not from where", ("reason", "nodes", "the first of them"), rows)
    for number, option in enumerate(told.options, 1):
        best_for = ", ".join(_words(one) for one in option.preferences)
        yield table(
            f"Option {number} ({best_for}): everything on {option.arrives_on},"
            f" costs {amount(option.cost_minor, told.currency)}, chosen as {_words(option.reason)}",
            ("from", "service", "lines", "ready", "arrives", "cost"),
            [
                (
                    *(one.node, one.service or "pickup"),
                    ", ".join(f"{part.units} of line {part.line_no}" for part in one.lines),
                    *(one.ready_at, one.arrives_on, amount(one.cost_minor)),
                )
                for one in option.parcels
            ],
        )


def _words(code: str) -> str:
    return code.replace("_", " ")
