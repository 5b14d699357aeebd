"""Sheets of the catalog: what is written reads back; what cannot be read is refused by line."""

import io
from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oneshelf.base.calendars import Opening, WorkCalendar
from oneshelf.catalog.access.scopes import Staff
from oneshelf.catalog.brands import Brand
from oneshelf.catalog.carriers import Carrier, Service, ServiceZone, Zone
from oneshelf.catalog.channels import Channel
from oneshelf.catalog.contacts.customers import Customer
from oneshelf.catalog.gtin import LENGTHS, check_digit, is_gtin
from oneshelf.catalog.nodes import Node, Toggle
from oneshelf.catalog.opening_hours import NOT_READ, NamedCalendar
from oneshelf.catalog.products import KitPart, Product
from oneshelf.catalog.sheets import kinds
from oneshelf.catalog.sheets.cells import Refusal, shield, unshield
from oneshelf.catalog.sheets.opening_text import read_openings, write_openings
from oneshelf.catalog.sheets.reading import GoodRow, parse
from oneshelf.catalog.sheets.writing import write

letters = st.characters(exclude_categories=("Cs",), exclude_characters="\0")
texts = st.text(letters, max_size=12) | st.sampled_from(["=1+1", "'=x", "''", "+44 20", 'a,"b\n'])
named = texts.map(lambda text: text or "Name")
keys = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="|"), min_size=1, max_size=8
).map(lambda text: text.strip() or "KEY")
key_sets = st.frozensets(keys, max_size=3)
numbers = st.integers(0, 10**9)
some = st.integers(1, 10**6)
clocks = st.times()
days = st.dates()
openings = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 47), st.integers(1, 48)), max_size=8
).map(lambda wishes: tuple(sorted(disjoint(wishes))))
methods = st.frozensets(st.sampled_from(kinds.METHODS))
licences = st.frozensets(st.sampled_from(kinds.LICENCES))
temperatures = st.sampled_from(kinds.TEMPERATURES)
several = st.frozensets(temperatures, min_size=1)
calendars = st.builds(
    WorkCalendar,
    st.sampled_from(["Europe/London", "America/New_York", "Asia/Kolkata", "UTC"]),
    openings,
    st.frozensets(days, max_size=3),
)
gtins = st.tuples(
    st.sampled_from(sorted(LENGTHS)), st.text("0123456789", min_size=13, max_size=13)
).map(lambda made: made[1][: made[0] - 1] + check_digit(made[1][: made[0] - 1]))
parts = st.lists(
    st.builds(KitPart, keys, st.integers(1, 999_999)), max_size=3, unique_by=lambda part: part.sku
)
ENTRIES = {
    "brands": st.builds(Brand, keys, named),
    "calendars": st.builds(NamedCalendar, keys, calendars),
    "carriers": st.builds(Carrier, keys, named),
    "products": st.builds(
        Product, keys, named, keys, texts, st.none() | gtins, numbers, some, some, some,
        st.sampled_from(kinds.HAZARDS), numbers, st.sampled_from(["GBP", "EUR"]),
        parts.map(tuple), st.none() | days, licences, temperatures,
    ),
    "nodes": st.builds(
        Node, keys, named, st.sampled_from(kinds.NODE_KINDS), texts, texts, texts,
        st.sampled_from(["GB", "DE"]), st.floats(-90, 90), st.floats(-180, 180),
        st.just(NOT_READ), clocks, numbers, st.none() | numbers, methods, numbers, numbers, keys,
        licences, several,
    ),
    "toggles": st.builds(Toggle, keys, keys, methods),
    "services": st.builds(
        Service, keys, keys, named, st.just(NOT_READ), clocks, st.just(NOT_READ), st.just(()),
        numbers, some, st.frozensets(st.sampled_from(kinds.HAZARDS)),
        st.frozensets(st.sampled_from(["GB", "IE", "DE"])), numbers, keys, keys, several,
    ),
    "zones": st.builds(
        ServiceZone, keys, st.integers(1, 1000),
        st.builds(
            Zone, named, st.none() | numbers, st.lists(keys, max_size=3, unique=True).map(tuple),
            numbers, numbers, numbers, numbers, some,
        ),
    ),
    "channels": st.builds(
        Channel, keys, named, st.sampled_from(kinds.CHANNEL_KINDS), keys,
        st.sampled_from(kinds.STANDINGS), st.sampled_from(["GBP", "EUR"]), numbers,
    ),
    "customers": st.builds(Customer, keys, keys, texts, texts, texts),
    "staff": st.builds(Staff, keys, texts, st.frozensets(st.sampled_from(kinds.ROLES)), key_sets),
}  # fmt: skip
PRODUCT = (
    "sku,name,brand,category,weight_g,length_mm,width_mm,height_mm,hazard,price_minor,currency"
)
LAMP = "LAMP,Lamp,acme,light,900,10,20,30,none,1999,GBP"


