"""Which lines of the excerpt are sales of products, which are cancellations, and the rest. Pure."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, assert_never

from oneshelf.simulation.retailer.packaged import InvoiceLine

Kind = Literal["sale", "cancellation", "postage_or_fee", "adjustment", "price_zero"]
POSTAGE_AND_FEES = frozenset({"AMAZONFEE", "BANK CHARGES", "C2", "DOT", "POST"})
ADJUSTMENTS = frozenset({"D", "M", "S"})  # discounts, manual entries, samples
PRODUCT = re.compile(r"\d{5}[A-Z]{0,2}|DCGS\d{4}")


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Lines that are no sale of a product, counted. units: as written, so often below zero."""

    kind: Kind
    lines: int
    units: int


@dataclass(frozen=True, slots=True)
class Cleaned:
    """The excerpt, sorted out. Every line is in exactly one place."""

    sales: tuple[InvoiceLine, ...]
    cancellations: tuple[InvoiceLine, ...]
    left_out: tuple[LeftOut, ...]


def kind_of(line: InvoiceLine) -> Kind:
    """Say what a line is."""
    if line.sku in POSTAGE_AND_FEES:
        return "postage_or_fee"
    if line.sku in ADJUSTMENTS:
        return "adjustment"
    if not PRODUCT.fullmatch(line.sku):
        raise ValueError(f"no rule says what the stock code {line.sku!r} is")
    if line.invoice.startswith("C"):
        return "cancellation"
    if line.units < 1:
        return "adjustment"
    return "price_zero" if line.price_minor == 0 else "sale"


def clean(lines: Iterable[InvoiceLine]) -> Cleaned:
    """Sort the lines out, keeping their order."""
    sales: list[InvoiceLine] = []
    cancellations: list[InvoiceLine] = []
    lines_of: Counter[Kind] = Counter()
    units_of: Counter[Kind] = Counter()
    for line in lines:
        match kind_of(line):
            case "sale":
                sales.append(line)
            case "cancellation":
                cancellations.append(line)
            case "postage_or_fee" | "adjustment" | "price_zero" as kind:
                lines_of[kind] += 1
                units_of[kind] += line.units
            case never:
                assert_never(never)
    left_out = tuple(LeftOut(kind, lines_of[kind], units_of[kind]) for kind in sorted(lines_of))
    return Cleaned(tuple(sales), tuple(cancellations), left_out)
