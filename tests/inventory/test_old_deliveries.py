"""Whoever asks what stands where is not told of deliveries of long ago."""

from datetime import timedelta

from oneshelf.base.identifiers import NodeId, Sku, new_id
from oneshelf.inventory.levels.actions import read_all_levels, read_levels
from oneshelf.inventory.receipts.actions import expect, receive
from oneshelf.inventory.receipts.arriving import Expected, ExpectedLine, Received

LAMP, BERLIN = Sku("LAMP"), NodeId("berlin")


def told(levels):
    """Return the lines told of: (receipt line, available, expected)."""
    return set(zip(levels.receipt_line, levels.available, levels.expected, strict=True))


def test_a_closed_delivery_is_told_only_to_who_believes_in_it(database, now):
    due_at = now + timedelta(days=1)
    lines = (ExpectedLine(1, LAMP, BERLIN, due_at, 3), ExpectedLine(2, LAMP, BERLIN, due_at, 5))
    with database.transaction("test", "dock") as tx:
        came, comes = expect(tx, [Expected("delivery", lines)], now).values()
        receive(tx, [Received(new_id(), came, 3)], now)
        standing = {(None, 3, 0), (comes, 0, 5)}

        assert told(read_all_levels(tx)) == standing
        assert told(read_levels(tx, [LAMP], [])) == standing
        assert told(read_levels(tx, [LAMP], [came])) == standing | {(came, 0, 0)}
