"""The cells of one row: read as typed values, or refused with what was expected. Pure.

A cell that a spreadsheet would run as a formula is written with `'` in front; reading takes that
away again, so names that strangers chose stay text.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from typing import TypeVar

from oneshelf.catalog.sheets.opening_text import read_clock

Choice = TypeVar("Choice", bound=str)
Value = TypeVar("Value")

KEY_LETTERS_MAX = 100
TEXT_LETTERS_MAX = 2_000
NUMBER_MAX = 10**12
FOUND_LETTERS_MAX = 60
WHOLE = re.compile(r"0|[1-9][0-9]{0,15}")
DECIMAL = re.compile(r"-?[0-9]{1,3}(\.[0-9]{1,340})?")
HARMLESS = re.compile(r"[+-][0-9 ().-]*")  # phone numbers and coordinates
PLAIN_KEY = re.compile(f"[A-Za-z0-9._-]{{1,{KEY_LETTERS_MAX}}}")  # most are, and found so at once
BETWEEN = "|"  # stands between the entries of a list


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a line was not taken. column: empty where the row or the file as a whole is wrong."""

    line: int
    column: str
    found: str
    expected: str
    hint: str

    def sentence(self) -> str:
        """Say it in one line."""
        place = f"Line {self.line}, {self.column}" if self.column else f"Line {self.line}"
        return f"{place}: found {self.found}, expected {self.expected}. {self.hint}"


def quoted(text: str) -> str:
    """Show a cell in a refusal, shortened."""
    short = text if len(text) <= FOUND_LETTERS_MAX else text[: FOUND_LETTERS_MAX - 1] + "…"
    return f"'{short}'" if text else "an empty cell"


def shield(text: str) -> str:
    """Return the cell as it is written to a file."""
    return "'" + text if _runs_as_formula(text) else text


def unshield(cell: str) -> str:
    """Return what a cell of a file means."""
    return cell[1:] if cell.startswith("'") and _runs_as_formula(cell[1:]) else cell


def _runs_as_formula(text: str) -> bool:
    if text.startswith(("+", "-")):
        return not HARMLESS.fullmatch(text)
    return text.startswith(("=", "@", "\t", "\r", "'"))


def is_key(text: str) -> bool:
    """Say whether this can name something (the domain `catalog.key` says the same)."""
    return PLAIN_KEY.fullmatch(text) is not None or (
        0 < len(text) <= KEY_LETTERS_MAX
        and text == text.strip()
        and BETWEEN not in text
        and not any(unicodedata.category(letter) == "Cc" for letter in text)
    )


