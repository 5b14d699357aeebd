"""Carts and orders want the same node-day at once; a hold expires once, by the database's clock."""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import cycle
from random import Random

import httpx
import pytest
from crowds import servers
from skewed import compile_shim, skew

from oneshelf.base.clock import read_now, set_clock
from oneshelf.base.database import Database
from oneshelf.base.errors import ContendedError
from oneshelf.base.identifiers import ChannelId, NodeId, PublicId, Sku, new_id
from oneshelf.inventory.ledger import StockPoint
from oneshelf.inventory.reservations.actions import extend, lapse_due
from oneshelf.inventory.reservations.holding import Hold, HoldLine, Moved
from oneshelf.matching.capacity.holding import NodeDay
from oneshelf.matching.carts import actions as carts
from oneshelf.matching.carts.asking import Cart
from oneshelf.orders.answers import Placed
from oneshelf.worker import Worker
from shop import EVERY_DAY, MONDAY, PLACE, Shop, node, order

CROWD = 8
A_MINUTE_A_SECOND = 60
TODAY = MONDAY.date()
AFTER_TODAY = frozenset(TODAY + timedelta(days=ahead) for ahead in range(1, 800))
ONE_DAY_ONLY = replace(EVERY_DAY, closed_on=AFTER_TODAY)
ONE_PARCEL = (node("leeds", 53.8, -1.55, parcels_per_day_max=1, calendar=ONE_DAY_ONLY),)
CART = {
    "channel": "web",
    "method": "ship",
    "lines": [{"sku": "LAMP", "units": 1}],
    "place": {
        "country": "GB",
        "postcode": "M1",
        "latitude": PLACE.latitude,
        "longitude": PLACE.longitude,
    },
    "minutes": 15,
}
RESERVATIONS = "/api/v1/reservations"


@pytest.fixture
def shop(still):
    return Shop.opened(still, [("LAMP", "leeds", 2_000)], nodes=ONE_PARCEL)


def wish(at="leeds", on=TODAY, until=MONDAY + timedelta(minutes=15)):
    line = HoldLine(1, StockPoint(Sku("LAMP"), NodeId(at)), 1)
    held = Hold(PublicId(new_id()), ChannelId("web"), (line,), until)
    return Cart(held, (NodeDay(NodeId(at), on),))


def hold(database, one, now):
    """Hold a cart as a door does: again where another one was quicker."""
    for _ in range(9):
        try:
            with database.transaction("test", "hold") as tx:
                return carts.hold(tx, [one], now)[one.hold.public_id]
        except ContendedError:
            continue
    raise AssertionError("never got through")


def post(address, headers, path, body, key=None):
    more = {"Idempotency-Key": key or str(new_id())}
    with httpx.Client(base_url=address, headers=headers | more, timeout=60) as client:
        return client.post(path, json=body)


def taken(shop):
    return shop.rows("SELECT node_id, on_day, taken FROM matching.capacity_day WHERE taken > 0")


def now_in(database):
    with database.transaction("test", "now") as tx:
        return read_now(tx)


def lapsed_at(database):
    with database.transaction("test", "look") as tx:
        return tx.scalars("SELECT happened_at FROM base.fact WHERE name = 'ReservationLapsed'")


def carts_hold(database):
    with database.transaction("test", "look") as tx:
        return tx.scalars("SELECT reservation FROM matching.cart_capacity")


def wait_for(true):
    give_up_at = time.monotonic() + 20
    while not true():
        assert time.monotonic() < give_up_at
        time.sleep(0.02)


def lapsed_facts(shop):
    return shop.rows("SELECT count(*)::int FROM base.fact WHERE name = 'ReservationLapsed'")[0][0]


