"""`oneshelf contact`: forget who an order was for, or a customer."""

from typing import Annotated, Literal

import msgspec
import typer

from oneshelf.base.clock import read_now
from oneshelf.base.database import Transaction
from oneshelf.base.errors import OneshelfError
from oneshelf.base.identifiers import BrandId, OrderId
from oneshelf.catalog.contacts.customers import CustomerKey, CustomerRef
from oneshelf.orders.contacts.actions import erase_contacts, find_brands_of, find_erasable
from oneshelf.web.commands.looking import OfChannel, find_number
from oneshelf.web.commands.opening import transaction
from oneshelf.web.commands.printing import Json, counted, show
from oneshelf.web.orders.erasing import CustomerNamed, tell_erasable, tell_erased

NUMBERS_SHOWN_MAX = 10

app = typer.Typer(
    help="Contact rows: the only place of names, mails, phones and addresses.",
    no_args_is_help=True,
)


class ContactsTold(msgspec.Struct, frozen=True):
    """Whose contact rows would be, or were, emptied. open: orders that have not ended."""

    orders: list[OrderId]
    open: list[OrderId]
    customers: list[CustomerNamed]
    outcome: Literal["preview", "erased", "nothing_to_erase"]


@app.command("erase")
def erase(
    named: Annotated[
        str | None,
        typer.Argument(metavar="ORDER", help="The order's short number, or its channel's key."),
    ] = None,
    *,
    customer: Annotated[
        str | None, typer.Option("--customer", help="A customer's reference: with all orders.")
    ] = None,
    brand: Annotated[
        str | None,
        typer.Option("--brand", help="Whose customer, where several brands know the reference."),
    ] = None,
    channel: OfChannel = None,
    yes: Annotated[bool, typer.Option("--yes", help="Erase; without it, only show what.")] = False,
    json: Json = False,
) -> None:
    """Empty the contact rows of an order or a customer for good; shows first what it would do.

    The order, its movements, facts and decisions stay: they hold no personal data. Safe to repeat.
    """
    if (named is None) == (customer is None):
        raise typer.BadParameter("name an ORDER or a --customer, one of both")
    with transaction("contact erase") as tx:
        orders = [] if named is None else [OrderId(find_number(tx, named, channel))]
        customers = [] if customer is None else [_customer(tx, customer, brand)]
        seen = tell_erasable(find_erasable(tx, orders, customers))
        outcome: Literal["preview", "erased", "nothing_to_erase"] = "preview"
        if yes:
            done = tell_erased(erase_contacts(tx, orders, customers, read_now(tx)))
            outcome = "erased" if done.orders or done.customers else "nothing_to_erase"
        elif not seen.orders and not seen.customers:
            outcome = "nothing_to_erase"
    told = ContactsTold(seen.orders, seen.open, seen.customers, outcome)
    show(told, *_sentences(told), json=json)


def _customer(tx: Transaction, reference: str, brand: str | None) -> CustomerKey:
    found = [one for one in find_brands_of(tx, reference) if brand in {None, one}]
    if not found:
        raise OneshelfError(
            "not_found",
            f"No customer is called {reference!r}{f' at {brand!r}' if brand else ''}; expected a"
            " reference of the catalog or of an order.",
            "`oneshelf export customers` lists those of the catalog.",
        )
    if len(found) > 1:
        raise OneshelfError(
            "conflict",
            f"{', '.join(found)} each know a customer {reference!r}; expected one brand.",
            "Say whose it is by --brand.",
        )
    return CustomerKey(BrandId(found[0]), CustomerRef(reference))


def _sentences(told: ContactsTold) -> list[str]:
    if told.outcome == "nothing_to_erase":
        return ["Nothing to erase: the contact rows are empty, or there are none."]
    numbers = ", ".join(str(number) for number in told.orders[:NUMBERS_SHOWN_MAX])
    more = len(told.orders) - NUMBERS_SHOWN_MAX
    of_orders = f" ({numbers}{f' and {more:,} more' if more > 0 else ''})" if numbers else ""
    what = (
        f"the contact of {counted(len(told.orders), 'order')}{of_orders}"
        f" and {counted(len(told.customers), 'customer')}"
    )
    if told.outcome == "erased":
        return [f"Erased for good: {what}."]
    still = f"{counted(len(told.open), 'order')} of them not ended: nobody can be reached then."
    return [
        f"Would erase {what}.",
        *([still] if told.open else []),
        "Nothing was changed; --yes erases.",
    ]