def disjoint(wishes):
    """Half-hour steps; 48 is the end of the day."""
    for weekday in range(7):
        free = 0
        for start, end in sorted((start, end) for day, start, end in wishes if day == weekday):
            if free <= start < end:
                yield Opening(weekday, half_hour(start), half_hour(end))
                free = end


def half_hour(step):
    return time(step // 2 % 24, step % 2 * 30)


def file_of(text):
    return io.BytesIO(text.encode())


def read(kind, text):
    return list(parse(kind, file_of(text)))


@pytest.mark.parametrize("kind", kinds.SHEETS)
@given(draw=st.data())
def test_what_is_written_reads_back(kind, draw):
    entries = draw.draw(st.lists(ENTRIES[kind], max_size=4))
    columns = kinds.SHEETS[kind].columns[: kinds.SHEETS[kind].key_columns]
    unique = {tuple(getattr(entry, column) for column in columns): entry for entry in entries}

    lines = io.BytesIO("".join(write(kind, unique.values())).encode())
    rows = list(parse(kind, lines))

    assert [row.entry if isinstance(row, GoodRow) else row for row in rows] == list(unique.values())


@pytest.mark.parametrize("kind", kinds.SHEETS)
@given(body=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_never_an_error(kind, body):
    header = ",".join(kinds.SHEETS[kind].columns).encode()

    for start in (b"", header + b"\n", header + b"\n,"):
        assert all(
            isinstance(row, GoodRow | Refusal) for row in parse(kind, io.BytesIO(start + body))
        )


@given(texts)
def test_a_shielded_cell_reads_back_and_runs_nowhere(text):
    cell = shield(text)

    assert unshield(cell) == text
    assert not cell.startswith(("=", "@", "\t", "\r"))


@given(openings)
def test_opening_hours_read_back_in_the_weeks_order(hours):
    assert read_openings(write_openings(hours)) == hours


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Mon-Fri 08:00-18:00; Sat 09:00-13:00", "Mon-Fri 08:00-18:00; Sat 09:00-13:00"),
        ("sat 09:00 - 13:00;mon,TUE 08:00-12:00", "Mon-Tue 08:00-12:00; Sat 09:00-13:00"),
        ("Mon 08:00-12:00; Mon 13:00-18:00", "Mon 08:00-12:00; Mon 13:00-18:00"),
        ("Mon-Sun 00:00-24:00", "Mon-Sun 00:00-24:00"),
        ("Mon,Wed 08:00-12:00", "Mon 08:00-12:00; Wed 08:00-12:00"),
        ("Fri 08:00:30-24:00", "Fri 08:00:30-24:00"),
        ("  ", ""),
    ],
)
def test_opening_hours_are_written_the_short_way(text, written):
    assert write_openings(read_openings(text)) == written


@pytest.mark.parametrize(
    "text",
    [
        "Mon", "Mon 8-18", "Mon 08:00", "Mon 18:00-08:00", "Mon 25:00-26:00", "Fri-Mon 08:00-18:00",
        "Funday 08:00-18:00", "Mon 08:00-18:00;", ";", "Mon 24:00-24:00", "Mon 08:60-18:00",
    ],
)  # fmt: skip
def test_opening_hours_that_cannot_be_are_refused(text):
    with pytest.raises(ValueError, match=r".+"):
        read_openings(text)


@given(gtins, st.integers(0, 13), st.integers(1, 9))
def test_a_gtin_with_one_wrong_digit_is_none(gtin, place, step):
    place %= len(gtin)
    wrong = gtin[:place] + str((int(gtin[place]) + step) % 10) + gtin[place + 1 :]

    assert is_gtin(gtin)
    assert not is_gtin(wrong)


@pytest.mark.parametrize("gtin", ["4006381333931", "036000291452", "96385074", "00012345600012"])
def test_gtins_of_the_world_are_gtins(gtin):
    assert is_gtin(gtin)