def test_of_many_carts_and_orders_at_two_servers_one_gets_the_only_parcel(url, shop, headers):
    lines = [{"sku": "LAMP", "units": 1, "price_minor": 500}]

    def ask(address, number):
        if number % 2:
            return post(address, headers, RESERVATIONS, CART)
        body = {**CART, "lines": lines, "key": str(number), "currency": "GBP"}
        del body["minutes"]
        return post(address, headers, "/api/v1/orders", body, key=str(number))

    with servers(url) as running, ThreadPoolExecutor(40) as pool:
        addresses = cycle([one.address for one in running])
        answers = list(pool.map(ask, addresses, range(80)))
    won = [answer for answer in answers if answer.status_code == 201]
    stands = shop.rows(
        "SELECT (SELECT count(*) FROM matching.capacity_hold)::int,"
        "       (SELECT count(*) FROM matching.cart_capacity)::int,"
        "       (SELECT count(*) FROM orders.sales_order)::int,"
        "       (SELECT sum(reserved) FROM inventory.point)::int"
    )

    assert {answer.status_code for answer in answers} == {201, 409}
    assert len(won) == 1
    assert stands in ([(1, 0, 1, 0)], [(0, 1, 0, 1)])
    assert taken(shop) == [("leeds", TODAY, 1)]


def test_carts_that_are_held_moved_ordered_and_given_back_at_once_never_exceed_a_day(still, url):
    nodes = tuple(
        node(name, 53.8, -1.55, parcels_per_day_max=2) for name in ("hull", "leeds", "york")
    )
    shop = Shop.opened(still, [("LAMP", one.node_id, 500) for one in nodes], nodes=nodes)

    def live(seed):
        chance, held = Random(seed), []
        with closing(Database(url)) as database:
            mine = Shop(database)
            for _ in range(25):
                here, there = chance.sample([one.node_id for one in nodes], 2)
                one = wish(here, mine.outlook.first_day(here, MONDAY))
                if isinstance(hold(database, one, MONDAY), tuple):
                    held.append((one.hold.public_id, here))
                if held:
                    end(mine, chance, held.pop(chance.randrange(len(held))), there)
                mine.refresh()

    def end(mine, chance, cart, there):
        public_id, here = cart
        what = chance.choice(["move", "give back", "order", "leave", "stay"])
        if what == "order":
            mine.place_once([order(("LAMP", 1), reservation=public_id)])
            return
        with mine.database.transaction("test", what) as tx:
            if what == "move":
                source, target = (StockPoint(Sku("LAMP"), NodeId(at)) for at in (here, there))
                carts.transfer(mine.outlook, tx, [Moved(public_id, 1, source, target)], MONDAY)
            elif what == "give back":
                carts.release(tx, [public_id], MONDAY)
            elif what == "leave":
                lapse_due(tx, MONDAY + timedelta(minutes=chance.choice([1, 20])))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(live, range(4)))
    Worker(still).settle()
    held = shop.rows(
        "SELECT (SELECT count(*) FROM matching.cart_capacity)::int,"
        "       (SELECT count(*) FROM inventory.reserved_unit)::int"
    )

    assert all(parcels <= 2 for _, _, parcels in taken(shop))
    assert held[0][0] == held[0][1]


def test_a_thousand_who_want_an_expiring_hold_see_it_expire_once_and_one_has_it_next(
    url, shop, still
):
    late = MONDAY + timedelta(minutes=15)
    old = wish()
    assert isinstance(hold(still, old, MONDAY), tuple)

    def want(number):
        with database.transaction("test", "want") as tx:
            match number % 4:
                case 0:
                    return lapse_due(tx, late)
                case 1:
                    return extend(tx, {old.hold.public_id: late + timedelta(hours=1)}, late)
                case 2:
                    return carts.release(tx, [old.hold.public_id], late)
        one = wish(until=late + timedelta(hours=1))
        answer = hold(database, one, late)
        return one.hold.public_id if isinstance(answer, tuple) else answer

    def work(_):
        with closing(Database(url)) as mine:
            return Worker(mine).settle()

    with closing(Database(url, connections_max=CROWD)) as database, ThreadPoolExecutor(CROWD) as p:
        work_done = [p.submit(work, number) for number in range(2)]
        answers = list(p.map(want, range(1_000)))
        for done in work_done:
            done.result()
    with still.transaction("test", "later") as tx:
        set_clock(tx, late, 0)
    Worker(still).settle()
    winners = [answer for answer in answers[3::4] if not hasattr(answer, "days")]
    ended = shop.rows(
        "SELECT count(*)::int FROM inventory.movement"
        " WHERE source = 'reserved' AND subject = %(subject)s",
        subject=f"reservation:{old.hold.public_id}",
    )

    assert len(winners) == 1
    assert ended == [(1,)]
    assert lapsed_facts(shop) <= 1
    assert all(
        answer != {old.hold.public_id: late + timedelta(hours=1)} for answer in answers[1::4]
    )
    assert shop.rows("SELECT reservation FROM matching.cart_capacity") == [(winners[0],)]
    assert taken(shop) == [("leeds", TODAY, 1)]


