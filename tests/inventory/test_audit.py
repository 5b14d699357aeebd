"""Each kind of difference, planted once, is named and put right where the ledger can tell how."""

from datetime import timedelta

import pytest

from oneshelf.base.identifiers import ChannelId, LineId, NodeId, OrderId, PublicId, Sku, new_id
from oneshelf.catalog.products import KitPart
from oneshelf.inventory.auditing.actions import audit, repair
from oneshelf.inventory.auditing.differences import plan_repair
from oneshelf.inventory.claims.actions import open_claims
from oneshelf.inventory.claims.serving import ClaimWish
from oneshelf.inventory.counting.actions import adjust
from oneshelf.inventory.counting.saying import Adjusted
from oneshelf.inventory.ledger import Movement, StockPoint, Take
from oneshelf.inventory.receipts.actions import expect
from oneshelf.inventory.receipts.arriving import Expected, ExpectedLine
from oneshelf.inventory.reservations.actions import reserve
from oneshelf.inventory.reservations.holding import Hold, HoldLine
from oneshelf.inventory.shelf.actions import commit_units, lock_points, move

LAMP, RUG, BERLIN = Sku("LAMP"), Sku("RUG"), NodeId("berlin")
SHELF = StockPoint(LAMP, BERLIN)
LINE, ORDER = LineId(1), OrderId(1)

PLANTED = {
    "balance": "UPDATE inventory.point SET available = available - 1, outside = outside + 1"
    " WHERE sku = 'LAMP' AND receipt_line_id IS NULL",
    "point": "UPDATE inventory.commitment SET point_id = 99",
    "reservation": "UPDATE inventory.reserved_unit SET units = units + 1",
    "commitment": "UPDATE inventory.commitment SET units = units + 1 WHERE state = 'committed'",
    "receipt": "UPDATE inventory.receipt_line SET units_expected = units_expected + 1",
    "claim": "UPDATE inventory.claim SET units = 1",
    "claim_part": "UPDATE inventory.claim_part SET status = 'closed'",
    "stranded": "UPDATE inventory.claim_part SET sku = 'LAMP'",
}


@pytest.fixture
def stocked(database, now):
    """Five lamps, two held and one ordered; two of three expected rugs are waited for."""
    with database.transaction("test", "audit") as tx:
        adjust(tx, [Adjusted(new_id(), SHELF, 5, "opening")], now)
        answers = expect(tx, [Expected("ASN", (ExpectedLine(1, RUG, BERLIN, now, 3),))], now)
    with database.transaction("test", "audit") as tx:
        hold = (HoldLine(1, SHELF, 2),)
        until = now + timedelta(minutes=10)
        reserve(tx, [Hold(PublicId(new_id()), ChannelId("web"), hold, until)], now)
    with database.transaction("test", "audit") as tx:
        [receipt_line] = answers.values()
        inbound = StockPoint(RUG, BERLIN, None, receipt_line)
        locked = lock_points(tx, [SHELF, inbound], now)
        waiting = LineId(2)
        commit_units(
            tx,
            [
                Take(LINE, ORDER, locked[SHELF].point_id, 1),
                Take(waiting, ORDER, locked[inbound].point_id, 2, "expected", now),
            ],
            now,
        )
        open_claims(tx, [ClaimWish(waiting, ORDER, RUG, (KitPart(RUG, 1),), 2, None, now)], now)
    return database


def test_stock_that_only_verbs_touched_has_no_difference(stocked):
    with stocked.transaction("test", "audit") as tx:
        assert audit(tx) == []


@pytest.mark.parametrize("kind", PLANTED)
def test_a_planted_difference_is_named(stocked, kind):
    with stocked.transaction("test", "audit") as tx:
        tx.run(PLANTED[kind])

        assert kind in {one.kind for one in audit(tx)}


@pytest.mark.parametrize("kind", ["balance", "reservation", "commitment", "stranded"])
def test_what_the_ledger_can_tell_is_put_right_and_twice_changes_nothing(stocked, kind, now):
    with stocked.transaction("test", "audit") as tx:
        tx.run(PLANTED[kind])
        plan = plan_repair(audit(tx))
        done = repair(tx, plan, now)

        assert [one.difference.kind for one in done] == [one.difference.kind for one in plan]
        assert audit(tx) == []
        assert repair(tx, plan, now) == []


def test_a_repair_that_is_overtaken_does_nothing(stocked, now):
    with stocked.transaction("test", "audit") as tx:
        tx.run(PLANTED["reservation"])
        plan = plan_repair(audit(tx))
        [where] = [one.difference.point_id for one in plan]
        move(tx, [Movement(where, "available", "reserved", 1, "somebody was faster")], now)

        assert repair(tx, plan, now) == []
