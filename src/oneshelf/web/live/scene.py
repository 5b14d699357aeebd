"""What stands on the live page, part by part, ready to be drawn."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from hashlib import blake2b
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from oneshelf.base.database import Transaction
from oneshelf.base.identifiers import Sku
from oneshelf.base.policies import read_policy
from oneshelf.inventory.buffers import BufferPolicy
from oneshelf.matching.decision_record import decode
from oneshelf.matching.explanation import explain
from oneshelf.orders.facts import OrderPlaced
from oneshelf.simulation.retailer.packaged import outcodes
from oneshelf.web.live import reads, words
from oneshelf.web.live.drawing import (
    DESK_FONT,
    PHONE_FONT,
    Label,
    Marker,
    Projection,
    draw_arc,
    draw_land,
    mark,
    place_labels,
    project,
    short_names,
)
from oneshelf.web.live.selling import Sight, see

BRITISH = frozenset({"GB", "IM", "JE", "GG"})
ARC_LIFE_S = 60.0
SHELVES_SHOWN = 16
OTHERS_TOLD_MAX = 4
UNKNOWN_KIND = "file"


@dataclass(frozen=True, slots=True)
class Stage:
    """What seldom changes: places, channels, the map.

    clock_speed: of a demo's clock; None: the time is real.
    """

    places: Mapping[str, reads.Place]
    names: Mapping[str, str]
    streams: Mapping[str, reads.Stream]
    zone: ZoneInfo
    clock_speed: float | None
    projection: Projection
    land: str
    markers: tuple[Marker, ...]
    desk_labels: tuple[Label, ...]
    phone_labels: tuple[Label, ...]

    def name_of(self, node: str | None) -> str:
        """Return what a place is called."""
        return self.names.get(node or "", node or "")

    def kind_of(self, channel: str) -> str:
        """Return the kind of a channel, which is its colour."""
        stream = self.streams.get(channel)
        return stream.kind if stream else UNKNOWN_KIND

    def today(self, now: datetime) -> date:
        """Return the retailer's date."""
        return now.astimezone(self.zone).date()

    def midnight(self, now: datetime) -> datetime:
        """Return when the retailer's day began."""
        return datetime.combine(self.today(now), time(), self.zone)

    def ground(self) -> str:
        """Return a fingerprint of what a page must be loaded anew for."""
        drawn = repr((self.projection, sorted(self.places), sorted(self.streams)))
        return blake2b(drawn.encode(), digest_size=6).hexdigest()

    def colours(self) -> dict[str, str]:
        """Return the channels' names by kind: the map's key."""
        by_kind: dict[str, str] = {}
        for stream in self.streams.values():
            by_kind.setdefault(stream.kind, stream.name)
        return by_kind


class Arc(msgspec.Struct, frozen=True):
    """An order on the map: bows to its destination, or a ring around the place that serves it."""

    id: int
    kind: str
    age_s: float
    bows: list[str]
    end: tuple[float, float] | None
    rings: list[tuple[float, float, float]]


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One line of the feed."""

    number: int
    kind: str
    channel: str
    at: str
    lines: str
    served: str
    tone: words.Tone
    promised: str


@dataclass(frozen=True, slots=True)
class Decision:
    """The last decision in words. others: what was weighed against it."""

    number: int
    channel: str
    kind: str
    chosen: str
    others: str


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a bar, in hundredths of its width."""

    state: str
    start: float
    width: float


@dataclass(frozen=True, slots=True)
class Bar:
    """One place's units of a SKU."""

    name: str
    free: int
    total: int
    said: str
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Shelf:
    """One SKU as every channel sees it. more: places that are not shown, and their free units."""

    article: reads.Article
    sights: tuple[Sight, ...]
    bars: tuple[Bar, ...]
    more: tuple[int, int]
    parts: tuple[reads.Article, ...]


def set_stage(tx: Transaction, before: Stage | None) -> Stage:
    """Look at everything that seldom changes. Reads all stock once.

    before: keeps the ground under the page as long as the places are the same.
    """
    places: dict[str, reads.Place] = {place.node_id: place for place in reads.read_places(tx)}
    spots = [(place.latitude, place.longitude) for place in places.values()]
    if before is not None and before.places == places:
        projection, land = before.projection, before.land
    else:
        dots = _find_land(tx, places.values())
        projection = project(dots, spots)
        land = draw_land(projection, dots)
    names = short_names((place.node_id, place.name, place.city) for place in places.values())
    markers = mark(
        projection,
        (
            (place.node_id, names[place.node_id], place.kind, place.latitude, place.longitude)
            for place in places.values()
        ),
        reads.read_stock_by_node(tx),
    )
    return Stage(
        places=places,
        names=names,
        streams={stream.channel_id: stream for stream in reads.read_streams(tx)},
        zone=_zone(reads.read_time_zone(tx)),
        clock_speed=reads.read_clock_speed(tx),
        projection=projection,
        land=land,
        markers=markers,
        desk_labels=place_labels(projection, markers, DESK_FONT),
        phone_labels=place_labels(projection, markers, PHONE_FONT),
    )


