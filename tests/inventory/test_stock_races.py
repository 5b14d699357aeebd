"""Many want the same units at once; every unit has one owner and nobody waits for ever."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from oneshelf.base.database import Database
from oneshelf.base.errors import ContendedError
from oneshelf.base.identifiers import ChannelId, LineId, NodeId, OrderId, PublicId, Sku, new_id
from oneshelf.catalog.products import KitPart
from oneshelf.inventory.auditing.actions import audit
from oneshelf.inventory.claims.actions import open_claims
from oneshelf.inventory.claims.serving import ClaimWish
from oneshelf.inventory.counting.actions import adjust
from oneshelf.inventory.counting.saying import Adjusted
from oneshelf.inventory.ledger import StockPoint, Take
from oneshelf.inventory.lines.actions import sell_at_till
from oneshelf.inventory.lines.handling import TillSale
from oneshelf.inventory.reservations.actions import extend, lapse_due, release, reserve
from oneshelf.inventory.reservations.holding import Hold, HoldLine, Short
from oneshelf.inventory.shelf.actions import commit_units, lock_at_once, lock_points

SHELVES = [StockPoint(Sku(sku), NodeId(node)) for sku in ("LAMP", "RUG") for node in ("a", "b")]
CROWD = 8


@pytest.fixture
def crowd(url):
    database = Database(url, connections_max=CROWD)
    with ThreadPoolExecutor(CROWD) as pool:
        yield database, lambda work, many: list(pool.map(work, many))
    database.close()


def stock(database, units, now):
    with database.transaction("test", "race") as tx:
        adjust(tx, [Adjusted(new_id(), point, units, "opening") for point in SHELVES], now)


def figures(database):
    with database.transaction("test", "race") as tx:
        assert audit(tx) == []
        return tx.tuples(
            "SELECT sum(available), sum(reserved), sum(committed), sum(outside)"
            "  FROM inventory.point"
        )[0]


def hold(points, until):
    lines = tuple(HoldLine(place, point, 1) for place, point in enumerate(points))
    return Hold(PublicId(new_id()), ChannelId("web"), lines, until)


def test_the_last_unit_has_one_buyer_and_all_others_are_told(crowd, now):
    database, together = crowd
    stock(database, 1, now)

    def buy(place):
        points = SHELVES if place % 2 else SHELVES[::-1]
        with database.transaction("test", "race") as tx:
            return list(reserve(tx, [hold(points, now + timedelta(minutes=5))], now).values())

    answers = [answer for [answer] in together(buy, range(64))]

    assert sum(not isinstance(answer, Short) for answer in answers) == 1
    assert figures(database) == (0, 4, 0, -4)


def test_the_same_request_from_everybody_counts_once(crowd, now):
    database, together = crowd
    same, sale = Adjusted(new_id(), SHELVES[0], 5, "feed"), TillSale(new_id(), SHELVES[0], 2)

    def repeat(_):
        with database.transaction("test", "race") as tx:
            adjust(tx, [same], now)
        with database.transaction("test", "race") as tx:
            sell_at_till(tx, [sale], now)

    together(repeat, range(24))

    assert figures(database) == (3, 0, 0, -3)


def test_a_hold_lapses_once_whatever_the_number_of_sweepers_and_batches(crowd, now):
    database, together = crowd
    stock(database, 30, now)
    with database.transaction("test", "race") as tx:
        holds = [hold(SHELVES, now + timedelta(minutes=5)) for _ in range(30)]
        reserve(tx, holds, now)
    later = now + timedelta(minutes=5)

    def sweep(place):
        with database.transaction("test", "race") as tx:
            if place % 2:
                lapse_due(tx, later)
            else:
                lock_points(tx, SHELVES[place % 4 :], later)

    together(sweep, range(32))

    with database.transaction("test", "race") as tx:
        lapsed = tx.scalars("SELECT subject FROM base.fact WHERE name = 'ReservationLapsed'")
    assert sorted(lapsed) == sorted(f"reservation:{one.public_id}" for one in holds)
    assert figures(database) == (120, 0, 0, -120)


def test_who_waits_for_a_point_that_another_makes_has_locked_none_yet(crowd, now):
    database, _ = crowd
    there, made = SHELVES[:2]
    with database.transaction("test", "race") as tx:
        shelf = lock_points(tx, {there}, now)[there].point_id

    def want_both():
        with database.transaction("test", "second") as tx:
            return set(lock_points(tx, {there, made}, now))

    with ThreadPoolExecutor(1) as pool:
        with database.transaction("test", "first") as tx:
            lock_points(tx, {made}, now)
            second = pool.submit(want_both)
            while not tx.scalars("SELECT pid FROM pg_locks WHERE NOT granted"):
                assert not second.done()

            assert lock_at_once(tx, [shelf])

        assert second.result() == {there, made}


def test_a_hold_is_either_extended_or_lapsed_never_both(crowd, now):
    database, together = crowd
    stock(database, 30, now)
    holds = [hold(SHELVES[:2], now + timedelta(minutes=5)) for _ in range(20)]
    with database.transaction("test", "race") as tx:
        reserve(tx, holds, now)
    before, later = now + timedelta(minutes=4), now + timedelta(minutes=6)

    def work(place):
        with database.transaction("test", "race") as tx:
            if place % 2:
                wish = {holds[place // 2].public_id: now + timedelta(hours=1)}
                [until] = extend(tx, wish, before).values()
                return until
            return lapse_due(tx, later)

    answers = together(work, range(40))

    extended = sum(1 for answer in answers[1::2] if answer == now + timedelta(hours=1))
    with database.transaction("test", "race") as tx:
        [held] = tx.scalars("SELECT count(*) FROM inventory.reservation WHERE status = 'held'")
    assert held == extended
    assert figures(database)[1] == 2 * extended


def test_receipts_and_backorders_that_cross_strand_no_unit(crowd, now):
    database, together = crowd

    def order(tx, line):
        locked = lock_points(tx, SHELVES[:2], now)
        left, takes = 3, []
        for balance in locked.values():
            if part := min(left, balance.available):
                left -= part
                takes.append(Take(LineId(line), OrderId(line), balance.point_id, part))
        commit_units(tx, takes, now)
        if left:
            wish = ClaimWish(
                LineId(line), OrderId(line), Sku("LAMP"), (KitPart(Sku("LAMP"), 1),), left
            )
            open_claims(tx, [wish], now)

    def work(place):
        for _ in range(20):  # as a worker's batch is repeated
            try:
                with database.transaction("test", "race") as tx:
                    if place % 2:
                        return order(tx, place)
                    feed = Adjusted(new_id(), SHELVES[place // 2 % 2], 2, "came")
                    return adjust(tx, [feed], now)
            except ContendedError:
                continue
        raise AssertionError("never got through")

    together(work, range(60))

    assert figures(database)[:3] == (0, 0, 60)


def test_releases_and_sales_of_many_points_never_wait_in_a_circle(crowd, now):
    database, together = crowd
    stock(database, 20, now)

    def work(place):
        mine = [*SHELVES[place % 4 :], *SHELVES[: place % 4]]
        one = hold(mine, now + timedelta(minutes=5))
        with database.transaction("test", "race") as tx:
            reserve(tx, [one], now)
        with database.transaction("test", "race") as tx:
            release(tx, [one.public_id], now)
        with database.transaction("test", "race") as tx:
            sell_at_till(tx, [TillSale(new_id(), point, 1) for point in mine[:2]], now)

    together(work, range(24))

    assert figures(database) == (32, 0, 0, -32)