@pytest.mark.parametrize("gtin", ["", "123", "400638133393", "٤٠٠٦٣٨١٣", "400638133393X"])
def test_other_numbers_are_no_gtins(gtin):
    assert not is_gtin(gtin)


@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_a_file_reads_with_and_without_a_byte_order_mark(start):
    rows = read("brands", f"{start}brand_id,name\r\nacme,Acme\r\n\r\nbeta,Beta")

    assert rows == [GoodRow(2, Brand("acme", "Acme")), GoodRow(4, Brand("beta", "Beta"))]


def test_columns_may_stand_in_any_order_and_optional_ones_may_be_missing():
    [row] = read("products", f"{PRODUCT}\n{LAMP}\n")
    [turned] = read("brands", "name,brand_id\nAcme,acme\n")

    assert (row.entry.gtin, row.entry.parts, row.entry.launches_on) == (None, (), None)
    assert (row.entry.licences, row.entry.temperature) == (frozenset(), "ambient")
    assert turned.entry == Brand("acme", "Acme")


@pytest.mark.parametrize(
    ("content", "line", "found"),
    [
        (b"", 1, "an empty file"),
        (b"brand_id,name\nacme,\xff\n", 2, "the byte ff"),
        ("brand_id,name\nacme,Acme".encode("utf-16"), 1, "the byte ff"),
        (b"brand_id,name\nacme,A\0\n", 2, "a NUL character"),
        (b"PK\x03\x04\x14\x00\x06", 1, "a NUL character"),
        (b"brand_id;name\nacme;Acme\n", 1, "'brand_id;name'"),
        (b"brand_id\nacme\n", 1, "no such column"),
        (b"brand_id,name,colour\nacme,Acme,red\n", 1, "an unknown column"),
        (b"brand_id,name,name\nacme,Acme,Acme\n", 1, "the column twice"),
        (b'brand_id,name\nacme,"Acme\nbeta,Beta\n', 3, "broken CSV"),
        (b'brand_id,name\nacme,"A"cme\n', 2, "broken CSV"),
    ],
)
def test_a_file_that_cannot_be_read_says_where_and_why(content, line, found):
    [refusal] = parse("brands", io.BytesIO(content))

    assert refusal.line == line
    assert refusal.found.startswith(found)
    assert refusal.hint


def test_rows_before_an_unreadable_line_are_read():
    rows = list(parse("brands", io.BytesIO(b"brand_id,name\nacme,Acme\nbeta,\xff\ngamma,G\n")))

    assert rows[0] == GoodRow(2, Brand("acme", "Acme"))
    assert [row.line for row in rows] == [2, 3]


def test_a_wrong_row_does_not_stop_the_next_and_lines_count_breaks_inside_cells():
    rows = read("brands", 'brand_id,name\nacme,"A\nB"\n,Nobody\nacme,Again\nx\nbeta,Beta\n')

    assert [(row.line, getattr(row, "column", "good")) for row in rows] == [
        (2, "good"),
        (4, "brand_id"),
        (5, "brand_id"),
        (6, ""),
        (7, "good"),
    ]
    assert "line 2" in rows[2].hint
    assert rows[3].found == "1 cells"


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("sku", ""), ("sku", " LAMP"), ("sku", "A|B"), ("sku", "L" * 101), ("sku", "A\tB"),
        ("name", ""), ("name", "x" * 2001), ("brand", ""),
        ("gtin", "4006381333932"), ("gtin", "12"),
        ("weight_g", "-1"), ("weight_g", "1.5"), ("weight_g", "1e3"), ("weight_g", "\u0661"),
        ("weight_g", ""), ("weight_g", "9" * 16), ("weight_g", "1_000"), ("length_mm", "1000001"),
        ("hazard", "spiky"), ("hazard", ""), ("price_minor", "19.99"), ("currency", "gbp"),
        ("parts", "BULB"), ("parts", "BULB:0"), ("parts", "BULB:2|BULB:2"),
        ("parts", "BULB:1|BULB:2"), ("parts", ":2"), ("parts", "BULB:1234567"),
        ("licences", "wine"), ("licences", "alcohol|alcohol"), ("temperature", "warm"),
        ("launches_on", "01.02.2026"), ("launches_on", "2026-02-30"), ("launches_on", "20260201"),
    ],
)  # fmt: skip
def test_a_wrong_cell_is_refused_with_its_line_and_column(column, cell):
    header = [*PRODUCT.split(","), "gtin", "parts", "launches_on", "licences", "temperature"]
    cells = (
        dict.fromkeys(header, "")
        | dict(zip(header, LAMP.split(","), strict=False))
        | {column: cell}
    )
    text = ",".join(header) + "\n" + ",".join(cells[name] for name in header) + "\n"
    refusals = read("products", text)

    assert {(refusal.line, refusal.column) for refusal in refusals} == {(2, column)}
    assert all(refusal.expected and refusal.hint for refusal in refusals)
    assert f"Line 2, {column}: found" in refusals[0].sentence()


