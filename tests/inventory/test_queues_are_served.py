"""Only queues that something changed for are read, and yet nobody is forgotten in any of them."""

from datetime import timedelta
from random import Random

import pytest

from oneshelf.base.identifiers import LineId, NodeId, OrderId, Sku, new_id
from oneshelf.catalog.products import KitPart
from oneshelf.inventory.auditing.actions import audit
from oneshelf.inventory.claims.actions import Withdrawn, open_claims, serve_skus, withdraw_claims
from oneshelf.inventory.claims.serving import ClaimWish
from oneshelf.inventory.counting.actions import count
from oneshelf.inventory.counting.saying import Counted
from oneshelf.inventory.ledger import StockPoint
from oneshelf.inventory.lines.actions import cancel_lines
from oneshelf.inventory.receipts.actions import expect, re_date, receive
from oneshelf.inventory.receipts.arriving import Expected, ExpectedLine, Received
from queues import left_to_serve

LAMP, RUG, SET = Sku("LAMP"), Sku("RUG"), Sku("SET")
SKUS = (LAMP, RUG)
NODES = (NodeId("a"), NodeId("b"))
KIT = (KitPart(LAMP, 1), KitPart(RUG, 2))
ACTS = 60


class Floor:
    """Orders wait, deliveries are announced and come, units are found and lost."""

    def __init__(self, chance):
        self.chance = chance
        self.lines, self.receipt_lines = [], []

    def wish(self, order, sku, parts, serving, nodes):
        self.lines.append(LineId(len(self.lines) + 1))
        units = self.chance.randint(1, 3)
        return ClaimWish(self.lines[-1], order, sku, parts, units, nodes, serving=serving)

    def waits(self, tx, now):
        order, chance = OrderId(len(self.lines) + 1), self.chance
        serving = chance.choice(["as_it_comes", "together"])
        nodes = chance.choice([None, frozenset({chance.choice(NODES)})])
        goods = [(LAMP, (KitPart(LAMP, 1),)), (RUG, (KitPart(RUG, 1),)), (SET, KIT)]
        wanted = chance.sample(goods, chance.randint(1, 2))
        open_claims(tx, [self.wish(order, *good, serving, nodes) for good in wanted], now)
        serve_skus(tx, SKUS, now)

    def waits_for_less(self, tx, now):
        if self.lines:
            units = self.chance.choice([None, 1])
            withdraw_claims(tx, [Withdrawn(self.chance.choice(self.lines), units)], now)

    def cancels(self, tx, now):
        if self.lines:
            cancel_lines(tx, [self.chance.choice(self.lines)], now)

    def counts(self, tx, now):
        point = StockPoint(self.chance.choice(SKUS), self.chance.choice(NODES))
        count(tx, [Counted(new_id(), point, self.chance.randint(0, 4))], now)

    def expects(self, tx, now):
        chance = self.chance
        due_at = now + timedelta(days=chance.randint(1, 9))
        line = ExpectedLine(1, chance.choice(SKUS), chance.choice(NODES), due_at, 3)
        self.receipt_lines += expect(tx, [Expected(str(new_id()), (line,))], now).values()

    def re_dates(self, tx, now):
        if self.receipt_lines:
            line = self.chance.choice(self.receipt_lines)
            re_date(tx, {line: now + timedelta(days=self.chance.randint(1, 9))}, now)

    def receives(self, tx, now):
        if self.receipt_lines:
            line = self.chance.choice(self.receipt_lines)
            rest = self.chance.choice(["still_expected", "will_not_come"])
            receive(tx, [Received(new_id(), line, self.chance.randint(0, 2), rest=rest)], now)


ACTIONS = (
    *(Floor.waits, Floor.waits_for_less, Floor.cancels, Floor.counts),
    *(Floor.expects, Floor.re_dates, Floor.receives),
)


@pytest.mark.parametrize("seed", range(12))
def test_after_each_change_a_look_at_all_queues_finds_nothing_to_give(database, now, seed):
    chance = Random(seed)
    floor = Floor(chance)
    for _ in range(ACTS):
        act = chance.choice(ACTIONS)
        with database.transaction("test", "floor") as tx:
            act(floor, tx, now)

        assert left_to_serve(database, now) == [], act.__name__
    with database.transaction("test", "floor") as tx:
        assert audit(tx) == []
