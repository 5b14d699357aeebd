"""A crowd wants what only one can have: one gets it, everybody else is told, nothing is left."""

from crowds import crowd, servers, told

from shop import Shop, order, product

BUYERS = 1_000
CART = [f"ITEM{n}" for n in range(5)]


def test_of_a_thousand_buyers_of_the_last_unit_one_gets_it_and_all_others_are_refused(
    url, still, headers
):
    shop = Shop.opened(still, [("LAMP", "leeds", 1)])
    with servers(url) as running:
        addresses = [one.address for one in running]
        answers = crowd(addresses, headers, [order(("LAMP", 1)) for _ in range(BUYERS)])

    assert told(answers) == {(201, "placed"): 1, (409, "out_of_stock"): BUYERS - 1}
    assert shop.rows("SELECT count(*) FROM orders.sales_order") == [(1,)]
    assert shop.rows("SELECT available, committed FROM inventory.point") == [(0, 1)]


def test_of_a_thousand_carts_of_five_lines_one_is_placed_whole_and_no_other_leaves_a_trace(
    url, still, headers
):
    shelves = [(sku, "leeds", 1 if sku == "ITEM3" else 40) for sku in CART]
    shop = Shop.opened(still, shelves, products=[product(sku) for sku in CART])
    carts = [order(*[(sku, 1) for sku in CART[n % 5 :] + CART[: n % 5]]) for n in range(BUYERS)]
    with servers(url) as running:
        answers = crowd([one.address for one in running], headers, carts)

    assert told(answers) == {(201, "placed"): 1, (409, "out_of_stock"): BUYERS - 1}
    assert shop.rows("SELECT count(*) FROM orders.line") == [(5,)]
    assert shop.rows("SELECT count(*) FROM base.repeat_key WHERE answer IS NULL") == [(0,)]
    assert shop.rows(
        "SELECT sku, available, committed, reserved FROM inventory.point ORDER BY sku"
    ) == [(sku, 0 if sku == "ITEM3" else 39, 1, 0) for sku in CART]
