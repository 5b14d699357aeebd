"""How far a quantity of a line can come, as data. Pure.

The same transitions stand in tables.sql as a CHECK, so the database refuses what this table does
not allow; a test tries every pair.
"""

from collections.abc import Iterable, Mapping
from typing import Literal, get_args

Status = Literal[
    "new",  # before the first decision; never at rest
    "unsourced",  # sold, but no unit was found yet
    "backordered",  # waits for a dated receipt
    "sourced",  # has units at a node
    "released",  # the node works on it
    "picked",
    "packed",
    "shipped",
    "delivered",
    "ready_for_pickup",
    "handed_over",
    "returned",
    "cancelled",
]
STATUSES: tuple[Status, ...] = get_args(Status)

TRANSITIONS: Mapping[Status, tuple[Status, ...]] = {
    "new": ("unsourced", "backordered", "sourced", "handed_over"),
    "unsourced": ("backordered", "sourced", "cancelled"),
    "backordered": ("unsourced", "sourced", "cancelled"),
    "sourced": ("released", "unsourced", "backordered", "cancelled"),
    "released": ("picked", "sourced", "unsourced", "backordered", "cancelled"),
    "picked": ("packed", "cancelled"),
    "packed": ("shipped", "ready_for_pickup", "cancelled"),
    "shipped": ("delivered", "returned"),
    "delivered": ("returned",),
    "ready_for_pickup": ("handed_over", "cancelled"),
    "handed_over": ("returned",),
    "returned": (),
    "cancelled": (),
}

OPEN: frozenset[Status] = frozenset({"unsourced", "backordered", "sourced", "released"})
CANCELLABLE: frozenset[Status] = frozenset(
    status for status, targets in TRANSITIONS.items() if "cancelled" in targets
)

OrderStatus = Literal["open", "waiting", "in_work", "on_its_way", "done", "cancelled"]


def order_status(units_by_status: Mapping[Status, int]) -> OrderStatus:
    """Return the order's status: the least advanced of its quantities that still count."""
    live = {status for status, units in units_by_status.items() if units > 0}
    live.discard("cancelled")
    if not live:
        return "cancelled"
    if live & {"new", "unsourced", "backordered"}:
        return "waiting"
    if "sourced" in live:
        return "open"
    if live & {"released", "picked", "packed"}:
        return "in_work"
    if live & {"shipped", "ready_for_pickup"}:
        return "on_its_way"
    return "done"


def reachable(start: Status) -> frozenset[Status]:
    """Return every status that can follow, directly or later."""
    found: set[Status] = set()
    edge: Iterable[Status] = TRANSITIONS[start]
    while fresh := {status for status in edge if status not in found}:
        found |= fresh
        edge = {target for status in fresh for target in TRANSITIONS[status]}
    return frozenset(found)