@pytest.mark.parametrize(
    ("kind", "row", "column"),
    [
        ("calendars", "shops,Europe/Londn,Mon 08:00-18:00,", "time_zone"),
        ("calendars", "shops,UTC,Mon 8-18,", "openings"),
        ("calendars", "shops,UTC,Mon 08:00-18:00; Mon 09:00-10:00,", "openings"),
        ("calendars", "shops,UTC,,2026-12-25|2026-12-32", "closed_on"),
        ("calendars", "shops,UTC,,2026-12-25|2026-12-25", "closed_on"),
        ("nodes", "l,L,shop,,,,GB,1,1,c,15:00,1,,ship,1,1", "kind"),
        ("nodes", "l,L,store,,,,UK!,1,1,c,15:00,1,,ship,1,1", "country"),
        ("nodes", "l,L,store,,,,GB,91,1,c,15:00,1,,ship,1,1", "latitude"),
        ("nodes", "l,L,store,,,,GB,1,180.1,c,15:00,1,,ship,1,1", "longitude"),
        ("nodes", "l,L,store,,,,GB,nan,1,c,15:00,1,,ship,1,1", "latitude"),
        ("nodes", "l,L,store,,,,GB,1,1,c,3pm,1,,ship,1,1", "cut_off"),
        ("nodes", "l,L,store,,,,GB,1,1,c,15:00,1,many,ship,1,1", "parcels_per_day_max"),
        ("nodes", "l,L,store,,,,GB,1,1,c,15:00,1,,ship|fly,1,1", "methods"),
        ("nodes", "l,L,store,,,,GB,1,1,c,15:00,1,,ship,1,1,wine,", "licences"),
        ("nodes", "l,L,store,,,,GB,1,1,c,15:00,1,,ship,1,1,,cold", "temperatures"),
        ("services", "s,c,S,a,17:00,b,0,1,,GB,1,cold", "temperatures"),
        ("toggles", "l,LAMP,ship|ship", "methods"),
        ("services", "s,c,S,a,17:00,b,0,0,,GB,1", "weight_g_max"),
        ("services", "s,c,S,a,17:00,b,0,1,,GB|uk,1", "countries"),
        ("zones", "s,0,near,,,1,1,1,1,1", "place"),
        ("zones", "s,1,near,,A||B,1,1,1,1,1", "postcode_prefixes"),
        ("channels", "web,Web,web,acme,maybe,GBP,1", "standing"),
        ("staff", "7,Bob,king,", "roles"),
    ],
)
def test_a_wrong_cell_of_other_kinds_is_refused_too(kind, row, column):
    columns = kinds.SHEETS[kind].columns
    left_out = "," * (len(columns) - row.count(",") - 1)
    refusals = read(kind, ",".join(columns) + "\n" + row + left_out + "\n")

    assert {refusal.column for refusal in refusals} == {column}


def test_a_pair_may_share_one_of_its_keys_but_not_both():
    rows = read("toggles", "node_id,sku,methods\nl,A,ship\nl,B,ship\nm,A,ship\nl,A,pickup\n")

    assert [isinstance(row, GoodRow) for row in rows] == [True, True, True, False]
    assert rows[3].hint.startswith("It stands on line 2")


def test_reading_takes_no_more_lines_than_it_needs():
    taken = []

    def lines():
        for number in range(1000):
            taken.append(number)
            yield b"brand_id,name\n" if number == 0 else b"b%d,Brand\n" % number

    rows = parse("brands", lines())
    next(rows)

    assert len(taken) == 2


def test_dates_and_prices_mean_what_they_say():
    [row] = read("products", f"{PRODUCT},parts,launches_on\n{LAMP},BULB:2|CORD:1,2026-02-01\n")

    assert row.entry.parts == (KitPart("BULB", 2), KitPart("CORD", 1))
    assert row.entry.launches_on == date(2026, 2, 1)
    assert row.entry.price_minor == 1999
