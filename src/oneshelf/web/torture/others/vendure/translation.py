"""Vendure's GraphQL words for what an attack needs. Pure.

Written for @vendure/core 3: every result is a union, and `__typename` tells an order from an error.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, TypedDict

import msgspec

from oneshelf.base.errors import OneshelfError

PAID = ("PaymentAuthorized", "PaymentSettled")
NO_STOCK = frozenset({"InsufficientStockError", "OrderStateTransitionError"})
PAGE = 100

Step = Literal["add", "customer", "address", "method", "arrange", "pay"]
RESULT = "{ __typename ... on Order { code state } ... on ErrorResult { errorCode message } }"
STEPS: Mapping[Step, tuple[str, str]] = {
    "add": (
        "addItemToOrder",
        (
            "mutation ($id: ID!, $units: Int!)"
            f" {{ addItemToOrder(productVariantId: $id, quantity: $units) {RESULT} }}"
        ),
    ),
    "customer": (
        "setCustomerForOrder",
        (
            "mutation ($customer: CreateCustomerInput!)"
            f" {{ setCustomerForOrder(input: $customer) {RESULT} }}"
        ),
    ),
    "address": (
        "setOrderShippingAddress",
        (
            "mutation ($address: CreateAddressInput!)"
            f" {{ setOrderShippingAddress(input: $address) {RESULT} }}"
        ),
    ),
    "method": (
        "setOrderShippingMethod",
        f"mutation ($ids: [ID!]!) {{ setOrderShippingMethod(shippingMethodId: $ids) {RESULT} }}",
    ),
    "arrange": (
        "transitionOrderToState",
        f'mutation {{ transitionOrderToState(state: "ArrangingPayment") {RESULT} }}',
    ),
    "pay": (
        "addPaymentToOrder",
        (
            "mutation ($method: String!)"
            " { addPaymentToOrder(input: {method: $method, metadata: {}})"
            f" {RESULT} }}"
        ),
    ),
}
METHODS = "query { eligibleShippingMethods { id } eligiblePaymentMethods { code isEligible } }"
LOGIN = (
    "mutation ($user: String!, $password: String!)"
    " { login(username: $user, password: $password) { __typename } }"
)
VARIANTS = (
    "query ($take: Int!) { productVariants(options: {take: $take, sort: {id: ASC}})"
    " { items { id sku } } }"
)
PUT_STOCK = (
    "mutation ($input: [UpdateProductVariantInput!]!)"
    " { updateProductVariants(input: $input) { id } }"
)
ORDERS = (
    "query ($take: Int!, $skip: Int!, $states: [String!]!)"
    " { orders(options: {take: $take, skip: $skip, filter: {state: {in: $states}}})"
    " { totalItems items { lines { quantity productVariant { sku } } } } }"
)
ADDRESS = {
    "fullName": "A Buyer",
    "streetLine1": "1 High Street",
    "city": "Manchester",
    "postalCode": "M1 1AA",
    "countryCode": "GB",
}


class Variant(msgspec.Struct, frozen=True):
    """One thing to sell."""

    id: str
    sku: str


class StockInput(TypedDict):
    """One variant's stock as Vendure takes it; no threshold may hide or add units."""

    id: str
    stockOnHand: int
    trackInventory: Literal["TRUE"]
    outOfStockThreshold: int
    useGlobalOutOfStockThreshold: bool


class _Of(msgspec.Struct, frozen=True):
    sku: str


class _Line(msgspec.Struct, frozen=True, rename="camel"):
    quantity: int
    product_variant: _Of


class _Order(msgspec.Struct, frozen=True):
    lines: tuple[_Line, ...]


class _Page(msgspec.Struct, frozen=True, rename="camel"):
    total_items: int
    items: tuple[_Order, ...]


class _Result(msgspec.Struct, frozen=True, rename={"kind": "__typename", "error": "errorCode"}):
    kind: str
    state: str = ""
    error: str = ""
    message: str = ""


class _Method(msgspec.Struct, frozen=True):
    id: str


class _Payment(msgspec.Struct, frozen=True, rename="camel"):
    code: str
    is_eligible: bool


class _Answer(msgspec.Struct, frozen=True):
    data: dict[str, msgspec.Raw] | None = None
    errors: tuple[dict[str, object], ...] = ()


def ask(query: str, **variables: object) -> bytes:
    """Write a question."""
    return msgspec.json.encode({"query": query, "variables": variables})


def read_step(step: Step, answer: bytes) -> Literal["done", "refused", "failed"]:
    """Say whether a step of a checkout was done, refused for want of stock, or failed."""
    found = _fields(answer).get(STEPS[step][0])
    result = None if found is None else msgspec.json.decode(found, type=_Result | None)
    if result is None:
        return "failed"
    if result.kind == "Order":
        return "done" if step != "pay" or result.state in PAID else "failed"
    return "refused" if result.kind in NO_STOCK else "failed"


def read_methods(answer: bytes) -> tuple[str, str] | None:
    """Return the first shipping method's id and payment method's code; None: there are none."""
    fields = _fields(answer)
    ships = msgspec.json.decode(fields["eligibleShippingMethods"], type=list[_Method])
    pays = msgspec.json.decode(fields["eligiblePaymentMethods"], type=list[_Payment])
    codes = [one.code for one in pays if one.is_eligible]
    return (ships[0].id, codes[0]) if ships and codes else None


def read_variants(answer: bytes) -> list[Variant]:
    """Return what can be sold."""
    found = msgspec.json.decode(
        _fields(answer)["productVariants"], type=dict[str, tuple[Variant, ...]]
    )
    return list(found["items"])


def read_orders(answer: bytes) -> tuple[int, list[tuple[str, int]]]:
    """Return how many orders there are, and (SKU, units) of the lines on this page."""
    page = msgspec.json.decode(_fields(answer)["orders"], type=_Page)
    lines = [line for order in page.items for line in order.lines]
    return page.total_items, [(line.product_variant.sku, line.quantity) for line in lines]


def require_done(answer: bytes) -> None:
    """Raise what the other side says it could not do."""
    _fields(answer)


def stock_inputs(ids: Mapping[str, str], stock: Mapping[str, int]) -> Sequence[StockInput]:
    """Return the stock of variants as Vendure takes it."""
    return [
        {
            "id": ids[sku],
            "stockOnHand": units,
            "trackInventory": "TRUE",
            "outOfStockThreshold": 0,
            "useGlobalOutOfStockThreshold": False,
        }
        for sku, units in stock.items()
    ]


def _fields(answer: bytes) -> dict[str, msgspec.Raw]:
    found = msgspec.json.decode(answer, type=_Answer)
    if found.data is None or found.errors:
        raise OneshelfError(
            "server_failed",
            f"Vendure answered {str(found.errors)[:300]}; expected data.",
            "Look into its log; is the user allowed to do that, and is the address its own?",
        )
    return found.data