class Cells:
    """One row. Each reading returns a value; a wrong cell is noted and some value stands in."""

    def __init__(self, line: int, cells: Mapping[str, str]) -> None:
        """Keep the cells by column; a column the file leaves out reads as empty."""
        self.line = line
        self.cells = cells
        self.refusals: list[Refusal] = []

    def refuse(self, column: str, expected: str, hint: str) -> None:
        """Note what is wrong with a cell."""
        found = quoted(self.raw(column))
        self.refusals.append(Refusal(self.line, column, found, expected, hint))

    def raw(self, column: str) -> str:
        """Return the cell's text."""
        return self.cells.get(column, "")

    def key(self, column: str) -> str:
        """Read the name of something."""
        if not is_key(self.raw(column)):
            self.refuse(
                column,
                f"a name of 1 to {KEY_LETTERS_MAX} letters without '|' or blanks around it",
                "Write the name exactly as elsewhere.",
            )
        return self.raw(column)

    def text(self, column: str, letters_min: int = 0) -> str:
        """Read free text."""
        if not letters_min <= len(self.raw(column)) <= TEXT_LETTERS_MAX:
            self.refuse(
                column, f"{letters_min} to {TEXT_LETTERS_MAX} letters", "Fill in or shorten it."
            )
        return self.raw(column)

    def number(self, column: str, least: int = 0, most: int = NUMBER_MAX) -> int:
        """Read a whole number."""
        if WHOLE.fullmatch(self.raw(column)) and least <= int(self.raw(column)) <= most:
            return int(self.raw(column))
        self.refuse(
            column,
            f"a whole number from {least} to {most}",
            "Write digits only, in the unit that the column's name ends with.",
        )
        return least

    def number_or_none(self, column: str, least: int = 0) -> int | None:
        """Read a whole number, or nothing."""
        return self.number(column, least) if self.raw(column) else None

    def degrees(self, column: str, most: int) -> float:
        """Read a coordinate."""
        if DECIMAL.fullmatch(self.raw(column)) and abs(float(self.raw(column))) <= most:
            return float(self.raw(column))
        self.refuse(
            column, f"degrees from -{most} to {most}", "Write them with a point, like 51.5074."
        )
        return 0.0

    def clock(self, column: str) -> time:
        """Read a local time of day."""
        hint = "Write hours and minutes with a colon."
        return self.read(column, read_clock, time(0), "a time like 17:30", hint)

    def day_or_none(self, column: str) -> date | None:
        """Read a date, or nothing."""
        return self._day(column, self.raw(column)) if self.raw(column) else None

    def days(self, column: str) -> frozenset[date]:
        """Read a list of dates."""
        return frozenset(self._day(column, entry) for entry in self.entries(column))

    def code(self, column: str, letters: int) -> str:
        """Read an ISO code of so many capital letters."""
        if not re.fullmatch(f"[A-Z]{{{letters}}}", self.raw(column)):
            self._refuse_code(column, letters)
        return self.raw(column)

    def codes(self, column: str, letters: int) -> frozenset[str]:
        """Read a list of ISO codes."""
        codes = self.entries(column)
        if not all(re.fullmatch(f"[A-Z]{{{letters}}}", code) for code in codes):
            self._refuse_code(column, letters)
        return frozenset(codes)

    def one_of(self, column: str, choices: Sequence[Choice]) -> Choice:
        """Read one word of a closed list."""
        for choice in choices:
            if choice == self.raw(column):
                return choice
        self.refuse(column, f"one of {', '.join(choices)}", "Choose one of them.")
        return choices[0]

    def some_of(self, column: str, choices: Sequence[Choice]) -> frozenset[Choice]:
        """Read some words of a closed list, perhaps none."""
        entries = self.entries(column)
        if not set(entries) <= set(choices):
            listed = ", ".join(choices)
            self.refuse(column, f"some of {listed}", "Put '|' between several; none is empty.")
        return frozenset(choice for choice in choices if choice in entries)

    def keys(self, column: str) -> tuple[str, ...]:
        """Read a list of names."""
        keys = self.entries(column)
        if not all(is_key(key) for key in keys):
            self.refuse(column, "names with '|' between them", "Leave out blanks around them.")
        return keys

    def entries(self, column: str) -> tuple[str, ...]:
        """Read a list; an entry twice is refused."""
        entries = tuple(self.raw(column).split(BETWEEN)) if self.raw(column) else ()
        if len(set(entries)) < len(entries):
            self.refuse(column, "each entry once", "Delete the entry that stands twice.")
        return entries

    def read(
        self,
        column: str,
        reading: Callable[[str], Value],
        otherwise: Value,
        expected: str,
        hint: str,
    ) -> Value:
        """Read a cell by a function of its text that raises ValueError."""
        try:
            return reading(self.raw(column))
        except ValueError:
            self.refuse(column, expected, hint)
            return otherwise

    def _day(self, column: str, entry: str) -> date:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", entry):
            try:
                return date.fromisoformat(entry)
            except ValueError:
                pass  # the thirtieth of February is refused like any other text
        self.refuse(column, "a date like 2026-12-25", "Write year, month and day with dashes.")
        return date.min

    def _refuse_code(self, column: str, letters: int) -> None:
        self.refuse(
            column, f"ISO codes of {letters} capital letters", "Write it like GB, GBP or GB|IE."
        )


def write_degrees(degrees: float) -> str:
    """Write a coordinate without an exponent, so that it reads back exactly."""
    return format(Decimal(repr(degrees)), "f")
