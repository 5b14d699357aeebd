"""Who tries what: the nth step of anybody is a function of seed, name and number. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Literal

from oneshelf.base.identifiers import ChannelId, NodeId, Sku
from oneshelf.orders.canonical import NewOrder, OrderLine
from oneshelf.simulation.network import draw_place
from oneshelf.simulation.torture.focus import Crew, Focus
from oneshelf.simulation.torture.wishes import (
    Buying,
    Cancelling,
    Carting,
    Holding,
    Mishap,
    Moving,
    Picking,
    Receiving,
    Returning,
    Shelving,
    Step,
)
from oneshelf.simulation.torture.world import Shelf, World

CURRENCY = "GBP"
PRICE_MINOR = 1_000
HOT_PERCENT = 45
KIT_PERCENT = 6
ROWS_MAX = 12
MISHAPS: tuple[Mishap, ...] = ("hang_up", "hang_up", "again", "twins", "other_body")


@dataclass(frozen=True, slots=True)
class Script:
    """Everything that will be tried."""

    seed: int
    focus: Focus
    world: World

    def step(self, crew: Crew, name: str, number: int) -> Step:
        """Return somebody's step; the same arguments give the same step for ever."""
        chance = Random(f"{self.seed}/{name}/{number}")
        return DRAW[crew](self, chance, f"{name}-{number}")

    def mishap(self, chance: Random) -> Mishap:
        """Draw what goes wrong, if anything does."""
        if chance.randrange(100) >= self.focus.mishap_percent:
            return "none"
        return chance.choice(MISHAPS)


def _once_in(many: int, chance: Random) -> bool:
    return chance.randrange(many) == 0


def _sku(script: Script, chance: Random) -> Sku:
    world = script.world
    drawn = chance.randrange(100)
    if world.kits and drawn < KIT_PERCENT:
        return chance.choice(world.kits).sku
    if drawn < KIT_PERCENT + HOT_PERCENT or not world.cold:
        return chance.choice(world.hot)
    return chance.choice(world.cold)


def _lines(script: Script, chance: Random) -> tuple[OrderLine, ...]:
    skus = dict.fromkeys(_sku(script, chance) for _ in range(chance.choice((1, 1, 1, 2, 3))))
    return tuple(
        OrderLine(sku=sku, units=chance.choice((1, 1, 2)), price_minor=PRICE_MINOR) for sku in skus
    )


def _order(script: Script, chance: Random, key: str) -> NewOrder:
    """Draw an order that is shipped or fetched, asked for or sold."""
    method: Literal["ship", "pickup"] = "pickup" if _once_in(5, chance) else "ship"
    patient = method == "ship" and _once_in(7, chance)
    return NewOrder(
        channel=ChannelId(chance.choice(("web", "web", "app", "web", "app", "market"))),
        key=key,
        method=method,
        currency=CURRENCY,
        lines=_lines(script, chance),
        node=chance.choice(script.world.nodes()) if method == "pickup" else None,
        place=draw_place(chance) if method == "ship" else None,
        splitting="together" if _once_in(10, chance) else "allowed",
        backorder="accepted" if patient else "refused",
    )


def _files(script: Script, chance: Random, name: str) -> Step:
    many = chance.randint(*script.focus.file_orders)
    orders = tuple(_order(script, chance, f"{name}-{number}") for number in range(many))
    return Buying(orders, "file", script.mishap(chance))


def _buyers(script: Script, chance: Random, name: str) -> Step:
    return Buying((_order(script, chance, name),), "alone", script.mishap(chance))


def _tills(script: Script, chance: Random, name: str) -> Step:
    store = chance.choice(script.world.stores())
    sales = tuple(
        NewOrder(
            channel=ChannelId("till"),
            key=f"{name}-{number}",
            method="carried",
            currency=CURRENCY,
            lines=_lines(script, chance),
            node=store,
        )
        for number in range(chance.randint(1, 8))
    )
    return Buying(sales, "file", script.mishap(chance))


def _carts(script: Script, chance: Random, name: str) -> Step:
    order = _order(script, chance, name)
    while order.channel == "market":
        order = _order(script, chance, name)
    return Carting(
        order,
        minutes=chance.choice((1, 1, 2, 5)),
        then=chance.choice(
            ("order", "order", "order", "extend_and_order", "shrink", "grow", "release", "forget")
        ),
        wait_s=chance.choice((0.0, 0.0, 0.2, 60 / script.focus.speed)),
        mishap=script.mishap(chance),
    )


def _cancellers(script: Script, chance: Random, name: str) -> Step:  # noqa: ARG001 - drawn alike
    return Cancelling(chance.random(), not _once_in(3, chance), script.mishap(chance))


def _holders(script: Script, chance: Random, name: str) -> Step:  # noqa: ARG001 - drawn alike
    return Holding(chance.random(), script.mishap(chance))


def _rows(script: Script, chance: Random, low: int, high: int) -> tuple[Shelf, ...]:
    """Draw shelves, each at most once, with more hot ones than there should be."""
    world = script.world
    skus = (*world.hot, *world.hot, *world.hot, *world.cold)
    drawn: dict[tuple[Sku, NodeId], int] = {}
    for _ in range(chance.randint(1, ROWS_MAX)):
        drawn[chance.choice(skus), chance.choice(world.nodes())] = chance.randint(low, high)
    return tuple(Shelf(sku, node, units) for (sku, node), units in drawn.items() if units)


def _shelvers(script: Script, chance: Random, name: str) -> Step:  # noqa: ARG001 - drawn alike
    verb: Literal["adjust", "count", "regrade"] = chance.choice(
        ("adjust", "adjust", "adjust", "count", "regrade")
    )
    low, high = {"adjust": (-2, 9), "count": (1, 30), "regrade": (1, 2)}[verb]
    return Shelving(verb, _rows(script, chance, low, high), script.mishap(chance))


def _movers(script: Script, chance: Random, name: str) -> Step:  # noqa: ARG001 - drawn alike
    to = chance.choice(script.world.nodes())
    rows = tuple(row for row in _rows(script, chance, 1, 3) if row.node != to)
    return Moving(rows, to, chance.choice((0, 0, 0, 1)), script.mishap(chance))


def _receivers(script: Script, chance: Random, name: str) -> Step:
    rows = _rows(script, chance, 1, 20)
    return Receiving(
        reference=name,
        rows=rows,
        due_minutes=chance.choice((1, 60, 600)),
        re_dated=_once_in(3, chance),
        comes=tuple(
            chance.choices(("whole", "part", "damaged", "never"), (6, 2, 1, 1), k=len(rows))
        ),
        mishap=script.mishap(chance),
    )


def _pickers(script: Script, chance: Random, name: str) -> Step:  # noqa: ARG001 - drawn alike
    node = chance.choice(script.world.nodes())
    return Picking(node, chance.getrandbits(32), script.mishap(chance))


def _returners(script: Script, chance: Random, name: str) -> Step:  # noqa: ARG001 - drawn alike
    which = tuple(chance.random() for _ in range(chance.randint(1, 10)))
    return Returning(which, chance.choice(script.world.nodes()), script.mishap(chance))


DRAW: Mapping[Crew, Callable[[Script, Random, str], Step]] = {
    "buyers": _buyers,
    "cancellers": _cancellers,
    "carts": _carts,
    "files": _files,
    "holders": _holders,
    "movers": _movers,
    "pickers": _pickers,
    "receivers": _receivers,
    "returners": _returners,
    "shelvers": _shelvers,
    "tills": _tills,
}
