"""What the placing door hands to the writer."""

from dataclasses import dataclass

from oneshelf.orders.canonical import NewOrder


@dataclass(frozen=True, slots=True)
class Asked:
    """An order as it came, and the hash of its body."""

    order: NewOrder
    body_hash: bytes
