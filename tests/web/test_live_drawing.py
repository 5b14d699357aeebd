from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oneshelf.web.live.drawing import (
    DESK_FONT,
    LETTER_WIDTH,
    PHONE_FONT,
    Marker,
    draw_land,
    mark,
    place_labels,
    project,
    short_names,
)
from oneshelf.web.live.words import count, fulfilment, long_day, short_day

TUESDAY = date(2010, 12, 7)
BRITAIN = st.tuples(st.floats(50, 59), st.floats(-7, 1.7))


def box(label, font):
    width = len(label.text) * font * LETTER_WIDTH
    left = {"start": label.x, "end": label.x - width, "middle": label.x - width / 2}[label.anchor]
    return left, label.y - 0.8 * font, left + width, label.y + 0.2 * font


def touch(one, other):
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


@given(st.lists(BRITAIN, min_size=1, max_size=40), st.sampled_from([DESK_FONT, PHONE_FONT]))
def test_labels_touch_neither_each_other_nor_a_marker(spots, font):
    projection = project(spots, spots)
    places = [(f"n{n}", f"Place {n}", "store", *spot) for n, spot in enumerate(spots)]
    markers = mark(projection, places, {f"n{n}": n for n in range(len(spots))})
    boxes = [box(label, font) for label in place_labels(projection, markers, font)]
    rounds = [(m.x - m.radius, m.y - m.radius, m.x + m.radius, m.y + m.radius) for m in markers]

    assert boxes or len(spots) > 1
    assert not any(touch(one, other) for n, one in enumerate(boxes) for other in boxes[:n])
    assert not any(touch(one, other) for one in boxes for other in rounds)


@given(st.lists(BRITAIN, max_size=60), st.lists(BRITAIN, max_size=5))
def test_every_place_lies_in_the_frame_and_the_land_is_one_path(land, places):
    projection = project(land, places)
    spots = [projection.spot(*place) for place in places]

    assert all(0 < x < projection.width and 0 < y < projection.height for x, y in spots)
    assert draw_land(projection, land).count("h0") <= len(land)


def test_a_place_is_called_by_its_city_where_it_is_the_only_one_there():
    places = [
        ("a", "Leeds, Briggate", "Leeds"),
        ("b", "London, Oxford Street", "London"),
        ("c", "London dark store", "London"),
        ("d", "Depot", ""),
    ]

    assert short_names(places) == {
        "a": "Leeds",
        "b": "London",
        "c": "London dark store",
        "d": "Depot",
    }


def test_a_marker_grows_with_its_stock():
    projection = project([], [(50, 0), (51, 0)])
    places = [("a", "A", "store", 50, 0), ("b", "B", "store", 51, 0)]
    full, empty = mark(projection, places, {"a": 100})

    assert (full.node_id, empty.node_id) == ("a", "b")
    assert isinstance(full, Marker)
    assert full.radius > empty.radius


@pytest.mark.parametrize(
    ("method", "statuses", "places", "at", "said"),
    [
        ("ship", ["sourced"], ["Leeds"], "", ("ships from Leeds", "plain")),
        ("ship", ["sourced"], ["Wigan", "Leeds"], "", ("Wigan + Leeds, 2 parcels", "plain")),
        ("ship", ["sourced"], ["A", "B", "C"], "", ("A + 2 more, 3 parcels", "plain")),
        ("ship", ["sourced", "backordered"], ["A"], "", ("ships from A, the rest waits", "plain")),
        ("ship", ["backordered"], [], "", ("waits for a receipt until Thu 9 Dec", "waiting")),
        ("pickup", ["sourced"], ["Leeds"], "Leeds", ("pickup Leeds", "plain")),
        ("carried", ["handed_over"], [], "Glasgow", ("sold at Glasgow", "plain")),
        ("ship", ["unsourced"], [], "", ("no unit found yet", "act_now")),
        ("ship", ["cancelled"], [], "", ("cancelled", "plain")),
    ],
)
def test_an_order_says_who_serves_it(method, statuses, places, at, said):
    assert fulfilment(method, statuses, places, at, date(2010, 12, 9), TUESDAY) == said


def test_days_and_counts_are_said_as_people_say_them():
    assert long_day(TUESDAY) == "Tuesday 7 December"
    assert short_day(TUESDAY, TUESDAY) == "today"
    assert short_day(date(2010, 12, 8), TUESDAY) == "tomorrow"
    assert short_day(date(2010, 12, 13), TUESDAY) == "Mon 13 Dec"
    assert (count(1, "line"), count(1200, "line")) == ("1 line", "1,200 lines")
