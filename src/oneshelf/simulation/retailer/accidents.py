"""What goes wrong, and who does the work, by the seed. Pure.

Each answer hangs on the seed and names that outlive a run (a node, a basket's external id), never
on ids of the database or on the order of the questions.
"""

from dataclasses import dataclass
from typing import Literal

from oneshelf.base.identifiers import NodeId, ServiceId, Sku
from oneshelf.catalog.nodes import Node
from oneshelf.simulation.retailer.chance import dice, happens

PickReason = Literal["found", "not_found", "damaged"]
STORE_SHORT_SHARE = 0.015  # of the lines picked in stores
WAREHOUSE_SHORT_SHARE = 0.003
DAMAGED_SHARE = 0.25  # of the short lines
STORE_PICKERS, WAREHOUSE_PICKERS = 3, 12
LATE_TRUCK_SHARE = 0.2
LATE_BY_A_DAY_SHARE = 0.3  # of the late trucks
LATE_DELIVERY_SHARES = {"redstart_48": 0.04, "redstart_next_day": 0.03, "packhorse_economy": 0.06}
LATE_DELIVERY_SHARE = 0.04  # any other service
NEVER_FETCHED_SHARE = 0.03


@dataclass(frozen=True, slots=True)
class Pick:
    """What a picker found of a line. units: 0 to the units asked for."""

    units: int
    reason: PickReason


def pick(seed: int, node: Node, external_id: str, sku: Sku, units: int) -> Pick:
    """Say what is found; a short line misses at least one unit."""
    share = STORE_SHORT_SHARE if node.kind == "store" else WAREHOUSE_SHORT_SHARE
    chance = dice(seed, "pick", node.node_id, external_id, sku)
    if chance.random() >= share:
        return Pick(units, "found")
    reason: PickReason = "damaged" if chance.random() < DAMAGED_SHARE else "not_found"
    return Pick(chance.randrange(units), reason)


def picker(seed: int, node: Node, external_id: str) -> str:
    """Name who picks a basket at a node."""
    people = STORE_PICKERS if node.kind == "store" else WAREHOUSE_PICKERS
    number = dice(seed, "picker", node.node_id, external_id).randint(1, people)
    return f"{node.city} picker {number}"


def pick_duration_s(seed: int, node: Node, external_id: str, lines: int) -> int:
    """Return how long a basket of so many lines takes to pick."""
    chance = dice(seed, "pace", node.node_id, external_id)
    return 60 + sum(chance.randint(20, 75) for _ in range(lines))


def truck_late_minutes(seed: int, reference: str) -> int:
    """Return how late a truck arrives; 0 is on time."""
    chance = dice(seed, "truck", reference)
    if chance.random() >= LATE_TRUCK_SHARE:
        return 0
    if chance.random() < LATE_BY_A_DAY_SHARE:
        return 24 * 60 + chance.randint(0, 120)
    return chance.randint(30, 480)


def delivery_days_late(seed: int, service: ServiceId, node: NodeId, external_id: str) -> int:
    """Return how many days after its promise the carrier brings a parcel; 0 is on time."""
    share = LATE_DELIVERY_SHARES.get(service, LATE_DELIVERY_SHARE)
    chance = dice(seed, "delivery", service, node, external_id)
    return chance.choice((1, 1, 1, 2, 3)) if chance.random() < share else 0


def fetched_after_hours(seed: int, external_id: str) -> int | None:
    """Return how long a ready pickup waits for its customer; None: nobody ever comes."""
    if happens(seed, NEVER_FETCHED_SHARE, "fetch", external_id):
        return None
    return dice(seed, "wait", external_id).randint(1, 72)