def _find_land(tx: Transaction, places: Collection[reads.Place]) -> list[tuple[float, float]]:
    if places and {place.country for place in places} <= BRITISH:
        return [(outcode.latitude, outcode.longitude) for outcode in outcodes()]
    return reads.read_destinations(tx)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def draw_arcs(stage: Stage, facts: Iterable[reads.FreshFact], now: datetime | None) -> list[Arc]:
    """Draw placed orders, the oldest first. now: for the age of facts of before; None: all new."""
    speed = stage.clock_speed or 1.0
    arcs = []
    for fact in facts:
        if fact.name != OrderPlaced.__name__:
            continue
        placed = msgspec.json.decode(fact.body, type=OrderPlaced)
        age_s = 0.0 if now is None else (now - fact.happened_at).total_seconds() / speed
        if age_s < ARC_LIFE_S:
            arcs.append(_arc(stage, int(fact.fact_id), placed, max(0.0, age_s)))
    return sorted(arcs, key=lambda arc: arc.id)


def _arc(stage: Stage, fact_id: int, placed: OrderPlaced, age_s: float) -> Arc:
    markers = {marker.node_id: marker for marker in stage.markers}
    serving = [markers[node] for node in dict.fromkeys(placed.nodes) if node in markers]
    end = None
    if placed.method == "ship" and placed.latitude is not None and placed.longitude is not None:
        end = stage.projection.spot(placed.latitude, placed.longitude)
    return Arc(
        id=fact_id,
        kind=stage.kind_of(placed.channel),
        age_s=round(age_s, 1),
        bows=[draw_arc((marker.x, marker.y), end) for marker in serving] if end else [],
        end=end,
        rings=[] if end else [(marker.x, marker.y, marker.radius) for marker in serving],
    )


def show_orders(tx: Transaction, stage: Stage, today: date) -> tuple[OrderRow, ...]:
    """Return the latest orders."""
    return tuple(_order_row(stage, order, today) for order in reads.read_latest_orders(tx))


def _order_row(stage: Stage, order: reads.ShownOrder, today: date) -> OrderRow:
    stream = stage.streams.get(order.channel)
    served, tone = words.fulfilment(
        order.method,
        order.statuses,
        [stage.name_of(node) for node in order.places],
        stage.name_of(order.node),
        order.promised_on,
        today,
    )
    shows_day = order.promised_on and order.method != "carried" and tone != "waiting"
    return OrderRow(
        number=order.order_id,
        kind=stage.kind_of(order.channel),
        channel=stream.name if stream else order.channel,
        at=order.placed_at.astimezone(stage.zone).strftime("%H:%M"),
        lines=words.count(order.lines, "line"),
        served=served,
        tone=tone,
        promised=words.short_day(order.promised_on, today)
        if order.promised_on and shows_day
        else "",
    )


def show_decision(tx: Transaction, stage: Stage) -> Decision | None:
    """Return the last decision; None before the first."""
    last = reads.read_last_decision(tx)
    if last is None:
        return None
    kept = decode(last.record)
    sentences = explain(kept)
    notes = sum(1 for parcel in kept.parcels if kept.notes.get(parcel.offer))
    chosen = len(kept.parcels) + notes + (len(kept.parcels) > 1) + len(kept.unserved)
    stream = stage.streams.get(last.channel)
    return Decision(
        number=last.order_id,
        channel=stream.name if stream else last.channel,
        kind=stage.kind_of(last.channel),
        chosen=" ".join(sentences[:chosen]),
        others=" ".join(sentences[chosen : chosen + OTHERS_TOLD_MAX]),
    )


def choose_article(tx: Transaction, stage: Stage, now: datetime) -> reads.Article | None:
    """Return what sold most today, or stands most; None in an empty shop."""
    found = reads.read_best_sellers(tx, stage.midnight(now))
    return found[0] if found else None


def show_shelf(tx: Transaction, stage: Stage, article: reads.Article) -> Shelf:
    """Return how one SKU stands and what each channel may sell of it."""
    shelves = [shelf for shelf in reads.read_shelves(tx, article.sku) if shelf.node in stage.places]
    policy, _ = read_policy(tx, "buffers", BufferPolicy, BufferPolicy())
    sights = see(
        tuple(stage.streams.values()),
        article,
        stage.places,
        shelves,
        reads.read_methods_off(tx, article.sku),
        policy,
    )
    order = {node: position for position, node in enumerate(stage.places)}
    fullest = sorted(shelves, key=lambda shelf: (-_total(shelf), order[shelf.node]))
    shown = sorted(fullest[:SHELVES_SHOWN], key=lambda shelf: order[shelf.node])
    rest = fullest[SHELVES_SHOWN:]
    return Shelf(
        article=article,
        sights=sights,
        bars=tuple(_bar(stage, shelf) for shelf in shown),
        more=(len(rest), sum(shelf.free for shelf in rest)),
        parts=tuple(reads.read_parts(tx, Sku(article.sku))) if article.is_kit else (),
    )


def _total(shelf: reads.ShelfStock) -> int:
    return shelf.free + shelf.in_cart + shelf.sold + shelf.picked


def _bar(stage: Stage, shelf: reads.ShelfStock) -> Bar:
    states = (
        ("free", shelf.free),
        ("in a cart", shelf.in_cart),
        ("sold", shelf.sold),
        ("picked", shelf.picked),
    )
    total, start, segments = _total(shelf), 0.0, []
    for state, units in states:
        if units:
            width = 100 * units / total
            segments.append(Segment(state.replace(" ", "-"), round(start, 2), round(width, 2)))
            start += width
    said = ", ".join(f"{units} {state}" for state, units in states if units) or "nothing"
    return Bar(stage.name_of(shelf.node), shelf.free, total, said, tuple(segments))


def promises_since(stage: Stage, now: datetime) -> datetime:
    """Return from when on orders count for the promises: older ones are somebody's exceptions."""
    return stage.midnight(now) - timedelta(days=14)
