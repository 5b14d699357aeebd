"""What an audit can find, and how each kind is put right. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from oneshelf.base.identifiers import PointId, Sku
from oneshelf.inventory.ledger import Movement, State

Kind = Literal[
    "balance",  # a point's figure is not the sum of its movements
    "point",  # a movement or commitment names a point that does not exist
    "reservation",  # reserved units of a point are not those its holds keep
    "commitment",  # committed, picked or promised units are not those of the lines
    "receipt",  # a receipt line's open units are not what has not come yet
    "claim",  # a line that waits is promised more than it waits for
    "claim_part",  # a claim has no parts, or parts that are not open while it is
    "recalled",  # more units are to be put back than are in the line's totes
    "stranded",  # units are free while an older claim could have them
]


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure that does not follow. point_id, sku: where; claim_id: whose, for claims.

    due: what it should be. found: what it is.
    """

    kind: Kind
    point_id: PointId | None
    sku: Sku | None
    state: State | None
    claim_id: int | None
    due: int
    found: int


@dataclass(frozen=True, slots=True)
class Repair:
    """How one difference is put right.

    rebuild: the figures are summed up anew, for the ledger is the truth. move: a ledger entry.
    serve: older claims get their units. ask: a person must look at it.
    """

    difference: Difference
    how: Literal["rebuild", "move", "serve", "ask"]
    movement: Movement | None = None


def plan_repair(differences: Iterable[Difference]) -> list[Repair]:
    """Say how each difference would be put right. Nothing is changed.

    Where a point's balance is off, that comes first: what else is off there is planned after it.
    """
    found = list(differences)
    off = {one.point_id for one in found if one.kind == "balance"}
    return [_plan(one) for one in found if one.kind == "balance" or one.point_id not in off]


def _plan(one: Difference) -> Repair:
    if one.kind == "balance":
        return Repair(one, "rebuild")
    if one.kind == "stranded":
        return Repair(one, "serve")
    if one.kind in {"reservation", "commitment"} and one.point_id and one.state:
        nobodys: State = "expected" if one.state == "promised" else "available"
        source, target = (one.state, nobodys) if one.found > one.due else (nobodys, one.state)
        units = abs(one.found - one.due)
        return Repair(one, "move", Movement(one.point_id, source, target, units, "repaired"))
    return Repair(one, "ask")
