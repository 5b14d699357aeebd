"""Files come in whole or not at all, unless the good rows are kept."""

import msgspec
import pytest

from shop import Shop, order

BRANDS = "brand_id,name\nacme,Acme\n,No key\nother,Other\n"
SHELVES = "sku,node,units\nLAMP,leeds,7\nLAMP,london,3\nSET,leeds,1\nLAMP,nowhere,2\n"
GOOD_SHELVES = "sku,node,lot,units\nLAMP,leeds,,7\nLAMP,london,A,3\nLAMP,london,B,2\n"
DELIVERIES = (
    "reference,line,sku,node,due_at,units\n"
    "D1,1,LAMP,leeds,2026-02-01T09:00Z,5\n"
    "D2,1,LAMP,leeds,2026-02-01T09:00,5\n"
    "D2,2,RUG,leeds,2026-02-01T09:00Z,5\n"
)
ORDERS = (
    "channel,key,method,currency,sku,units,price_minor,country,postcode,latitude,longitude,name\n"
    "web,W-1,ship,GBP,LAMP,2,500,GB,M1,53.48,-2.24,Jane Canary\n"
    "web,W-1,ship,GBP,VASE,1,900,GB,M1,53.48,-2.24,Jane Canary\n"
    "web,W-2,ship,GBP,LAMP,99,500,GB,M1,53.48,-2.24,\n"
)


@pytest.fixture
def write(tmp_path):
    def write(text, name="rows.csv"):
        file = tmp_path / name
        file.write_text(text, encoding="utf-8", newline="")
        return file

    return write


def test_a_file_with_a_refused_row_leaves_nothing(oneshelf, write):
    ended = oneshelf("import", "brands", write(BRANDS))

    assert ended.code == 1
    assert "Line 3, brand_id: found an empty cell" in ended.out
    assert "Nothing" in ended.out
    assert oneshelf("export", "brands").out == "brand_id,name\r\n"


def test_the_good_rows_are_kept_when_asked(oneshelf, write):
    ended = oneshelf("import", "brands", write(BRANDS), "--keep-good", "--json")

    assert ended.code == 1
    assert (ended.document["changed"], ended.document["refused"]) == (2, 1)
    assert [one["line"] for one in ended.document["refusals"]] == [3]
    assert oneshelf("export", "brands").out == "brand_id,name\r\nacme,Acme\r\nother,Other\r\n"


def test_a_file_again_changes_nothing(oneshelf, write):
    file = write("brand_id,name\nacme,Acme\n")
    first, again = oneshelf("import", "brands", file, "--json"), oneshelf("import", "brands", file)

    assert first.code == again.code == 0
    assert first.document["changed"] == 1
    assert "0 changed something, 1 stood so already" in again.out


def test_fifty_reasons_are_told_and_all_of_them_to_a_program(oneshelf, write):
    file = write("brand_id,name\n" + "".join(f"a|{n},Both\n" for n in range(60)))
    told, listed = oneshelf("import", "brands", file), oneshelf("import", "brands", file, "--json")

    assert "... and 10 more" in told.out
    assert told.out.count("Line ") == 50
    assert len({one["line"] for one in listed.document["refusals"]}) == 60


def test_what_is_exported_can_be_imported(oneshelf, database, tmp_path):
    Shop.opened(database)
    given = oneshelf("export", "products", tmp_path / "products.csv", "--json")
    again = oneshelf("import", "products", tmp_path / "products.csv", "--json")
    listed = oneshelf("export", "products", "--json")

    assert (given.code, given.document["rows"]) == (0, 4)
    assert (again.code, again.document["changed"], again.document["unchanged"]) == (0, 0, 4)
    assert [row["sku"] for row in listed.document["rows"]] == ["LAMP", "RUG", "SET", "VASE"]


def test_counted_stock_sets_the_shelves(oneshelf, database, write):
    Shop.opened(database)
    refused = oneshelf("import", "stock", write(SHELVES), "--json")
    taken = oneshelf("import", "stock", write(GOOD_SHELVES), "--json")
    again = oneshelf("import", "stock", write(GOOD_SHELVES), "--json")
    shelves = oneshelf("stock", "LAMP", "--json").document["nodes"]

    assert refused.code == 1
    assert [(one["line"], one["column"]) for one in refused.document["refusals"]] == [
        (4, "sku"),
        (5, "node"),
    ]
    assert refused.document["kept"] == "nothing"
    assert (taken.document["changed"], again.document["unchanged"]) == (3, 3)
    assert [(one["node"], one["available"]) for one in shelves] == [("leeds", 7), ("london", 5)]


def test_a_delivery_is_taken_whole(oneshelf, database, write):
    Shop.opened(database)
    ended = oneshelf("import", "receipts", write(DELIVERIES), "--keep-good", "--json")
    again = oneshelf("import", "receipts", write(DELIVERIES), "--keep-good", "--json")
    rugs = oneshelf("stock", "RUG", "--json").document["nodes"]
    lamps = oneshelf("stock", "LAMP", "--json").document["nodes"]

    assert ended.code == 1
    assert [(one["line"], one["column"]) for one in ended.document["refusals"]] == [
        (3, "due_at"),
        (4, "reference"),
    ]
    assert (ended.document["changed"], again.document["unchanged"]) == (1, 1)
    assert rugs == []
    assert [one["expected"] for one in lamps] == [5]


def test_orders_of_a_file_are_placed_as_a_channel_would(oneshelf, database, write):
    Shop.opened(database, [("LAMP", "leeds", 3), ("VASE", "york", 2)])
    first = oneshelf("import", "orders", write(ORDERS), "--json")
    again = oneshelf("import", "orders", write(ORDERS), "--json")
    told = oneshelf("order", "W-1", "--json").document

    assert first.code == 1
    assert (first.document["changed"], first.document["refused"]) == (1, 1)
    assert first.document["refusals"][0]["line"] == 4
    assert again.document["unchanged"] == 1
    assert [(line["sku"], line["units"]) for line in told["lines"]] == [("LAMP", 2), ("VASE", 1)]
    assert told["contact"]["name"] == "Jane Canary"


def test_orders_may_come_as_json_lines(oneshelf, database, write):
    Shop.opened(database, [("LAMP", "leeds", 3)])
    good = msgspec.json.encode(order(("LAMP", 1), key="J-1")).decode()
    strange = msgspec.json.encode(order(("LIMP", 1), key="J-2")).decode()
    file = write(f"{good}\nrubbish\n{strange}\n", "orders.ndjson")
    refused = oneshelf("import", "orders", file, "--json")
    kept = oneshelf("import", "orders", file, "--keep-good", "--json")

    assert (refused.code, refused.document["kept"]) == (1, "nothing")
    assert [one["line"] for one in refused.document["refusals"]] == [2, 3]
    assert (kept.code, kept.document["changed"]) == (1, 1)


def test_an_empty_file_says_so(oneshelf, write):
    for kind in ("brands", "stock", "receipts", "orders"):
        ended = oneshelf("import", kind, write(""))

        assert ended.code == 1
        assert ended.out.count("Line ") == 1
        assert "an empty file" in ended.out


def test_a_missing_file_is_wrong_usage(oneshelf, tmp_path):
    ended = oneshelf("import", "brands", tmp_path / "nothing.csv")

    assert ended.code == 2
    assert "What to do" in ended.err
    assert ended.out == ""
