"""What a cart asks beside its units, and why it may not have it. Pure."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from oneshelf.base.identifiers import NodeId
from oneshelf.inventory.reservations.holding import (
    Gone,
    HeldUnits,
    Hold,
    Moved,
    Reserved,
    Resized,
    Short,
)
from oneshelf.matching.capacity.holding import NodeDay


@dataclass(frozen=True, slots=True)
class Cart:
    """Units to be held, and the days of their parcels: a day as often as it has parcels there."""

    hold: Hold
    days: tuple[NodeDay, ...]


@dataclass(frozen=True, slots=True)
class Full:
    """Nodes that have room for no parcel on any day in reach. Nothing was changed."""

    nodes: tuple[NodeId, ...]


@dataclass(frozen=True, slots=True)
class Outrun:
    """Days that had room when they were chosen and have none. Nothing was changed: ask again."""

    days: tuple[NodeDay, ...]


Answer = Reserved | Short | Gone | Full | Outrun


def nodes_of(units: Iterable[HeldUnits]) -> frozenset[NodeId]:
    """Return where a cart stands."""
    return frozenset(one.point.node for one in units if one.units)


def opened(units: Sequence[HeldUnits], changes: Collection[Moved | Resized]) -> tuple[NodeId, ...]:
    """Return the nodes, in their order, where a cart comes to stand by changes of its lines."""
    there = {(one.line_no, one.point) for one in units}
    targets = set[NodeId]()
    for change in changes:
        match change:
            case Moved(_, line_no, source, target) if (line_no, source) in there:
                targets.add(target.node)
            case Resized(_, _, point, count) if count:
                targets.add(point.node)
            case _:
                pass
    return tuple(sorted(targets - nodes_of(units)))
