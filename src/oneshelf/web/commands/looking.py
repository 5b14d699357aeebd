"""`oneshelf order` and `oneshelf stock`: look, change nothing."""

from collections.abc import Iterator, Sequence
from typing import Annotated

import msgspec
import typer
from rich.table import Table

from oneshelf.base.clock import read_now
from oneshelf.base.database import Transaction
from oneshelf.base.errors import OneshelfError
from oneshelf.base.identifiers import ChannelId, Sku
from oneshelf.catalog.channels import Channel
from oneshelf.inventory.views import units_to_sell
from oneshelf.matching.outlook import Outlook
from oneshelf.matching.request import WantedLine
from oneshelf.matching.watching.actions import Watch
from oneshelf.web.commands import reads
from oneshelf.web.commands.opening import transaction
from oneshelf.web.commands.printing import Json, amount, show, spoken, table
from oneshelf.web.orders.looking import OrderNumbered, OrderTold, tell_order
from oneshelf.web.stock.looking import SkuNamed, tell_stock
from oneshelf.web.stock.reads import StockFigures

NUMBER_DIGITS_MAX = 15
STATES = (
    *("on_hand", "available", "reserved", "committed", "picked", "damaged", "quality_hold"),
    *("in_transit", "expected", "promised"),
)

Named = Annotated[
    str, typer.Argument(help="The order's short number, or the key its channel gave it.")
]
OfChannel = Annotated[
    str | None,
    typer.Option("--channel", help="Whose key it is, where several channels use the same one."),
]


class ForSale(msgspec.Struct, frozen=True):
    """Units that a channel may sell now. carried: over the tills of all stores."""

    channel: ChannelId
    ship: int
    pickup: int
    carried: int


class ShelvesTold(msgspec.Struct, frozen=True):
    """Where a SKU stands, and what each channel may sell of it."""

    sku: Sku
    nodes: list[StockFigures]
    for_sale: list[ForSale]


def show_order(named: Named, *, channel: OfChannel = None, json: Json = False) -> None:
    """Show an order: where its units stand, its parcels, and how it came there."""
    with transaction("order") as tx:
        told = tell_order(tx, OrderNumbered(number=find_number(tx, named, channel)))
    show(told, *_order_parts(told), json=json)


def show_stock(
    sku: Annotated[str, typer.Argument(help="Which product.")], *, json: Json = False
) -> None:
    """Show where a product stands, in which state, and what each channel may sell of it now.

    A kit has no shelf of its own: it shows what can be sold of it by its parts.
    """
    with transaction("stock") as tx:
        told = tell_stock(tx, SkuNamed(sku=Sku(sku)))
        outlook = Watch(tx, read_now(tx)).outlook
    for_sale = [_for_sale(outlook, one, told.sku) for _, one in sorted(outlook.channels.items())]
    document = ShelvesTold(told.sku, told.nodes, for_sale)
    shelves = table(
        f"{sku}: units by place",
        ("node", *(state.replace("_", " ") for state in STATES)),
        [(row.node, *(getattr(row, state) for state in STATES)) for row in told.nodes],
    )
    channels = table(
        "What each channel may sell now",
        ("channel", "ship", "pickup", "over the till"),
        [(one.channel, one.ship, one.pickup, one.carried) for one in for_sale],
    )
    show(document, shelves, channels, json=json)


def find_number(tx: Transaction, named: str, channel: str | None) -> int:
    """Return the number of the order that is called so; refuse none or several."""
    found: Sequence[reads.NamedOrder] = ()
    if named.isdecimal() and len(named) <= NUMBER_DIGITS_MAX:
        found = reads.find_number(tx, int(named))
    found = [
        one for one in found or reads.find_numbers(tx, named) if channel in {None, one.channel}
    ]
    if not found:
        raise OneshelfError(
            "not_found",
            f"There is no order {named!r}; expected an order's number or its channel's key.",
            "Look at the channel's own list; a refused order was never written.",
        )
    if len(found) > 1:
        channels = ", ".join(one.channel for one in found)
        raise OneshelfError(
            "conflict",
            f"The key {named!r} belongs to orders of {channels}; expected one order.",
            "Say whose it is by --channel.",
        )
    return found[0].number


def _order_parts(told: OrderTold) -> Iterator[str | Table]:
    order, money = told.order, told.money
    promised = f", promised on {order.promised_on}" if order.promised_on else ""
    yield (
        f"Order {order.number} of {order.channel} ({order.key}): {order.status}, {order.method},"
        f" placed {spoken(order.placed_at)}{promised}."
    )
    for hold in told.holds:
        yield f"It waits since {spoken(hold.placed_at)}: {hold.reason}."
    yield table(
        f"Lines: {amount(money.total_minor, order.currency)} in all,"
        f" {amount(money.shipping_minor)} of it for shipping",
        ("line", "SKU", "units", "price", "discount", "tax"),
        [
            (
                *(row.line_no, row.sku, row.units, amount(row.price_minor)),
                *(amount(row.discount_minor), amount(row.tax_minor)),
            )
            for row in told.lines
        ],
    )
    yield table(
        "Where the units stand",
        ("line", "units", "status", "parcel", "since"),
        [
            (row.line_no, row.units, row.status, str(row.parcel or ""), row.changed_at)
            for row in told.standing
        ],
    )
    yield table(
        "Parcels",
        ("parcel", "from", "service", "ready", "arrives", "cost"),
        [
            (
                *(str(row.parcel), row.node, row.service or "pickup", row.ready_at),
                *(row.arrives_on, amount(row.cost_minor)),
            )
            for row in told.parcels
        ],
    )
    yield table(
        "What happened",
        ("when", "line", "units", "from", "to", "reason", "by"),
        [
            (row.changed_at, row.line_no, row.units, row.was, row.status, row.reason, row.by)
            for row in told.progress
        ],
    )


def _for_sale(outlook: Outlook, channel: Channel, sku: Sku) -> ForSale:
    name, stock = channel.channel_id, outlook.stock
    parts = outlook.parts([WantedLine(1, sku, 1)])[sku]
    if channel.kind == "till":
        on_shelf = stock.on_shelf([part.sku for part in parts])[outlook.world.is_kind["store"]]
        whole = (on_shelf // [part.units for part in parts]).min(axis=1).sum()
        return ForSale(name, 0, 0, int(whole))
    ship = units_to_sell(stock, parts, name, "ship")
    return ForSale(name, ship, units_to_sell(stock, parts, name, "pickup"), 0)
