"""What a channel sees: now, by date, as kits, as carts."""

from datetime import timedelta

from oneshelf.base.identifiers import ChannelId, NodeId, PointId, ReceiptLineId, Sku
from oneshelf.catalog.products import KitPart
from oneshelf.inventory.availability import DatedSupply, StockSnapshot
from oneshelf.inventory.facts import StockChanged
from oneshelf.inventory.ledger import StockPoint
from oneshelf.inventory.views import Portion, break_up, cart_lacks, units_to_sell, whole_kits

LAMP, RUG = Sku("LAMP"), Sku("RUG")
KIT = (KitPart(LAMP, 1), KitPart(RUG, 2))


def supply(due_at, units, line):
    point = StockPoint(LAMP, NodeId("berlin"), None, ReceiptLineId(line))
    return DatedSupply(LAMP, point.node, due_at, units, ReceiptLineId(line), point)


def test_twenty_wanted_are_ten_now_and_ten_on_the_ninth_day(now):
    ninth = now + timedelta(days=9)

    assert break_up(20, 10, [supply(ninth, 30, 1)]) == (Portion(None, 10), Portion(ninth, 10))


def test_dated_supply_is_taken_earliest_first_and_what_is_missing_is_not_named(now):
    early, late = now + timedelta(days=1), now + timedelta(days=2)
    portions = break_up(20, 0, [supply(late, 5, 1), supply(early, 4, 2), supply(late, 1, 3)])

    assert portions == (Portion(early, 4), Portion(late, 6))


def test_the_scarcest_component_decides_how_many_kits_there_are():
    assert whole_kits(KIT, {LAMP: 9, RUG: 5}) == 2
    assert whole_kits(KIT, {LAMP: 9}) == 0


def test_a_kit_and_its_component_in_one_cart_share_the_units():
    free = {LAMP: 2, RUG: 4}

    assert cart_lacks([(KIT, 2)], free) == {}
    assert cart_lacks([(KIT, 2), (KIT[:1], 1)], free) == {LAMP: 1}


def test_components_at_two_nodes_make_no_kit():
    nodes = (NodeId("berlin"), NodeId("paris"))
    snapshot = StockSnapshot([LAMP, RUG], nodes)
    nothing = (None, None)
    snapshot.apply(
        StockChanged(
            (PointId(1), PointId(2)),
            (LAMP, RUG),
            nodes,
            nothing,
            nothing,
            nothing,
            (1, 2),
            (0, 0),
            (1, 1),
        )
    )

    assert units_to_sell(snapshot, KIT, ChannelId("web"), "ship") == 0
