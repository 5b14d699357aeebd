"""The map: land, places, labels and arcs as SVG geometry, in units of the drawing. Pure.

The drawing is 560 units wide for a country as tall as Britain: about a pixel each on a desk.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import cos, hypot, radians, sqrt
from typing import Literal

WIDTH_MAX, HEIGHT_MAX = 560.0, 880.0
MARGIN = 22.0
FAR_SHARE = 0.008  # of the dots on each side: islands so far out that they would shrink the rest
ROOMY_PLACES_MAX = 40  # with more of them, markers shrink
BEND = 0.2  # of an arc's length
LETTER_WIDTH = 0.58  # of the font's size, on average
DESK_FONT, PHONE_FONT = 11.5, 17.5

Spot = tuple[float, float]
Side = Literal["right", "left", "above", "below"]
ANCHORS: Mapping[Side, str] = {
    "right": "start",
    "left": "end",
    "above": "middle",
    "below": "middle",
}


@dataclass(frozen=True, slots=True)
class Projection:
    """Degrees to units; a plain cylinder through the middle is true enough for one country."""

    west: float
    north: float
    per_degree_east: float
    per_degree_south: float
    width: float
    height: float

    def spot(self, latitude: float, longitude: float) -> Spot:
        """Return where it lies; what lies outside the frame stands at its edge."""
        x = MARGIN + (longitude - self.west) * self.per_degree_east
        y = MARGIN + (self.north - latitude) * self.per_degree_south
        return (
            round(min(max(x, 2.0), self.width - 2), 1),
            round(min(max(y, 2.0), self.height - 2), 1),
        )


@dataclass(frozen=True, slots=True)
class Marker:
    """A place on the map. radius: by its stock."""

    node_id: str
    name: str
    is_store: bool
    x: float
    y: float
    radius: float


@dataclass(frozen=True, slots=True)
class Label:
    """A name beside a marker."""

    text: str
    x: float
    y: float
    anchor: str


@dataclass(frozen=True, slots=True)
class _Box:
    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: "_Box") -> bool:
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )


def project(dots: Sequence[Spot], places: Sequence[Spot]) -> Projection:
    """Frame the land's dots but the farthest, and every place. Spots are (latitude, longitude)."""
    latitudes = [*_near([dot[0] for dot in dots]), *(place[0] for place in places)]
    longitudes = [*_near([dot[1] for dot in dots]), *(place[1] for place in places)]
    south, north = min(latitudes, default=0.0), max(latitudes, default=0.0)
    west, east = min(longitudes, default=0.0), max(longitudes, default=0.0)
    narrowing = max(0.2, cos(radians((south + north) / 2)))
    tall, wide = max(north - south, 0.5), max((east - west) * narrowing, 0.5)
    scale = min((WIDTH_MAX - 2 * MARGIN) / wide, (HEIGHT_MAX - 2 * MARGIN) / tall)
    return Projection(
        west=west,
        north=north,
        per_degree_east=scale * narrowing,
        per_degree_south=scale,
        width=round(wide * scale + 2 * MARGIN),
        height=round(tall * scale + 2 * MARGIN),
    )


def draw_land(projection: Projection, dots: Iterable[Spot]) -> str:
    """Return one path of a dot for each spot inside the frame: zero-length strokes, round caps."""
    spots = {
        (round(x), round(y))
        for latitude, longitude in dots
        for x, y in [projection.spot(latitude, longitude)]
        if MARGIN / 2 < x < projection.width - MARGIN / 2
        and MARGIN / 2 < y < projection.height - MARGIN / 2
    }
    path, (at_x, at_y) = [], (0, 0)
    for x, y in sorted(spots):
        path.append(f"m{x - at_x} {y - at_y}h0")
        at_x, at_y = x, y
    return "".join(path).replace(" -", "-")


def mark(
    projection: Projection,
    places: Iterable[tuple[str, str, str, float, float]],
    stock: Mapping[str, int],
) -> tuple[Marker, ...]:
    """Return a marker for each (node, name, kind, latitude, longitude), the fullest first."""
    most = max(stock.values(), default=0) or 1
    marked = list(places)
    shrink = min(1.0, max(0.35, sqrt(ROOMY_PLACES_MAX / max(1, len(marked)))))
    markers = []
    for node_id, name, kind, latitude, longitude in marked:
        x, y = projection.spot(latitude, longitude)
        is_store = kind == "store"
        radius = (4.2 if is_store else 5.5) + 5.5 * sqrt(stock.get(node_id, 0) / most)
        radius *= shrink
        markers.append(Marker(node_id, name, is_store, x, y, round(radius, 1)))
    return tuple(sorted(markers, key=lambda marker: (-marker.radius, marker.node_id)))


def place_labels(
    projection: Projection, markers: Sequence[Marker], font: float
) -> tuple[Label, ...]:
    """Name as many places as fit without touching another name or marker, the fullest first."""
    taken = [_around(marker) for marker in markers]
    labels = []
    for marker in markers:
        for side in ANCHORS:
            label, box = _try_label(marker, side, font)
            inside = box.left >= 0 and box.right <= projection.width and box.top >= 0
            if inside and not any(box.overlaps(other) for other in taken):
                labels.append(label)
                taken.append(box)
                break
    return tuple(labels)


def draw_arc(start: Spot, end: Spot) -> str:
    """Return a thin bow from one spot to another, always bent to the same side."""
    (x1, y1), (x2, y2) = start, end
    across, down = x2 - x1, y2 - y1
    bend = BEND * min(1.0, 220 / (hypot(across, down) or 1))
    middle_x = (x1 + x2) / 2 - down * bend
    middle_y = (y1 + y2) / 2 + across * bend
    return f"M{x1:.1f} {y1:.1f}Q{middle_x:.1f} {middle_y:.1f} {x2:.1f} {y2:.1f}"


def short_names(places: Iterable[tuple[str, str, str]]) -> dict[str, str]:
    """Return what each (node, name, city) is called: its city, where it is the only one there."""
    known = list(places)
    cities = sorted(city for _, _, city in known if city)
    twice = {first for first, second in pairwise(cities) if first == second}
    return {
        node: city if city and city not in twice else name.partition(",")[0] or name
        for node, name, city in known
    }


def _near(figures: Sequence[float]) -> list[float]:
    ordered = sorted(figures)
    cut = int(len(ordered) * FAR_SHARE)
    return ordered[cut : len(ordered) - cut]


def _around(marker: Marker) -> _Box:
    reach = marker.radius + 1.5
    return _Box(marker.x - reach, marker.y - reach, marker.x + reach, marker.y + reach)


def _try_label(marker: Marker, side: Side, font: float) -> tuple[Label, _Box]:
    width, gap = len(marker.name) * font * LETTER_WIDTH, marker.radius + 4
    x, y = marker.x, marker.y + font * 0.36
    if side == "right":
        x += gap
    elif side == "left":
        x -= gap
    elif side == "above":
        y = marker.y - gap - font * 0.2
    else:
        y = marker.y + gap + font * 0.85
    left = {"right": x, "left": x - width}.get(side, x - width / 2)
    box = _Box(left - 1, y - font * 0.85, left + width + 1, y + font * 0.25)
    return Label(marker.name, round(x, 1), round(y, 1), ANCHORS[side]), box
