"""What a torture run is about: who takes part, in which world, and how rough it gets. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

FocusName = Literal["everything", "one_shelf", "short_carts", "repeats", "kills"]

Crew = Literal[
    "buyers",  # one order a request
    "cancellers",
    "carts",  # hold units, then order, change, give back or forget them
    "files",  # many orders a request
    "holders",  # keep orders from their nodes for a while
    "movers",  # send units between nodes and let them arrive
    "pickers",  # pick, also short, pack, ship, hand over, deliver
    "receivers",  # announce deliveries and bring them in
    "returners",
    "shelvers",  # adjust, count, regrade
    "tills",
]
Blow = Literal[
    "kill_web",
    "kill_worker",
    "kill_database",
    "turn_clock",  # forwards or backwards, under everybody's feet
    "hold_locks",  # a session that sits on rows for longer than anybody waits
]


@dataclass(frozen=True, slots=True)
class Focus:
    """One kind of run.

    crews: how many of each take part. mishap_percent: of requests that go wrong on purpose.
    attempts_per_blow: how far apart the blows are; None: there are none. speed: of the clock.
    """

    crews: Mapping[Crew, int]
    nodes: int
    skus: int
    hot: int
    units_hot: int
    units_cold: int
    mishap_percent: int
    file_orders: tuple[int, int]
    blows: tuple[Blow, ...]
    attempts_per_blow: int | None
    speed: int = 60
    webs: int = 2
    workers: int = 2


FOCUSES: Mapping[FocusName, Focus] = {
    "everything": Focus(
        crews={
            "files": 8,
            "buyers": 8,
            "carts": 10,
            "tills": 2,
            "cancellers": 2,
            "shelvers": 2,
            "movers": 1,
            "receivers": 2,
            "pickers": 2,
            "returners": 1,
            "holders": 1,
        },
        nodes=16,
        skus=60,
        hot=6,
        units_hot=40,
        units_cold=60,
        mishap_percent=6,
        file_orders=(20, 300),
        blows=("kill_web", "kill_worker", "kill_database", "turn_clock", "hold_locks"),
        attempts_per_blow=8_000,
    ),
    "one_shelf": Focus(
        crews={"files": 4, "buyers": 12, "shelvers": 4},
        nodes=1,
        skus=2,
        hot=1,
        units_hot=60,
        units_cold=5_000,
        mishap_percent=0,
        file_orders=(5, 20),
        blows=(),
        attempts_per_blow=None,
        workers=1,
    ),
    "short_carts": Focus(
        crews={"carts": 40},
        nodes=1,
        skus=4,
        hot=2,
        units_hot=400,
        units_cold=2_000,
        mishap_percent=0,
        file_orders=(1, 1),
        blows=(),
        attempts_per_blow=None,
        speed=120,
    ),
    "repeats": Focus(
        crews={"files": 1, "buyers": 2, "shelvers": 2, "movers": 1, "receivers": 1},
        nodes=4,
        skus=8,
        hot=1,
        units_hot=500,
        units_cold=500,
        mishap_percent=60,
        file_orders=(5, 20),
        blows=(),
        attempts_per_blow=None,
        workers=1,
    ),
    "kills": Focus(
        crews={"files": 3, "buyers": 4, "shelvers": 2},
        nodes=4,
        skus=12,
        hot=2,
        units_hot=2_000,
        units_cold=2_000,
        mishap_percent=3,
        file_orders=(5, 40),
        blows=("kill_web", "kill_database"),
        attempts_per_blow=300,
        workers=1,
    ),
}
