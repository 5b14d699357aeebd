"""What can be done with contact rows: see which there are, and erase them for good.

Nothing else holds personal data, so orders, movements, facts and decisions stay as they are.
"""

from collections.abc import Collection
from datetime import datetime

from oneshelf.base.database import Transaction
from oneshelf.base.identifiers import BrandId, OrderId
from oneshelf.base.outbox import announce
from oneshelf.catalog.contacts.actions import erase_customers, find_customers
from oneshelf.catalog.contacts.customers import CustomerKey
from oneshelf.orders.contacts import store
from oneshelf.orders.contacts.erasing import Erasable, Erased
from oneshelf.orders.facts import ContactErased


def find_erasable(
    tx: Transaction, orders: Collection[OrderId], customers: Collection[CustomerKey]
) -> Erasable:
    """Return what `erase_contacts` would empty: rows of these orders and customers, and of theirs.

    Orders whose row is empty or missing are returned as such; unknown orders and the customers
    without a row are missing.
    """
    known = find_customers(tx, sorted(customers))
    found = store.find_contacts(tx, _with_theirs(tx, orders, customers))
    return Erasable(tuple(found), tuple(sorted(known)))


def erase_contacts(
    tx: Transaction,
    orders: Collection[OrderId],
    customers: Collection[CustomerKey],
    now: datetime,
) -> Erased:
    """Empty the contact rows of orders, and of customers with all their orders, for good.

    A customer without a row is erased in advance. Locks orders' rows, then customers'.
    """
    erased = store.erase(tx, _with_theirs(tx, orders, customers), now)
    announce(tx, [ContactErased(order_id) for order_id in erased], now)
    gone = erase_customers(tx, sorted(customers), now) if customers else frozenset()
    return Erased(tuple(erased), tuple(sorted(gone)))


def find_brands_of(tx: Transaction, customer_ref: str) -> list[BrandId]:
    """Return the brands that know a customer by this reference."""
    return store.find_brands_of(tx, customer_ref)


def _with_theirs(
    tx: Transaction, orders: Collection[OrderId], customers: Collection[CustomerKey]
) -> list[OrderId]:
    theirs = store.find_orders_of(tx, sorted(customers)) if customers else []
    return sorted({*orders, *theirs})
