"""What is tried and what is broken is a function of the seed."""

from itertools import islice

import pytest

from oneshelf.orders.canonical import faults
from oneshelf.simulation.torture.chaos import draw_chaos
from oneshelf.simulation.torture.focus import FOCUSES
from oneshelf.simulation.torture.script import DRAW, Script
from oneshelf.simulation.torture.wishes import Buying, Carting
from oneshelf.simulation.torture.world import draw_world

EVERYTHING = FOCUSES["everything"]


def script(seed, focus=EVERYTHING):
    return Script(seed, focus, draw_world(seed, focus))


def steps(seed, focus=EVERYTHING):
    return [
        script(seed, focus).step(crew, f"{crew}0", number) for crew in DRAW for number in range(20)
    ]


def test_a_seed_is_a_run_and_another_seed_another():
    assert steps(3) == steps(3)
    assert steps(3) != steps(4)
    assert draw_world(3, EVERYTHING) == draw_world(3, EVERYTHING)


def test_blows_follow_the_seed_and_each_kind_comes_in_each_round():
    first = list(islice(draw_chaos(3, EVERYTHING), len(EVERYTHING.blows)))

    assert first == list(islice(draw_chaos(3, EVERYTHING), len(EVERYTHING.blows)))
    assert {one.blow for one in first} == set(EVERYTHING.blows)
    assert [one.after for one in first] == sorted(one.after for one in first)


@pytest.mark.parametrize("name", FOCUSES)
def test_whatever_is_tried_can_be_decided(name):
    focus = FOCUSES[name]
    known = {product.sku for product in draw_world(1, focus).network.products}
    orders = [
        order
        for step in steps(1, focus)
        for order in (
            step.orders
            if isinstance(step, Buying)
            else (step.order,)
            if isinstance(step, Carting)
            else ()
        )
    ]

    assert [faults(order) for order in orders if faults(order)] == []
    assert {line.sku for order in orders for line in order.lines} <= known
