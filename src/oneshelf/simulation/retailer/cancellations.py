"""Which basket a cancellation line of the excerpt takes back. Pure."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from oneshelf.base.identifiers import ChannelId, Sku
from oneshelf.simulation.retailer.baskets import Basket
from oneshelf.simulation.retailer.packaged import InvoiceLine


@dataclass(frozen=True, slots=True)
class Cancellation:
    """Units of one line of one basket that the customer no longer wants."""

    invoice: str
    at: datetime
    channel: ChannelId
    external_id: str
    sku: Sku
    units: int


@dataclass(frozen=True, slots=True)
class Cancelled:
    """What was found. Lines and units that found no open sale in the excerpt are only counted."""

    cancellations: tuple[Cancellation, ...]
    lines_found: int  # at least one unit of them
    lines_without_sale: int
    units_without_sale: int


@dataclass(slots=True)
class _Open:
    basket: Basket
    units: int


def cancel(lines: Iterable[InvoiceLine], baskets: Iterable[Basket]) -> Cancelled:
    """Take units from the latest open sale of the same account and code, then the one before.

    Only sales up to the minute of the cancellation count.
    """
    sales: defaultdict[tuple[str, Sku], list[_Open]] = defaultdict(list)
    for basket in sorted(baskets, key=lambda basket: (basket.at, basket.external_id)):
        for sold in basket.lines:
            if basket.customer_ref:
                sales[basket.customer_ref, sold.sku].append(_Open(basket, sold.units))
    found: list[Cancellation] = []
    lines_found = lines_without_sale = units_without_sale = 0
    for line in sorted(lines, key=lambda line: line.at):
        left = -line.units
        for sale in reversed(sales.get((line.customer, line.sku), [])):
            units = min(left, sale.units) if sale.basket.at <= line.at else 0
            if units:
                sale.units -= units
                left -= units
                basket = sale.basket
                found.append(
                    Cancellation(
                        line.invoice, line.at, basket.channel, basket.external_id, line.sku, units
                    )
                )
        lines_found += left < -line.units
        lines_without_sale += left == -line.units
        units_without_sale += left
    return Cancelled(tuple(found), lines_found, lines_without_sale, units_without_sale)
