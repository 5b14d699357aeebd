"""Nobody knocks more often than the limit says, whoever else knocks."""

from hypothesis import given
from hypothesis import strategies as st

from oneshelf.web.limits import ADDRESSES_MAX, RateLimit

knocks = st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 5)), max_size=200)


@given(knocks, st.integers(1, 10), st.floats(0, 20))
def test_an_address_never_gets_more_than_its_burst_and_its_rate(knocks, burst, per_second):
    limit = RateLimit(burst, per_second)
    now_s, entered = 0.0, {"a": 0, "b": 0, "c": 0}
    for address, pause_s in knocks:
        now_s += pause_s
        entered[address] += limit.allows(address, now_s)

    for count in entered.values():
        assert count <= burst + now_s * per_second + 1e-6


def test_a_patient_address_always_enters():
    limit = RateLimit(1, 1.0)

    assert all(limit.allows("a", float(second)) for second in range(100))


def test_a_crowd_of_addresses_does_not_fill_the_memory():
    limit = RateLimit(1, 1.0)
    for number in range(ADDRESSES_MAX + 50):
        limit.allows(str(number), 0.0)

    assert len(limit._buckets) == ADDRESSES_MAX  # noqa: SLF001 - what is kept is the law
