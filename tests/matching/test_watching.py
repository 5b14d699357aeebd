"""A process that follows the newest facts loses none of those that appear late."""

from datetime import timedelta

import pytest

from oneshelf.base.identifiers import NodeId, Sku, new_id
from oneshelf.base.reading import SafeIds
from oneshelf.inventory.counting.actions import adjust
from oneshelf.inventory.counting.saying import Adjusted
from oneshelf.inventory.ledger import StockPoint
from oneshelf.matching.watching import actions
from shop import MONDAY, Shop, stock

LAMPS = StockPoint(Sku("LAMP"), NodeId("leeds"))
AT_ONCE = timedelta(0)


@pytest.fixture
def follow(database, monkeypatch):
    """Follow as a process does that watches the newest two ids; return what it knows of lamps."""
    monkeypatch.setattr(actions, "IDS_WATCHED", 2)
    shop = Shop.opened(database)
    safe_ids = SafeIds()

    def look():
        complete_to = safe_ids.look(database)
        with database.transaction("test", "follow") as tx:
            news = shop.watch.await_news(tx, AT_ONCE)
            shop.watch.take_over_news(tx, news, complete_to, MONDAY)

    def known():
        shop.refresh()
        return shop.outlook.stock.available(LAMPS)

    return look, known


def test_a_fact_that_appears_below_the_window_is_read_by_the_next_refresh(database, follow):
    look, known = follow
    with database.transaction("test", "late") as late:
        adjust(late, [Adjusted(new_id(), LAMPS, 7, "found")], MONDAY)
        for _ in range(4):
            stock(database, ("RUG", "leeds", 1))
        look()
    look()
    look()

    assert known() == 7