def test_an_extension_said_a_thousand_times_extends_once_and_keeps_the_day(url, shop, still):
    one = wish()
    hold(still, one, MONDAY)
    until, late = MONDAY + timedelta(hours=1), MONDAY + timedelta(minutes=15)

    def say(number):
        with database.transaction("test", "extend") as tx:
            if number % 5:
                return extend(tx, {one.hold.public_id: until}, MONDAY)[one.hold.public_id]
        rival = hold(database, wish(), MONDAY)
        return until if hasattr(rival, "days") else rival

    with closing(Database(url, connections_max=CROWD)) as database, ThreadPoolExecutor(CROWD) as p:
        told = set(p.map(say, range(1_000)))
    with still.transaction("test", "sweep") as tx:
        swept = lapse_due(tx, late)

    assert told == {until}
    assert (swept, lapsed_facts(shop)) == (0, 0)
    assert taken(shop) == [("leeds", TODAY, 1)]


def test_what_lapsed_is_sellable_at_once_whoever_works(url, shop, still):
    old = wish()
    hold(still, old, MONDAY)
    with still.transaction("test", "later") as tx:
        set_clock(tx, MONDAY + timedelta(minutes=15), 0)
    with ThreadPoolExecutor(3) as pool:

        def work(_):
            with closing(Database(url)) as mine:
                return Worker(mine).settle()

        list(pool.map(work, range(3)))
    shop.now = MONDAY + timedelta(minutes=15)
    shop.refresh()
    [answer] = shop.place_once([order(("LAMP", 1))])

    assert isinstance(answer, Placed)
    assert lapsed_facts(shop) == 1
    assert taken(shop) == [("leeds", TODAY, 1)]


@contextmanager
def working(url):
    """Run `oneshelf work` in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "oneshelf", "work"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "ONESHELF_DATABASE": url},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


def test_hosts_an_hour_ahead_and_an_hour_behind_end_a_hold_when_the_database_says(
    url, headers, still, monkeypatch, tmp_path
):
    Shop.opened(still, [("LAMP", "leeds", 5)], nodes=ONE_PARCEL)
    shim = compile_shim(tmp_path)
    running = []
    with ExitStack() as stack:
        for by_s in (-3_600, 3_600):
            skew(monkeypatch, shim, by_s)
            running.append(stack.enter_context(servers(url, 1))[0].address)
            stack.enter_context(working(url))
        behind, ahead = running
        with still.transaction("test", "clock") as tx:
            set_clock(tx, MONDAY, A_MINUTE_A_SECOND)
        before = now_in(still)
        said = [httpx.get(f"{one}/health/live").headers["date"] for one in running]
        held = post(behind, headers, RESERVATIONS, CART | {"minutes": 5}).json()
        after = now_in(still)
        path = f"{RESERVATIONS}/{held['reservation']}"
        longer = post(ahead, headers, f"{path}/extend", {"minutes": 8}).json()
        told = datetime.fromisoformat(held["lapses_at"])
        until = datetime.fromisoformat(longer["lapses_at"])
        while now_in(still) < until:
            stands = [httpx.get(one + path, headers=headers).status_code for one in running]
            if now_in(still) < until:
                assert stands == [200, 200]
            time.sleep(0.1)
        gone = [post(one, headers, f"{path}/extend", {"minutes": 60}) for one in running]
        wait_for(lambda: lapsed_at(still) and not carts_hold(still))
        next_one = post(ahead, headers, RESERVATIONS, CART)

    off = parsedate_to_datetime(said[1]) - parsedate_to_datetime(said[0])
    assert abs(off - timedelta(hours=2)) < timedelta(minutes=1)  # so they do disagree
    assert before + timedelta(minutes=5) <= told <= after + timedelta(minutes=5)
    assert timedelta(minutes=2) < until - told < timedelta(minutes=6)
    assert [one.status_code for one in gone] == [409, 409]
    [lapsed] = lapsed_at(still)
    assert until <= lapsed <= until + timedelta(minutes=1)  # a second of the hosts
    assert next_one.status_code == 201
