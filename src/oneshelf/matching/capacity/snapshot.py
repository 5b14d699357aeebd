"""One process's picture of capacity: parcels taken per node and day. Pure: fed by facts."""

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np

from oneshelf.base.identifiers import NodeId
from oneshelf.matching.capacity.facts import CapacityChanged
from oneshelf.matching.stock_view import CapacityView
from oneshelf.matching.world import Ints

DAYS = 180
DAYS_KEPT_BEHIND = 7


class CapacitySnapshot:
    """Only higher versions count, so the order of facts and repeats are harmless."""

    def __init__(self, nodes: Sequence[NodeId], today: date) -> None:
        """nodes: as in `World.nodes`; start empty."""
        self._place = {node: place for place, node in enumerate(nodes)}
        self._known: dict[tuple[NodeId, date], tuple[int, int]] = {}
        self._overlay: dict[tuple[NodeId, date], int] = {}
        self._first_on = today
        self._taken: Ints = np.zeros((len(nodes), DAYS), np.int64)
        self.advance(today)

    def apply(self, changed: CapacityChanged) -> None:
        """Follow what was announced."""
        for node, on, taken, version in zip(
            changed.node, changed.on, changed.taken, changed.version, strict=True
        ):
            if version > self._known.get((node, on), (0, -1))[1]:
                self._known[node, on] = (taken, version)
                self._show(node, on)

    def take(self, node: NodeId, on: date, parcels: int) -> None:
        """Let the next plan of this batch see parcels of an earlier one."""
        self._overlay[node, on] = self._overlay.get((node, on), 0) + parcels
        self._show(node, on)

    def drop_overlay(self) -> None:
        """Forget what `take` added: the batch is over."""
        taken = list(self._overlay)
        self._overlay.clear()
        for node, on in taken:
            self._show(node, on)

    def advance(self, today: date) -> None:
        """Let the window of days begin shortly before today; older days are forgotten."""
        first_on = today - timedelta(days=DAYS_KEPT_BEHIND)
        self._known = {key: state for key, state in self._known.items() if key[1] >= first_on}
        self._first_on = first_on
        self._taken = np.zeros_like(self._taken)
        for node, on in {**self._known, **self._overlay}:
            self._show(node, on)

    def view(self) -> CapacityView:
        """Return the figures as they stand; they follow later changes."""
        return CapacityView(self._first_on, self._taken)

    def _show(self, node: NodeId, on: date) -> None:
        place, column = self._place.get(node), (on - self._first_on).days
        if place is not None and 0 <= column < DAYS:
            known = self._known.get((node, on), (0, 0))[0]
            self._taken[place, column] = known + self._overlay.get((node, on), 0)
