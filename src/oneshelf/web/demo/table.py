"""The week in one table: what was asked, what was kept, what it cost. Pure.

Holds no times, ids or durations, so that the same seed gives the same table, byte for byte.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from oneshelf.simulation.retailer.script import Week
from oneshelf.web.demo.playing import Tally
from oneshelf.web.demo.reads import ChannelRow, Outcome, Parcels


@dataclass(frozen=True, slots=True)
class ChannelFigures:
    """One channel and method."""

    channel: str
    method: str
    orders: int
    units: int
    total_minor: int


@dataclass(frozen=True, slots=True)
class WeekFigures:
    """What came of the week in one column. Shares are in percent with one decimal.

    fill_rate: units promised of units asked. lost_units: refused, or sold and never found.
    """

    channels: tuple[ChannelFigures, ...]
    orders_asked: int
    orders_placed: int
    orders_refused: int
    units_asked: int
    lost_units: int
    fill_rate: float
    orders_sent: int
    split_orders: int
    split_rate: float
    cost_per_order_minor: int
    cost_per_unit_minor: float
    parcels_sent: int
    late_parcels: int
    late_rate: float
    resourced_orders: int
    cancelled_units: int
    cancellations_too_late: int
    oversold_units: int
    audit_differences: int
    moment: str


@dataclass(frozen=True, slots=True)
class DemoFigures:
    """The demo's result: each column under its name, and what the excerpt held."""

    seed: int
    excerpt: dict[str, int]
    columns: dict[str, WeekFigures]


@dataclass(frozen=True, slots=True)
class Found:
    """What the tables say at the end of the week."""

    channels: Sequence[ChannelRow]
    outcome: Outcome
    parcels: Parcels
    oversold_units: int
    audit_differences: int


def figures(week: Week, tally: Tally, found: Found) -> WeekFigures:
    """Put one column together."""
    outcome, parcels = found.outcome, found.parcels
    lost = tally.units_refused + outcome.units_unsourced
    moment = week.moment
    return WeekFigures(
        channels=tuple(
            ChannelFigures(row.channel, row.method, row.orders, row.units, row.total_minor)
            for row in found.channels
        ),
        orders_asked=tally.asked,
        orders_placed=outcome.orders,
        orders_refused=tally.refused,
        units_asked=tally.units_asked,
        lost_units=lost,
        fill_rate=_percent(tally.units_asked - lost, tally.units_asked),
        orders_sent=outcome.orders_sent,
        split_orders=outcome.orders_split,
        split_rate=_percent(outcome.orders_split, outcome.orders_sent),
        cost_per_order_minor=parcels.cost_minor // max(1, outcome.orders_sent),
        cost_per_unit_minor=round(parcels.cost_minor / max(1, outcome.units_sent), 1),
        parcels_sent=parcels.sent,
        late_parcels=parcels.late,
        late_rate=_percent(parcels.late, parcels.sent),
        resourced_orders=outcome.orders_resourced,
        cancelled_units=outcome.units_cancelled,
        cancellations_too_late=tally.cancelled_too_late,
        oversold_units=found.oversold_units,
        audit_differences=found.audit_differences,
        moment=moment.told(*(tally.moment[one] for one in (moment.web, moment.app, moment.till))),
    )


def side_by_side(week: Week, columns: Mapping[str, WeekFigures]) -> DemoFigures:
    """Put the columns into one document."""
    cancelled = week.cancelled
    excerpt = {
        **{f"lines left out: {one.kind}": one.lines for one in week.cleaned.left_out},
        "cancellation lines found": cancelled.lines_found,
        "cancellation lines without a sale": cancelled.lines_without_sale,
    }
    return DemoFigures(week.seed, excerpt, dict(columns))


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 1) if whole else 0.0
