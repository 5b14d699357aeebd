"""A place that sends one parcel a day promises each day once, however many ask at once."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

from crowds import crowd, servers, told

from oneshelf.base.database import Database
from oneshelf.matching.capacity.actions import find_drift
from shop import MONDAY, Shop, node, order

BUYERS = 50
ONE_A_DAY = (node("leeds", 53.8, -1.55, parcels_per_day_max=1),)


def promised_days(shop):
    return Counter(on for (on,) in shop.rows("SELECT capacity_on FROM orders.parcel"))


def test_of_fifty_buyers_at_two_servers_one_is_promised_each_day(url, still, headers):
    shop = Shop.opened(still, [("LAMP", "leeds", 100)], nodes=ONE_A_DAY)
    with servers(url) as running:
        addresses = [one.address for one in running]
        answers = crowd(addresses, headers, [order(("LAMP", 1)) for _ in range(BUYERS)])
    days = promised_days(shop)

    assert set(told(answers)) <= {(201, "placed"), (409, "no_capacity"), (409, "busy")}
    assert days[MONDAY.date()] == 1
    assert set(days.values()) == {1}
    assert len(days) == told(answers)[201, "placed"] >= BUYERS - 5


def test_an_order_that_locks_before_it_plans_gets_the_day_that_is_free(still, url):
    shop = Shop.opened(still, [("LAMP", "leeds", 100)], nodes=ONE_A_DAY)
    other = Shop(Database(url))
    shop.place(*[order(("LAMP", 1)) for _ in range(5)])
    [answer] = other.place_once([order(("LAMP", 1))], "before_planning")
    other.database.close()
    with still.transaction("test", "drift") as tx:
        drift = find_drift(tx)

    assert answer.outcome == "placed"
    assert drift == []
    assert list(promised_days(shop).values()) == [1] * 6


def test_who_locks_before_planning_and_who_locks_after_never_wait_in_a_circle(still, url):
    shop = Shop.opened(still, [("LAMP", "leeds", 1_000)], nodes=ONE_A_DAY)
    ways = ("before_planning", "after_planning")

    def buy(locking):
        with closing(Database(url)) as database:
            mine = Shop(database)
            return [mine.place_once([order(("LAMP", 1))], locking)[0] for _ in range(14)]

    with ThreadPoolExecutor(2) as pool:
        careful, quick = pool.map(buy, ways)

    assert {answer.outcome for answer in careful} == {"placed"}
    assert {answer.outcome for answer in quick} <= {"placed", "undecided"}
    assert set(promised_days(shop).values()) == {1}
