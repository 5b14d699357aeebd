"""Two arms in turn on the same machine, the worst round kept, one JSON line for each comparison."""

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean, harmonic_mean
from typing import Literal

ROUNDS = 3

Better = Literal["more", "less"]
"""Whether a good arm has more of what is measured (orders/s) or less (seconds)."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What one arm did in one round. told: further figures, as information."""

    measured: float
    violations: int = 0
    told: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One comparison: the round with the lowest ratio, and every round's violations."""

    name: str
    baseline: float
    ours: float
    ratio: float
    violations: int
    told: str = ""


def compare(
    name: str,
    baseline: Callable[[int], Figures],
    ours: Callable[[int], Figures],
    better: Better = "more",
    rounds: int = ROUNDS,
    turns: int = 1,
) -> Line:
    """Run baseline and ours in turn and keep the worst round. Each is told the turn's number.

    turns: of each arm in a round, each with the same work: a machine that slows down for some
    seconds then does so for both.
    """
    lines: list[Line] = []
    for number in range(rounds):
        numbers = range(number * turns, number * turns + turns)
        played = [(baseline(turn), ours(turn)) for turn in numbers]
        theirs, mine = (_joined(arm, better) for arm in zip(*played, strict=True))
        pair = (mine.measured, theirs.measured)
        high, low = pair if better == "more" else (pair[1], pair[0])
        ratio = high / low if low else 0.0
        found = theirs.violations + mine.violations
        told = "; ".join(said for said in (theirs.told, mine.told) if said)
        lines.append(Line(name, theirs.measured, mine.measured, ratio, found, told))
        print(f"   {name} round {number + 1}: {_shown(lines[-1])}", flush=True)
    worst = min(lines, key=lambda line: line.ratio)
    violations = sum(line.violations for line in lines)
    return Line(name, worst.baseline, worst.ours, worst.ratio, violations, worst.told)


def _joined(turns: Sequence[Figures], better: Better) -> Figures:
    """Return what an arm did in all its turns: rates of equal work by the time that each took."""
    measured = [one.measured for one in turns]
    mean = harmonic_mean(measured) if better == "more" else fmean(measured)
    return Figures(mean, sum(one.violations for one in turns), turns[-1].told)


def finish(lines: Sequence[Line]) -> None:
    """Print the JSON lines; leave with 1 if anything was violated."""
    for line in lines:
        kept = {key: _short(value) for key, value in asdict(line).items()}
        print(json.dumps(kept), flush=True)
    sys.exit(1 if any(line.violations for line in lines) else 0)


def _short(value: object) -> object:
    return float(f"{value:.4g}") if isinstance(value, float) else value


def _shown(line: Line) -> str:
    return (
        f"baseline {line.baseline:.4g}, ours {line.ours:.4g}, ratio {line.ratio:.3g},"
        f" violations {line.violations}{f' ({line.told})' if line.told else ''}"
    )
