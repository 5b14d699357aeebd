import pytest

from oneshelf.base.database import Database
from oneshelf.base.identifiers import BrandId, Sku
from oneshelf.catalog.actions import put_brands, put_nodes, put_products
from oneshelf.catalog.brands import Brand
from oneshelf.catalog.products import KitPart
from shop import MONDAY, node, product

PRODUCTS = [
    *(product(sku) for sku in ("LAMP", "RUG", "SOFA")),
    product("SET", parts=(KitPart(Sku("LAMP"), 1), KitPart(Sku("RUG"), 2))),
]
NODES = [node(name) for name in ("a", "b", "berlin", "oslo", "paris")]


@pytest.fixture
def url(url):
    """Address of a database that knows the goods and places of these tests."""
    database = Database(url)
    with database.transaction("test", "catalog") as tx:
        put_brands(tx, [Brand(BrandId("house"), "House")], MONDAY)
        put_products(tx, PRODUCTS, MONDAY)
        put_nodes(tx, NODES, MONDAY)
    database.close()
    return url
