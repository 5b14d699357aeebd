"""The figures of the live page follow from rows, whatever they say."""

from datetime import timedelta

import pytest

from oneshelf.base.clock import set_clock
from oneshelf.base.identifiers import ChannelId, LineId, NodeId, OrderId, Sku
from oneshelf.base.outbox import announce
from oneshelf.catalog.actions import put_toggles
from oneshelf.catalog.nodes import Toggle
from oneshelf.inventory.buffers import BufferPolicy, BufferRule
from oneshelf.orders.facts import LinesSourced
from oneshelf.web.live import reads
from oneshelf.web.live.counting import Counter, Figures
from oneshelf.web.live.scene import set_stage, show_decision, show_orders, show_shelf
from oneshelf.web.live.selling import see
from shop import MONDAY, Shop, order


@pytest.fixture
def shop(database):
    shop = Shop.opened(database, [("LAMP", "leeds", 10), ("LAMP", "york", 3), ("RUG", "london", 2)])
    with database.transaction("test", "clock") as tx:
        set_clock(tx, MONDAY, 0)
    return shop


def counted(shop, now=MONDAY):
    with shop.database.transaction("test", "count") as tx:
        return Counter().count(tx, set_stage(tx, None), now)


def test_a_quiet_shop_has_no_figures_to_boast_of(shop):
    assert counted(shop) == Figures(0, None, 0, 0)


def test_a_promise_is_on_course_until_a_parcel_comes_later_or_the_day_has_passed(shop):
    shop.place(order(("LAMP", 1)), order(("LAMP", 2)), order(("RUG", 1)))
    kept = counted(shop)
    with shop.database.transaction("test", "late") as tx:
        tx.run("UPDATE orders.parcel SET arrives_on = arrives_on + 1 WHERE order_id = 10001")
    late = counted(shop)
    passed = counted(shop, MONDAY + timedelta(days=9))

    assert (kept.orders, kept.on_course_per_mille) == (3, 1000)
    assert late.on_course_per_mille == 666
    assert (passed.orders, passed.on_course_per_mille) == (0, 0)


def test_units_that_orders_own_and_no_shelf_holds_are_oversold(shop):
    shop.place(order(("LAMP", 4)))
    honest = counted(shop)
    with shop.database.transaction("test", "lie") as tx:
        tx.run("UPDATE inventory.commitment SET units = units + 2")
    caught = counted(shop)

    assert (honest.oversold_units, caught.oversold_units) == (0, 2)


def test_an_order_that_was_sourced_anew_twice_counts_once_and_only_today(shop):
    again = LinesSourced(OrderId(10_001), (LineId(1),), (NodeId("york"),), "short pick")
    with shop.database.transaction("test", "again") as tx:
        announce(tx, [again], MONDAY - timedelta(days=1))
        announce(tx, [again, again], MONDAY)

    assert counted(shop).resourced == 1
    assert counted(shop, MONDAY + timedelta(days=1)).resourced == 0


def test_each_channel_sees_free_units_less_what_is_kept_back_from_it(shop):
    with shop.database.transaction("test", "toggle") as tx:
        put_toggles(tx, [Toggle(NodeId("york"), Sku("LAMP"), frozenset())], MONDAY)
        stage = set_stage(tx, None)
        article = reads.find_article(tx, "lamp")
        shelves = reads.read_shelves(tx, article.sku)
        off = reads.read_methods_off(tx, article.sku)
    policy = BufferPolicy(
        (
            BufferRule("safety", 2, sku=Sku("LAMP")),
            BufferRule("channel", 5, channel=ChannelId("market")),
        )
    )
    streams = tuple(stage.streams.values())
    seen = see(streams, article, stage.places, shelves, off, policy)

    assert {sight.stream.channel_id: (sight.units, sight.kept_back) for sight in seen} == {
        "web": (8, 2),
        "market": (3, 7),
        "till": (13, 0),
    }


def test_the_page_tells_of_orders_bars_and_the_last_decision(shop):
    shop.place(order(("LAMP", 1)), order(("RUG", 1), key="second"))
    with shop.database.transaction("test", "look") as tx:
        stage = set_stage(tx, None)
        rows = show_orders(tx, stage, stage.today(MONDAY))
        decision = show_decision(tx, stage)
        shelf = show_shelf(tx, stage, reads.find_article(tx, "RUG"))

    assert [(row.number, row.served) for row in rows] == [
        (10_002, "ships from London"),
        (10_001, "ships from Leeds"),
    ]
    assert decision.chosen.startswith("London ships the line in one parcel for")
    assert [(bar.name, bar.free, bar.said) for bar in shelf.bars] == [
        ("London", 1, "1 free, 1 sold")
    ]
    assert sum(piece.width for piece in shelf.bars[0].segments) == 100


def test_the_first_fact_of_a_day_is_found_without_reading_all(shop, monkeypatch):
    monkeypatch.setattr(reads, "FACTS_BEFORE_MAX", 3)
    with shop.database.transaction("test", "facts") as tx:
        again = LinesSourced(OrderId(1), (LineId(1),), (NodeId("york"),), "")
        for day in range(1, 21):
            announce(tx, [again], MONDAY + timedelta(days=day))
        newest = reads.read_newest_fact(tx)
        found = reads.find_first_fact(tx, MONDAY + timedelta(days=15))

    assert newest - 6 - 3 <= found < newest - 5
