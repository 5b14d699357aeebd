"""The packaged excerpt is small, told, and every line of it is accounted for."""

from importlib.resources import files

import pytest

from oneshelf.simulation.retailer.cleaning import LeftOut, clean, kind_of
from oneshelf.simulation.retailer.packaged import InvoiceLine, invoice_lines, outcodes

PACKAGE = files("oneshelf.simulation.retailer") / "excerpt"


@pytest.fixture(scope="module")
def lines():
    return invoice_lines()


def test_the_excerpt_fits_in_half_a_megabyte():
    assert sum(len(file.read_bytes()) for file in PACKAGE.iterdir()) < 500_000


@pytest.mark.parametrize("name", ["invoice_lines.csv.gz", "outcodes.csv.gz"])
def test_a_packaged_file_carries_neither_time_nor_name(name):
    head = (PACKAGE / name).read_bytes()[:8]

    assert head[3] == 0
    assert head[4:8] == bytes(4)


def test_sources_and_licences_are_named():
    text = (PACKAGE / "SOURCE.md").read_text()

    assert all(word in text for word in ("CC BY 4.0", "CC0", "Chen", "invented"))


def test_every_line_of_the_week_is_a_sale_a_cancellation_or_counted(lines):
    cleaned = clean(lines)

    left_out = sum(count.lines for count in cleaned.left_out)
    assert len(lines) == 16_922
    assert len(cleaned.sales) + len(cleaned.cancellations) + left_out == len(lines)


def test_the_real_figures_of_the_week(lines):
    cleaned = clean(lines)

    assert len(cleaned.sales) == 16_444
    assert len({line.invoice for line in cleaned.sales}) == 529
    assert sum(line.units for line in cleaned.sales) == 114_115
    assert len({line.at.date() for line in cleaned.sales}) == 6
    assert len(cleaned.cancellations) == 287
    assert cleaned.left_out == (
        LeftOut("adjustment", 62, -2465),
        LeftOut("postage_or_fee", 27, 11),
        LeftOut("price_zero", 102, 1167),
    )


def test_before_fees_and_manual_entries_go_there_are_532_invoices(lines):
    priced = [x for x in lines if x.units > 0 and x.price_minor and not x.invoice.startswith("C")]

    assert len(priced) == 16_479
    assert len({line.invoice for line in priced}) == 532


@pytest.mark.parametrize(
    ("invoice", "sku", "units", "price_minor", "kind"),
    [
        ("537434", "22188", 3, 295, "sale"),
        ("537434", "DCGS0076", 1, 1613, "sale"),
        ("C537434", "22188", -3, 295, "cancellation"),
        ("C537434", "AMAZONFEE", -1, 1_354_133, "postage_or_fee"),
        ("537434", "DOT", 1, 4_500, "postage_or_fee"),
        ("537434", "M", 1, 92_459, "adjustment"),
        ("537434", "22188", -20, 0, "adjustment"),
        ("537434", "22188", 5, 0, "price_zero"),
    ],
)
def test_a_line_is_what_its_code_and_figures_say(lines, invoice, sku, units, price_minor, kind):
    line = InvoiceLine(invoice, sku, "", units, lines[0].at, price_minor, "17850")

    assert kind_of(line) == kind


def test_an_unknown_stock_code_is_not_guessed(lines):
    with pytest.raises(ValueError, match="GIFT"):
        kind_of(InvoiceLine("537434", "GIFT", "", 1, lines[0].at, 100, ""))


def test_outcodes_lie_in_the_british_isles():
    codes = outcodes()

    assert len({outcode.code for outcode in codes}) == len(codes) == 2856
    assert all(49 < o.latitude < 61 and -9 < o.longitude < 2 and o.town for o in codes)
