from datetime import UTC, date
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oneshelf.base.errors import ValueRefusedError

ALPHABET = st.characters(exclude_characters="\x00", exclude_categories=["Cs"])
TEXTS = st.text(ALPHABET) | st.sampled_from(["", "NULL", "null", '"', "\\", "{,}", " a ", '\\"'])
MOMENTS = st.datetimes(timezones=st.just(UTC))
KINDS = {
    "text": TEXTS,
    "bigint": st.integers(-(2**63), 2**63 - 1),
    "bytea": st.binary(),
    "uuid": st.uuids(),
    "date": st.dates(date(1, 1, 1), date(9999, 12, 31)),
    "timestamptz": MOMENTS,
    "boolean": st.booleans(),
    "double precision": st.floats(allow_nan=False),
}
LISTS = st.sampled_from(sorted(KINDS)).flatmap(
    lambda kind: st.tuples(st.just(kind), st.lists(st.none() | KINDS[kind], max_size=8))
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(LISTS)
def test_the_database_reads_every_list_as_it_was_written(database, drawn):
    kind, values = drawn
    with database.transaction("test", "lists") as tx:
        [found] = tx.scalars(f"SELECT %(values)s::{kind}[]", values=values)

    assert found == values


def test_a_list_of_one_kind_is_read_like_one_with_nulls(database):
    values = ["a", 'b"', UUID(int=7).hex]
    with database.transaction("test", "lists") as tx:
        [found] = tx.scalars("SELECT %(values)s::text[] || %(nulls)s", values=values, nulls=[None])

    assert found == [*values, None]


@pytest.mark.parametrize("values", [["a\x00b"], ["a", "\x00"], ["\x00", None]])
def test_a_text_with_a_nul_character_is_refused_as_a_value(database, values):
    with (
        pytest.raises(ValueRefusedError),
        database.transaction("test", "lists") as tx,
    ):
        tx.scalars("SELECT %(values)s::text[]", values=values)
