"""What is broken, and after how many attempts: a function of the seed. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from random import Random

from oneshelf.simulation.torture.focus import Blow, Focus

FORWARDS_S = (30, 900)
BACKWARDS_S = (30, 600)
HELD_S = (2.3, 4.0)  # nobody waits for a lock longer than two seconds
DOWN_S = (0.0, 1.5)


@dataclass(frozen=True, slots=True)
class Planned:
    """One blow. after: so many attempts. place: which process or rows, as a fraction.

    turn: of the clock. for_s: how long a process stays dead, or rows stay locked.
    """

    after: int
    blow: Blow
    place: float
    turn: timedelta
    for_s: float


def draw_chaos(seed: int, focus: Focus) -> Iterator[Planned]:
    """Draw the blows, the earliest first, without end. Each kind comes once before any twice."""
    if focus.attempts_per_blow is None:
        return
    chance = Random(f"{seed}/chaos")
    after = 0
    for _ in count():
        for blow in chance.sample(focus.blows, len(focus.blows)):
            after += round(focus.attempts_per_blow * chance.uniform(0.6, 1.4))
            backwards = chance.choice((True, False, False))
            turned_s = -chance.uniform(*BACKWARDS_S) if backwards else chance.uniform(*FORWARDS_S)
            yield Planned(
                after,
                blow,
                chance.random(),
                timedelta(seconds=turned_s),
                chance.uniform(*(HELD_S if blow == "hold_locks" else DOWN_S)),
            )
