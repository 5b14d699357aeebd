"""The whole week: repeatable, complete, well but not perfectly stocked."""

import os
import subprocess
import sys
from collections import Counter
from itertools import pairwise

import pytest

from oneshelf.simulation.retailer import last_unit
from oneshelf.simulation.retailer.script import CLOSES_AT, OPENS_AT, server_of, week
from oneshelf.simulation.retailer.stock import Supply
from oneshelf.web.demo.columns import MANY_SHELVES

DIGEST = "from oneshelf.simulation.retailer.script import week; print(week(1).digest())"


@pytest.fixture(scope="module", name="first")
def first_week():
    return week(1)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_each_of_two_servers_is_sent_at_least_thirty_percent_of_the_orders(seed):
    world = week(seed)
    sent = Counter()
    for minute in world.minutes:
        sent[server_of(seed, 2, "minute", minute.at)] += len(minute.requests)

    assert min(sent[0], sent[1]) >= 0.3 * sent.total()


def test_pools_give_away_every_unit_of_every_place(first):
    for node in first.nodes:
        pools = [pool for pool in MANY_SHELVES.sourcing.pools if pool.reaches(node.node_id)]
        assert sum(pool.stock_percent for pool in pools) == 100


def lost_share(world):
    """Return the units a plain house would lose: own store for tills and pickups, else anywhere."""
    parts = {p.sku: p.components() for p in world.products}
    stock = Counter({(shelf.node, shelf.sku): shelf.units for shelf in world.supply.opening})
    lost = asked = 0
    for minute in world.minutes:
        for truck in minute.trucks:
            stock.update({(truck.node, line.sku): line.units for line in truck.lines})
        for basket in minute.requests:
            shelves = [basket.store] if basket.store else [node.node_id for node in world.nodes]
            for line in basket.lines:
                for part in parts[line.sku]:
                    missing = part.units * line.units
                    asked += missing
                    for node in shelves:
                        taken = min(missing, stock[node, part.sku])
                        stock[node, part.sku] -= taken
                        missing -= taken
                    lost += missing
    return lost / asked


def test_the_same_seed_makes_the_same_week(first):
    assert week(1) == first
    assert week(1).digest() == first.digest()


@pytest.mark.parametrize("hash_seed", ["1", "2"])
def test_the_week_is_the_same_in_every_process(first, hash_seed):
    environment = {
        **os.environ,
        "PYTHONHASHSEED": hash_seed,
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    told = subprocess.run(
        [sys.executable, "-c", DIGEST], env=environment, capture_output=True, text=True, check=True
    )

    assert told.stdout.strip() == first.digest()


def test_another_seed_makes_another_week(first):
    other = week(2)

    assert other.digest() != first.digest()
    assert other.cleaned == first.cleaned


def test_minutes_are_in_order_and_inside_the_week(first):
    instants = [minute.at for minute in first.minutes]

    assert all(earlier < later for earlier, later in pairwise(instants))
    assert instants[0] >= OPENS_AT
    assert instants[-1] < CLOSES_AT
    assert all(at.second == 0 for at in instants)


def test_everything_happens_once_and_in_its_minute(first):
    baskets = [basket for minute in first.minutes for basket in minute.requests]
    trucks = [truck for minute in first.minutes for truck in minute.trucks]
    cancellations = [item for minute in first.minutes for item in minute.cancellations]

    assert len({basket.external_id for basket in baskets}) == len(baskets)
    assert Counter(truck.reference for truck in trucks) == Counter(
        truck.reference for truck in first.supply.trucks
    )
    assert Counter(cancellations) == Counter(first.cancelled.cancellations)
    for minute in first.minutes:
        assert all(basket.at == minute.at for basket in minute.requests)
        assert all(truck.arrives_at == minute.at for truck in minute.trucks)


def test_everything_asked_for_is_known_to_the_catalog(first):
    skus = {product.sku for product in first.products}
    places = {node.node_id for node in first.nodes}
    baskets = [basket for minute in first.minutes for basket in minute.requests]

    assert {line.sku for basket in baskets for line in basket.lines} <= skus
    assert {basket.channel for basket in baskets} <= {c.channel_id for c in first.channels}
    assert {basket.store for basket in baskets if basket.store} <= places
    assert {shelf.sku for shelf in first.supply.opening} <= skus
    assert {shelf.node for shelf in first.supply.opening} <= places


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_fill_rate_is_good_but_not_perfect(seed):
    assert 0.02 < lost_share(week(seed)) < 0.06


def test_shelves_and_trucks_hold_single_products_each_once(first):
    kits = {product.sku for product in first.products if product.parts}
    shelves = [(shelf.node, shelf.sku) for shelf in first.supply.opening]
    loads = [line for truck in first.supply.trucks for line in truck.lines]

    assert len(set(shelves)) == len(shelves)
    assert all(shelf.units > 0 for shelf in first.supply.opening)
    assert all(line.units > 0 for line in loads)
    assert not kits & ({sku for _, sku in shelves} | {line.sku for line in loads})


def test_trucks_come_when_due_or_late(first):
    late = [truck for truck in first.supply.trucks if truck.arrives_at > truck.expected_at]

    assert all(truck.arrives_at >= truck.expected_at for truck in first.supply.trucks)
    assert 0 < len(late) < len(first.supply.trucks)


@pytest.mark.parametrize("seed", range(5))
def test_the_last_unit_is_the_last_and_only_three_want_it(seed):
    world = week(seed)
    moment = world.moment

    stands = [shelf for shelf in world.supply.opening if shelf.sku == moment.sku]
    wanted = [
        (minute.at, basket.external_id)
        for minute in world.minutes
        for basket in minute.requests
        if moment.sku in {line.sku for line in basket.lines}
    ]
    assert [(shelf.node, shelf.units) for shelf in stands] == [(moment.node, 1)]
    assert {at for at, _ in wanted} == {moment.at}
    assert {key for _, key in wanted} == {moment.web, moment.app, moment.till}


def test_the_moment_is_told_with_its_outcomes(first):
    story = first.moment.told("Refused.", "Cancelled.", "Sold.")

    assert "cake stand lovebird" in story
    assert story.endswith("The web shop: Refused. The app: Cancelled. The till: Sold.")


def test_leaving_one_unit_of_what_still_comes_by_truck_is_refused(first):
    truck = first.supply.trucks[0]
    line = type(truck.lines[0])(last_unit.SKU, 1)
    loaded = type(truck)(
        truck.reference, truck.supplier, truck.node, truck.expected_at, truck.arrives_at, (line,)
    )

    with pytest.raises(ValueError, match="truck"):
        last_unit.leave_one(Supply((), (loaded,)))
