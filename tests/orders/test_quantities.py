"""Laws of units that move between statuses."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oneshelf.base.errors import OneshelfError
from oneshelf.base.identifiers import LineId, OrderId, ParcelId
from oneshelf.orders.lifecycle import STATUSES, TRANSITIONS
from oneshelf.orders.progress.quantities import (
    IllegalTransitionError,
    Move,
    Quantity,
    QuantityId,
    move,
)

ORDER = OrderId(1)
statuses = st.sampled_from(STATUSES)


@st.composite
def quantities(draw):
    drawn = draw(
        st.lists(
            st.tuples(
                st.integers(1, 2),
                st.integers(1, 9),
                statuses.filter(lambda status: TRANSITIONS[status]),
                st.sampled_from([None, ParcelId(1)]),
            ),
            min_size=1,
            max_size=6,
        )
    )
    return [
        Quantity(QuantityId(place), ORDER, LineId(line), units, status, status, parcel)
        for place, (line, units, status, parcel) in enumerate(drawn)
    ]


@st.composite
def quantities_and_a_move(draw):
    before = draw(quantities())
    origin = draw(st.sampled_from(before))
    there = sum(q.units for q in before if place_of(q) == place_of(origin))
    return before, Move(
        ORDER,
        origin.line_id,
        origin.status,
        draw(st.sampled_from(TRANSITIONS[origin.status])),
        draw(st.integers(1, there)),
        origin.parcel_id,
        ParcelId(2),
    )


def place_of(quantity):
    return quantity.line_id, quantity.status, quantity.parcel_id


def units_by_line(found):
    units = Counter()
    for quantity in found:
        units[quantity.line_id] += quantity.units
    return units


def units_by_place(found):
    units = Counter()
    for quantity in found:
        units[place_of(quantity)] += quantity.units
    return units


@given(quantities_and_a_move())
def test_the_units_of_a_line_never_change(given_move):
    before, wanted = given_move

    assert units_by_line(move(before, [wanted])) == units_by_line(before)


@given(quantities_and_a_move())
def test_exactly_the_wanted_units_change_their_place(given_move):
    before, wanted = given_move
    expected = units_by_place(before)
    expected[wanted.line_id, wanted.was, wanted.parcel_id_before] -= wanted.units
    expected[wanted.line_id, wanted.status, wanted.parcel_id_after] += wanted.units

    assert units_by_place(move(before, [wanted])) == +expected


@given(quantities_and_a_move())
def test_a_move_splits_one_row_at_most_and_merges_none(given_move):
    before, wanted = given_move
    after = move(before, [wanted])

    assert {q.quantity_id for q in before} <= {q.quantity_id for q in after}
    assert sum(q.quantity_id is None for q in after) <= 1


@given(statuses, statuses)
def test_what_the_table_does_not_allow_is_refused(was, status):
    before = [Quantity(QuantityId(1), ORDER, LineId(1), 3, was, was)]
    if status in TRANSITIONS[was]:
        assert move(before, [Move(ORDER, LineId(1), was, status, 3)])[0].status == status
    else:
        with pytest.raises(IllegalTransitionError):
            move(before, [Move(ORDER, LineId(1), was, status, 3)])


def test_more_units_than_stand_there_are_a_conflict():
    before = [Quantity(QuantityId(1), ORDER, LineId(1), 3, "new", "sourced")]

    with pytest.raises(OneshelfError, match="3 units sourced there, not 4"):
        move(before, [Move(ORDER, LineId(1), "sourced", "released", 4)])
