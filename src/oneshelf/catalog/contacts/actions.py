"""What can be done with customers' contact rows."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from oneshelf.base.database import Transaction
from oneshelf.base.outbox import announce
from oneshelf.catalog.contacts import store
from oneshelf.catalog.contacts.customers import Customer, CustomerKey
from oneshelf.catalog.facts import CatalogChanged


def put_customers(
    tx: Transaction, customers: Sequence[Customer], now: datetime
) -> frozenset[CustomerKey]:
    """Write contact rows; return the keys of those that changed. Twice in a list: the last counts.

    An erased customer stays erased, whatever an old file or a repeated message says.
    """
    last = {CustomerKey(row.brand, row.customer_ref): row for row in customers}
    return _announced(tx, store.put_customers(tx, list(last.values())), now)


def erase_customers(
    tx: Transaction, customers: Sequence[CustomerKey], now: datetime
) -> frozenset[CustomerKey]:
    """Forget names, mails and phones for good; an unknown customer is erased in advance."""
    return _announced(tx, store.erase_customers(tx, customers, now), now)


def find_customers(
    tx: Transaction, customers: Sequence[CustomerKey]
) -> dict[CustomerKey, Customer]:
    """Find contact rows; the unknown and the erased are missing."""
    found = store.find_customers(tx, customers)
    return {CustomerKey(row.brand, row.customer_ref): row for row in found}


def customers_by_page(tx: Transaction, rows_max: int = 5_000) -> Iterator[Customer]:
    """Yield every contact row that is not erased, in key order, reading a page at a time."""
    after = ("", "")
    while page := store.load_customers(tx, after, rows_max):
        yield from page
        after = (page[-1].brand, page[-1].customer_ref)


def _announced(
    tx: Transaction, changed: Sequence[CustomerKey], now: datetime
) -> frozenset[CustomerKey]:
    if changed:
        announce(tx, [CatalogChanged("customers", sorted("|".join(key) for key in changed))], now)
    return frozenset(changed)
