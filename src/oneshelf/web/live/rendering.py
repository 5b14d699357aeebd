"""Draw the parts of the live page with Jinja."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import jinja2
import msgspec

from oneshelf.web.live import words
from oneshelf.web.live.assets import address_of
from oneshelf.web.live.counting import Figures
from oneshelf.web.live.reads import Article
from oneshelf.web.live.scene import Arc, Decision, OrderRow, Shelf, Stage

TEMPLATES = Path(__file__).parent.parent / "templates"
ENVIRONMENT = jinja2.Environment(
    loader=jinja2.FileSystemLoader(TEMPLATES),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
ENVIRONMENT.filters |= {"counted": words.count, "thousands": lambda number: f"{number:,}"}
ENVIRONMENT.globals["asset"] = address_of


@dataclass(frozen=True, slots=True)
class Page:
    """Everything on the page.

    parts: drawn, by name. asked: what the picker was asked for; chosen: what it found.
    stream: the query of the stream that keeps the page fresh.
    """

    stage: Stage
    parts: Mapping[str, str]
    offered: Sequence[Article]
    arcs: Sequence[Arc]
    asked: str
    chosen: Article | None
    stream: str


def render_clock(stage: Stage, now: datetime) -> str:
    """Say what time it is at the retailer's."""
    local = now.astimezone(stage.zone)
    note = ""
    if stage.clock_speed is not None:  # 0: whoever plays the demo moves it
        note = "the demo's clock"
        note += f", {stage.clock_speed:g} times real time" if stage.clock_speed else ""
    return _render(
        "clock",
        day=f"{words.long_day(local.date())} {local.year}",
        minute=local.strftime("%H:%M"),
        stamp=local.isoformat(timespec="minutes"),
        note=note,
    )


def render_figures(figures: Figures) -> str:
    """Draw the four figures."""
    return _render("figures", figures=figures)


def render_places(stage: Stage) -> str:
    """Draw the places over the arcs."""
    return _render("places", stage=stage)


def render_shelf(shelf: Shelf | None) -> str:
    """Draw one SKU's stock."""
    return _render("shelf", shelf=shelf)


def render_decision(decision: Decision | None) -> str:
    """Say the last decision."""
    return _render("decision", decision=decision)


def render_orders(rows: tuple[OrderRow, ...], known: int) -> str:
    """Draw the feed. known: the highest order that was drawn before; later ones are new."""
    return _render("orders", rows=rows, known=known)


def encode_arcs(arcs: Sequence[Arc]) -> str:
    """Return arcs for the script that draws them."""
    return msgspec.json.encode(arcs).decode()


def render_page(page: Page) -> str:
    """Draw the whole page."""
    return _render("page", page=page, arcs=encode_arcs(page.arcs))


def render_failure(title: str, message: str, hint: str) -> str:
    """Say what went wrong and what to do."""
    return _render("failure", title=title, message=message, hint=hint)


def _render(name: str, **values: object) -> str:
    return ENVIRONMENT.get_template(f"live/{name}.html").render(**values)
