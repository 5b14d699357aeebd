"""mypy says where a struct is copied as if it were a dataclass."""

from pathlib import Path

import pytest
from mypy import api

PYPROJECT = Path(__file__).parent.parent / "pyproject.toml"
MODULE = """
from dataclasses import dataclass, replace
from typing import Self

from msgspec import Struct


@dataclass(frozen=True)
class Plain:
    units: int


class Packed(Struct, frozen=True):
    units: int

    def more(self) -> Self:
        return {again}


def less(plain: Plain, packed: Packed) -> None:
    {copy}
"""


@pytest.mark.parametrize(
    ("again", "copy", "refused"),
    [
        ("self", "replace(plain, units=1)", []),
        ("self", "replace(packed, units=1)", ["Packed is a struct"]),
        ("replace(self, units=1)", "replace(plain, units=1)", ["Packed is a struct"]),
    ],
)
def test_a_struct_is_not_copied_like_a_dataclass(tmp_path, again, copy, refused):
    module = tmp_path / "module.py"
    module.write_text(MODULE.format(again=again, copy=copy))
    said, _, _ = api.run(
        [f"--config-file={PYPROJECT}", f"--cache-dir={tmp_path}/cache", str(module)]
    )

    assert [line.split("error: ")[1].split(":")[0] for line in said.splitlines()[:-1]] == refused
