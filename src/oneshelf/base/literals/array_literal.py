"""Lists as PostgreSQL reads arrays. Pure.

Set-based statements send a batch as a few long lists. Here a whole list is joined in one call; the
driver looks at each value, and that was a third of the time of a batch of holds.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import assert_never
from uuid import UUID

Value = str | int | float | bytes | date | datetime | UUID  # bool is an int, datetime a date

BETWEEN = "\x00"  # no text in PostgreSQL can hold it, so it separates texts until they are escaped
BARE = frozenset({int, float, bool, date, UUID})  # kinds that never need quotes


def array_literal(values: Sequence[Value | None]) -> str:
    """Return a list as an array. Raises ValueError where a text holds a NUL character."""
    kinds = set(map(type, values))
    if kinds <= BARE:
        inner = ",".join(map(str, values))
    elif kinds == {str}:
        inner = _texts([one for one in values if isinstance(one, str)])
    else:
        inner = ",".join("NULL" if one is None else _element(one) for one in values)
    return f"{{{inner}}}"


def _element(value: Value) -> str:
    match value:
        case str():
            return _texts([value])
        case bytes():
            return f'"\\\\x{value.hex()}"'
        case int() | float() | UUID():
            return str(value)
        case date():
            return f'"{value}"'
        case _:
            assert_never(value)


def _texts(values: Sequence[str]) -> str:
    joined = BETWEEN.join(values)
    if joined.count(BETWEEN) >= len(values):
        raise ValueError("a text with a NUL character cannot be stored")
    quoted = joined.replace("\\", "\\\\").replace('"', '\\"').replace(BETWEEN, '","')
    return f'"{quoted}"'
