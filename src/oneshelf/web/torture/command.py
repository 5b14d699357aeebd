"""`oneshelf torture`: the run with a progress bar, its verdict as a table or as one document."""

from collections.abc import Callable, Iterator
from typing import get_args

import msgspec
from rich.console import Console
from rich.table import Table

from oneshelf.base.database import Database
from oneshelf.simulation.torture.answers import LAWS, Law, Violation
from oneshelf.simulation.torture.focus import Blow
from oneshelf.web.commands.printing import DONE, NOT_DONE, counted, note, progress, show, table
from oneshelf.web.torture.running import Asked, Ended, Progress, Reactions, torture

SHOWN_MAX = 5  # violations of a law


class LawTold(msgspec.Struct, frozen=True):
    """One law. violations: of this law, at most the first thousand."""

    law: Law
    says: str
    checked: int
    violations: list[Violation]


class TortureTold(msgspec.Struct, frozen=True):
    """How a run ended. heard: how often each answer came and each blow fell."""

    seed: int
    focus: str
    attempts: int
    seconds: float
    attempts_per_s: float
    orders: int
    heard: dict[str, int]
    laws: list[LawTold]
    violations: int
    logs: str | None


def run_torture(asked: Asked, make_worker: Callable[[Database], Reactions], *, json: bool) -> int:
    """Run, print, and return the exit code."""
    silent = json or not Console(stderr=True).is_terminal
    with progress("attempts", asked.attempts, json=json) as bar:
        before = 0

        def sent(attempts: int) -> None:
            nonlocal before
            bar.advance(attempts - before)
            before = attempts

        def phase(name: str) -> None:
            if silent and not json:
                note(f"{name} ...")

        ended = torture(asked, make_worker, Progress(phase, sent))
    told = _told(ended)
    show(told, _table(ended), _sentence(told), *_examples(ended), json=json)
    return NOT_DONE if told.violations else DONE


def _told(ended: Ended) -> TortureTold:
    return TortureTold(
        seed=ended.asked.seed,
        focus=ended.asked.focus,
        attempts=ended.attempts,
        seconds=round(ended.seconds, 1),
        attempts_per_s=round(ended.attempts / ended.seconds, 1),
        orders=ended.orders,
        heard=dict(sorted(ended.heard.items())),
        laws=[
            LawTold(one.law, LAWS[one.law], one.checked, list(one.violations))
            for one in ended.judged
        ],
        violations=ended.violations(),
        logs=str(ended.logs) if ended.logs else None,
    )


def _table(ended: Ended) -> Table:
    rows = [(LAWS[one.law], one.checked, len(one.violations)) for one in ended.judged]
    return table("What must hold", ("law", "checked", "violations"), rows)


def _sentence(told: TortureTold) -> str:
    blows = sum(told.heard.get(blow, 0) for blow in get_args(Blow))
    return (
        f"{told.attempts:,} attempts in {told.seconds:,.0f} s ({told.attempts_per_s:,.0f}/s),"
        f" {told.orders:,} orders acknowledged, {counted(blows, 'blow')} struck:"
        f" {counted(told.violations, 'violation')}."
    )


def _examples(ended: Ended) -> Iterator[str]:
    for one in ended.judged:
        for violation in one.violations[:SHOWN_MAX]:
            yield f"{one.law}: {violation.subject}: {violation.detail}"
    if ended.logs is not None:
        yield f"What the processes said is kept in {ended.logs}."
