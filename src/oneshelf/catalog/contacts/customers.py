"""Whom we sell to: contact rows, the only place of names, mails and phones. Pure."""

from dataclasses import dataclass
from typing import NamedTuple, NewType

from oneshelf.base.identifiers import BrandId

CustomerRef = NewType("CustomerRef", str)


class CustomerKey(NamedTuple):
    """A customer as the rest of the system names one."""

    brand: BrandId
    customer_ref: CustomerRef


@dataclass(frozen=True, slots=True)
class Customer:
    """How to reach one customer of one brand; what is not known is empty."""

    brand: BrandId
    customer_ref: CustomerRef
    name: str
    mail: str
    phone: str
