"""Open the demo's shop: catalog, stock and announced trucks, written by the ordinary actions."""

from collections.abc import Callable, Sequence
from itertools import islice
from uuid import UUID, uuid5

from oneshelf.base.clock import set_clock
from oneshelf.base.database import Database
from oneshelf.base.identifiers import ReceiptLineId
from oneshelf.base.policies import decide_policy
from oneshelf.catalog.actions import (
    put_brands,
    put_channels,
    put_nodes,
    put_products,
    put_services,
)
from oneshelf.catalog.brands import Brand
from oneshelf.catalog.carriage.actions import put_carriers
from oneshelf.catalog.carriers import Carrier
from oneshelf.inventory.counting.actions import adjust
from oneshelf.inventory.counting.saying import Adjusted
from oneshelf.inventory.ledger import StockPoint
from oneshelf.inventory.receipts.actions import expect
from oneshelf.inventory.receipts.arriving import Expected, ExpectedLine
from oneshelf.matching.policy import SourcingPolicy
from oneshelf.matching.watching.actions import SOURCING_POLICY
from oneshelf.simulation.retailer.script import Week
from oneshelf.simulation.retailer.selling import BRAND_NAMES
from oneshelf.simulation.retailer.stock import Shelf, Truck

SHELVES_PER_COMMIT = 5_000
OPENING = UUID("0189f7a0-0000-7000-8000-000000000001")  # names the demo's own stock requests
Tell = Callable[[str, int, int], None]


def open_shop(
    database: Database, week: Week, sourcing: SourcingPolicy, tell: Tell
) -> dict[tuple[str, int], ReceiptLineId]:
    """Write the week's world and its policy, and stop the clock at its first minute.

    tell: called with what is being loaded, how much of it is done, and how much there is. Returns
    the receipt line of each (truck reference, line number).
    """
    now = week.minutes[0].at
    with database.transaction("demo", "opening") as tx:
        set_clock(tx, now, 0)
        put_brands(tx, [Brand(brand, name) for brand, name in BRAND_NAMES.items()], now)
        carriers = sorted({service.carrier_id for service in week.services})
        put_carriers(tx, [Carrier(carrier, carrier.title()) for carrier in carriers], now)
        put_products(tx, week.products, now)
        put_nodes(tx, week.nodes, now)
        put_services(tx, week.services, now)
        put_channels(tx, week.channels, now)
        decide_policy(tx, SOURCING_POLICY, sourcing, now)
    shelves = iter(week.supply.opening)
    done = 0
    while part := list(islice(shelves, SHELVES_PER_COMMIT)):
        with database.transaction("demo", "opening") as tx:
            adjust(tx, [_opening(shelf) for shelf in part], now)
        done += len(part)
        tell("shelves", done, len(week.supply.opening))
    with database.transaction("demo", "opening") as tx:
        return expect(tx, [_expected(truck) for truck in week.supply.trucks], now)


def request_of(*names: str | int) -> UUID:
    """Return the same request id for the same thing, so that a second run repeats the first."""
    return uuid5(OPENING, "/".join(map(str, names)))


def _opening(shelf: Shelf) -> Adjusted:
    point = StockPoint(shelf.sku, shelf.node)
    return Adjusted(request_of("opening", shelf.sku, shelf.node), point, shelf.units, "opening")


def _expected(truck: Truck) -> Expected:
    lines: Sequence[ExpectedLine] = [
        ExpectedLine(number, line.sku, truck.node, truck.expected_at, line.units)
        for number, line in enumerate(truck.lines, 1)
    ]
    return Expected(truck.reference, tuple(lines))
