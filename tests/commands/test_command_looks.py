"""What the commands show, and what they refuse."""

import json
from datetime import UTC, datetime

import pytest

from oneshelf.__main__ import COMMANDS, GROUPS
from oneshelf.base.clock import set_clock
from shop import Shop, order, stock

SUBCOMMANDS = [
    *[[name] for name in COMMANDS],
    *[[name, one.name] for name, group in GROUPS.items() for one in group.registered_commands],
]


@pytest.fixture
def shop(database):
    with database.transaction("test", "clock") as tx:
        set_clock(tx, datetime(2026, 1, 5, 9, tzinfo=UTC), 0)
    return Shop.opened(database, [("LAMP", "leeds", 3), ("LAMP", "london", 5), ("VASE", "york", 2)])


@pytest.fixture
def placed(shop):
    [answer] = shop.place(order(("LAMP", 2), key="W-1"))
    return answer.number


@pytest.mark.parametrize("command", SUBCOMMANDS, ids=" ".join)
def test_every_command_explains_itself_and_speaks_json(run, command):
    ended = run(*command, "--help")

    assert ended.code == 0
    assert "--json" in ended.out


def test_the_help_tells_the_exit_codes(run):
    assert "3 the database is not available" in " ".join(run("--help").out.split())


def test_wrong_usage_ends_with_two(run):
    assert run("order").code == 2
    assert run("import", "dragons", "-").code == 2


def test_an_order_is_found_by_its_number_and_by_its_key(oneshelf, placed):
    by_number = oneshelf("order", placed, "--json")
    by_key = oneshelf("order", "W-1", "--channel", "web", "--json")
    told = oneshelf("order", placed)

    assert by_number.code == 0
    assert by_number.document == by_key.document
    assert by_number.document["order"]["number"] == placed
    assert [row["status"] for row in by_number.document["standing"]] == ["sourced"]
    for words in (f"Order {placed} of web (W-1)", "Where the units stand", "leeds", "10.00 GBP"):
        assert words in told.out


def test_an_unknown_order_is_refused_in_three_parts(oneshelf, shop):
    told = oneshelf("order", "404")
    read = oneshelf("order", "404", "--json")

    assert shop.rows("SELECT count(*) FROM orders.sales_order") == [(0,)]
    assert told.code == read.code == 1
    assert told.out == read.out == ""
    assert "There is no order '404'; expected" in told.err
    assert "What to do: " in told.err
    assert json.loads(read.err)["error"]["code"] == "not_found"


def test_stock_tells_states_and_what_each_channel_may_sell(oneshelf, placed):
    ended = oneshelf("stock", "LAMP", "--json")
    kit = oneshelf("stock", "SET", "--json")
    told = oneshelf("stock", "LAMP")

    assert placed
    assert [
        (one["node"], one["available"], one["committed"]) for one in ended.document["nodes"]
    ] == [
        ("leeds", 1, 2),
        ("london", 5, 0),
    ]
    sold = {one["channel"]: (one["ship"], one["carried"]) for one in ended.document["for_sale"]}
    assert sold == {"market": (6, 0), "till": (0, 6), "web": (6, 0)}
    assert kit.document["nodes"] == []
    assert {one["ship"] for one in kit.document["for_sale"]} == {0}
    assert "What each channel may sell now" in told.out


def test_a_promise_shows_what_can_be_chosen(oneshelf, shop):
    ended = oneshelf("promise", "LAMP:2", "VASE", "--to", "LS1 4AP", "--channel", "web", "--json")
    told = oneshelf("promise", "LAMP", "--pickup", "london", "--channel", "web")
    elsewhere = oneshelf(
        *("promise", "LAMP", "--to", "750", "--country", "FR", "--at", "48.8,2.3"),
        *("--channel", "web", "--json"),
    )

    assert shop.rows("SELECT count(*) FROM inventory.commitment") == [(0,)]
    assert ended.code == 0
    cheapest = ended.document["options"][0]
    assert cheapest["cost_minor"] > 0
    assert {parcel["node"] for parcel in cheapest["parcels"]} == {"leeds", "york"}
    assert told.code == 0
    assert "london" in told.out
    assert elsewhere.code == 1
    assert elsewhere.document["refusal"]["reason"]


def test_a_promise_of_what_nobody_has_says_why(oneshelf, shop):
    ended = oneshelf("promise", "RUG", "--to", "M1", "--channel", "web")
    unknown = oneshelf("promise", "DRAGON", "--to", "M1", "--channel", "web")

    assert shop.outlook.channels
    assert ended.code == 1
    assert "Nothing can be promised: out of stock." in ended.out
    assert unknown.code == 1
    assert "no SKU 'DRAGON'" in unknown.err
    assert oneshelf("promise", "LAMP", "--channel", "web").code == 2


def test_an_order_is_explained(oneshelf, placed):
    ended = oneshelf("explain", placed, "--json")
    told = oneshelf("explain", placed)

    assert ended.code == 0
    [decision] = ended.document["decisions"]
    assert decision["kind"] == "source"
    assert decision["chosen"]["parcels"] == [{"node": "leeds", "service": "post", "units": [2]}]
    assert "What else was possible" in told.out
    assert decision["sentences"][0] in told.out


def test_a_decision_made_again_is_the_same_and_another_world_gives_another(oneshelf, placed):
    same = oneshelf("replay", placed, "--json")
    other = oneshelf("replay", placed, "--set", "leeds:LAMP=1", "--json")

    assert (same.code, same.document["same"]) == (0, True)
    assert (other.code, other.document["same"]) == (1, False)
    assert {one["node"] for one in other.document["again"]["parcels"]} != {"leeds"}
    assert oneshelf("replay", placed, "--set", "leeds=1").code == 2
    assert oneshelf("replay", placed, "--set", "mars:LAMP=1").code == 1


def test_an_audit_shows_differences_and_repairs_them_when_asked(oneshelf, shop):
    clean = oneshelf("audit", "--json")
    shop.rows(
        "UPDATE inventory.point SET available = 4, outside = -4 WHERE node = 'leeds' RETURNING 1"
    )
    found = oneshelf("audit", "--json")
    shown = oneshelf("audit")
    mended = oneshelf("audit", "--repair", "--json")

    assert (clean.code, clean.document["outcome"]) == (0, "clean")
    assert (found.code, found.document["outcome"]) == (1, "differences")
    assert "sum it up anew from its movements" in shown.out
    assert (mended.code, mended.document["outcome"]) == (0, "repaired")
    assert oneshelf("audit").code == 0
    assert shop.rows("SELECT available FROM inventory.point WHERE node = 'leeds'") == [(3,)]


def test_a_name_cannot_steer_the_terminal(oneshelf, shop):
    stock(shop.database, ("LAMP", "york", 1))
    ended = oneshelf("order", "\x1b[31m[bold]red[/bold]")

    assert "\x1b" not in ended.err
    assert "[bold]red[/bold]" in ended.err
