"""What is known of the stock at two moments tells which SKUs there is more of."""

from datetime import timedelta

from shop import MONDAY, Shop, inbound, product, stock


def test_only_what_came_or_is_to_come_has_risen(database):
    shop = Shop.opened(database, [("LAMP", "leeds", 3), ("RUG", "leeds", 3)])
    before = shop.outlook.levels(["LAMP", "RUG", "VASE"])
    stock(database, ("LAMP", "york", 1), ("RUG", "leeds", -1))
    inbound(database, "VASE", "york", 2, MONDAY + timedelta(days=2))
    shop.refresh()
    after = shop.outlook.levels(["VASE", "RUG", "LAMP"])

    assert after.risen_since(before) == {"LAMP", "VASE"}
    assert before.risen_since(after) == {"RUG"}
    assert after.risen_since(after) == set()


def test_in_another_catalog_all_may_have_risen(database):
    shop = Shop.opened(database, [("LAMP", "leeds", 3)])
    before = shop.outlook.levels(["LAMP", "NEW"])
    Shop.opened(database, products=(product("LAMP"), product("NEW")))
    shop.refresh()
    shop.refresh()

    assert shop.outlook.levels(["LAMP", "NEW"]).risen_since(before) == {"LAMP", "NEW"}
