"""One scripted moment: the last unit, wanted by the web shop, the app and a till. Pure.

The product is real and the excerpt sells it nowhere (it only takes one back), so its one unit is
the last unit whatever the week did before. The three requests are invented.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from oneshelf.base.identifiers import NodeId, Sku
from oneshelf.catalog.products import Product
from oneshelf.simulation.retailer.baskets import Basket, BasketLine
from oneshelf.simulation.retailer.chance import dice
from oneshelf.simulation.retailer.packaged import Outcode
from oneshelf.simulation.retailer.recipients import recipient
from oneshelf.simulation.retailer.selling import APP, TILL, WEB
from oneshelf.simulation.retailer.stock import Shelf, Supply

SKU = Sku("22220")
STORE = NodeId("london")
AT = datetime(2010, 12, 9, 12, 15, tzinfo=UTC)
WEB_BASKET, APP_BASKET, TILL_BASKET = "last-unit-web", "last-unit-app", "last-unit-till"
WEB_HOME, APP_HOME = "YO1", "N1"
TELLING = (
    "Thursday, 9 December, a quarter past twelve. One {product} is left in the whole house; it "
    "stands in the store in London, Oxford Street. In the same minute three people want it: a web "
    "shopper in York, an app user in Islington who would come and fetch it, and a customer at the "
    "till with the box in hand. The web shop: {web} The app: {app} The till: {till}"
)


@dataclass(frozen=True, slots=True)
class Moment:
    """The moment and its words. web, app, till: external ids of the three requests.

    telling: the story, with places for the outcomes {web}, {app} and {till}.
    """

    sku: Sku
    node: NodeId
    at: datetime
    web: str
    app: str
    till: str
    telling: str

    def told(self, web: str, app: str, till: str) -> str:
        """Return the story with the three outcomes, each a sentence."""
        return self.telling.format(web=web, app=app, till=till)


def leave_one(supply: Supply) -> Supply:
    """Take the SKU from every shelf and truck, but for one unit in the store."""
    opening = [shelf for shelf in supply.opening if shelf.sku != SKU]
    on_trucks = {line.sku for truck in supply.trucks for line in truck.lines}
    if SKU in on_trucks:
        raise ValueError(f"{SKU} is on a truck, so its last unit is not the last")
    return Supply(tuple(sorted((*opening, Shelf(STORE, SKU, 1)))), supply.trucks)


def moment(products: Mapping[Sku, Product]) -> Moment:
    """Return the moment, told with the product's name."""
    product = products[SKU].name.lower()
    telling = TELLING.replace("{product}", product)
    return Moment(SKU, STORE, AT, WEB_BASKET, APP_BASKET, TILL_BASKET, telling)


def requests(
    products: Mapping[Sku, Product], outcodes: Iterable[Outcode], seed: int
) -> tuple[Basket, ...]:
    """Return the three requests for the one unit."""
    lines = (BasketLine(SKU, 1, products[SKU].price_minor),)
    homes = {outcode.code: outcode for outcode in outcodes}
    york = recipient(WEB_BASKET, homes[WEB_HOME], dice(seed, WEB_BASKET))
    islington = recipient(APP_BASKET, homes[APP_HOME], dice(seed, APP_BASKET))
    return (
        Basket(WEB_BASKET, WEB, AT, WEB_BASKET, "ship", None, york, lines),
        Basket(APP_BASKET, APP, AT, APP_BASKET, "pickup", STORE, islington, lines),
        Basket(TILL_BASKET, TILL, AT, None, "till", STORE, None, lines),
    )
