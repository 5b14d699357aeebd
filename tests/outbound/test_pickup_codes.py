"""A code works once, is kept only as a hash, and locks after too many wrong ones."""

import pytest

from oneshelf.base.identifiers import NodeId, ParcelId
from oneshelf.outbound.pickup.actions import hand_over, make_ready, renew_codes
from oneshelf.outbound.pickup.codes import WRONG_ATTEMPTS_MAX, HandOver
from shop import order

WRONG = "222222"


@pytest.fixture
def parcel(life):
    [placed] = life.place(order(("LAMP", 1), method="pickup", node=NodeId("london")))
    life.settle()
    life.pick_all(placed.number)
    return life.parcels(placed.number)["london"]


def say(life, parcel, *codes):
    answers = life.do(hand_over, [HandOver(parcel, code) for code in codes])
    return [answer.outcome for answer in answers]


def test_too_many_wrong_codes_lock_even_the_right_one(life, parcel):
    _, [code] = life.do(make_ready, [parcel])
    wrong = say(life, parcel, *[WRONG] * (WRONG_ATTEMPTS_MAX - 1))
    wrong += say(life, parcel, WRONG, code.code)
    late = say(life, parcel, code.code)
    life.settle()

    assert wrong == ["wrong_code"] * (WRONG_ATTEMPTS_MAX - 1) + ["locked", "locked"]
    assert late == ["locked"]
    assert [kind for kind, _ in life.open_exceptions()] == ["pickup_code_locked"]


def test_a_proof_of_identity_or_a_new_code_opens_a_lock(life, parcel):
    _, [old] = life.do(make_ready, [parcel])
    say(life, parcel, *[WRONG] * WRONG_ATTEMPTS_MAX)
    [new] = life.do(renew_codes, [parcel])

    assert say(life, parcel, old.code) == ["wrong_code"]
    assert say(life, parcel, new.code) == ["done"]


def test_identity_alone_is_enough(life, parcel):
    life.do(make_ready, [parcel])

    assert say(life, parcel, None) == ["done"]


def test_ready_and_handed_over_twice_is_once(life, parcel):
    first, [code] = life.do(make_ready, [parcel])
    second, none = life.do(make_ready, [parcel])

    assert (first[0].outcome, second[0].outcome, none) == ("done", "already_done", [])
    assert say(life, parcel, code.code, code.code) == ["done", "done"]
    assert say(life, parcel, code.code) == ["already_done"]
    assert life.stock("LAMP", "london") == {"available": 4}


def test_nothing_is_handed_over_before_it_is_ready(life, parcel):
    assert say(life, parcel, "ABCDEF") == ["not_ready"]
    assert say(life, ParcelId(999_999), "ABCDEF") == ["unknown_parcel"]
