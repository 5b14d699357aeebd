"""Writers do not wait for each other: four place several times as many orders as one."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

from oneshelf.base.database import Database
from shop import Shop, order, product

SKUS = [f"ITEM{n}" for n in range(4)]
PLANNING_S = 0.1
LASTING_S = 3.0
BATCH = 3


def slowed(outlook):
    """Let every batch of this outlook plan for a tenth of a second."""
    planning = outlook.planning

    @contextmanager
    def slow(now):
        with planning(now):
            time.sleep(PLANNING_S)
            yield

    outlook.planning = slow


def write(url, sku, until):
    """Place batches of one SKU, one after the other, until the time is over."""
    with closing(Database(url)) as database:
        shop = Shop(database)
        slowed(shop.outlook)
        while time.monotonic() < until():
            shop.place_once([order((sku, 1)) for _ in range(BATCH)])


def placed_by(url, shop, skus):
    [(before,)] = shop.rows("SELECT count(*) FROM orders.sales_order")
    started = []

    def until():
        started.append(time.monotonic())
        return started[0] + LASTING_S

    with ThreadPoolExecutor(len(skus)) as pool:
        list(pool.map(lambda sku: write(url, sku, until), skus))
    [(after,)] = shop.rows("SELECT count(*) FROM orders.sales_order")
    return after - before


def test_four_writers_place_three_times_the_orders_of_one_in_the_same_time(still, url):
    shelves = [(sku, "leeds", 10_000) for sku in SKUS]
    shop = Shop.opened(still, shelves, products=[product(sku) for sku in SKUS])
    one = placed_by(url, shop, SKUS[:1])
    four = placed_by(url, shop, SKUS)

    assert four >= 3 * one > 0
