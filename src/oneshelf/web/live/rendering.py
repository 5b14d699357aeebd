"""Draw the parts of the live page with Jinja."""

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
REAL_TIME = 1.0


def render_clock(stage: Stage, now: datetime) -> str:
    """Say what time it is at the retailer's."""
    local = now.astimezone(stage.zone)
    note = ""
    if stage.clock:
        speed = stage.clock.speed
        note = f"the demo's clock, {speed:g} times real time" if speed else "the clock stands still"
        note = "the demo's clock" if speed == REAL_TIME else note
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


def encode_arcs(arcs: list[Arc]) -> str:
    """Return arcs for the script that draws them."""
    return msgspec.json.encode(arcs).decode()


def render_page(
    stage: Stage,
    parts: dict[str, str],
    offered: list[Article],
    arcs: list[Arc],
    *,
    asked: str,
    chosen: Article | None,
    stream: str,
) -> str:
    """Draw the whole page. asked: what the picker was asked for; chosen: what it found."""
    return _render(
        "page",
        stage=stage,
        parts=parts,
        offered=offered,
        arcs=encode_arcs(arcs),
        asked=asked,
        chosen=chosen,
        stream=stream,
    )


def render_failure(title: str, message: str, hint: str) -> str:
    """Say what went wrong and what to do."""
    return _render("failure", title=title, message=message, hint=hint)


def _render(name: str, **values: object) -> str:
    return ENVIRONMENT.get_template(f"live/{name}.html").render(**values)
