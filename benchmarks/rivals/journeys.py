"""How one buyer buys one unit at each shop: look, fill a cart, say where to and how, pay, place.

Every shop gets the shortest way through its own public API that a shop front could take; ids a
front would have cached (region, delivery method) are known beforehand. A buyer who reads that
there is none left goes away, and one who is answered an error does not try again.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Self
from urllib.parse import urlsplit

import msgspec

Json = dict[str, object]
Outcome = Literal["sold", "refused", "error"]
"""What a buyer was told; `error`: a status of 500 and above, or none at all."""

Journey = Callable[["Connection", "Wanted"], Awaitable[None]]

COME_AGAIN = (429, 503)
HEADER = re.compile(
    r"(?im)^(vendure-auth-token|transfer-encoding|content-length|retry-after): *(.*?)\r$"
)
REASON = re.compile(rb'"(?:detail|message)" *: *"([^"]+)"')
MAIL, NAME, STREET, CITY, POSTCODE = (
    "ann@example.org",
    "Ann",
    "1 High Street",
    "Manchester",
    "M1 1AA",
)


class RefusedError(Exception):
    """The shop said no."""


class BrokenError(Exception):
    """The shop failed to answer."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One purchase. known: what the shop's seed printed; item: the hot or the scarce one of it."""

    known: Mapping[str, str]
    item: str
    number: str


@dataclass(slots=True)
class Connection:
    """A connection of one buyer, kept open, and the headers the shop recognises the buyer by."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    async def open(cls, address: str) -> Self:
        """Connect to a server on loopback."""
        where = urlsplit(address)
        return cls(*await asyncio.open_connection(where.hostname, where.port))

    async def ask(self, method: str, path: str, body: object = None) -> tuple[int, bytes]:
        """Return status and body; a shop that is full and says when to come again is obeyed."""
        while True:
            status, heads, answer = await self._once(method, path, body)
            if status not in COME_AGAIN or "retry-after" not in heads:
                return status, answer
            await asyncio.sleep(float(heads["retry-after"]))

    async def _once(
        self, method: str, path: str, body: object
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Send one request; keep the token if one is given."""
        sent = b"" if body is None else msgspec.json.encode(body)
        lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(sent)}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        if sent:
            lines.append("Content-Type: application/json")
        self.writer.write("\r\n".join([*lines, "", ""]).encode() + sent)
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
        answered = {name.lower(): value for name, value in HEADER.findall(head)}
        if token := answered.get("vendure-auth-token"):
            self.headers["Authorization"] = f"Bearer {token}"
        if answered.get("transfer-encoding") == "chunked":
            text = await self._chunks()
        else:
            text = await self.reader.readexactly(int(answered["content-length"]))
        return int(head.split(None, 2)[1]), answered, text

    async def _chunks(self) -> bytes:
        parts = []
        while size := int(await self.reader.readline(), 16):
            parts.append(await self.reader.readexactly(size))
            await self.reader.readline()
        await self.reader.readline()
        return b"".join(parts)

    async def get(self, path: str) -> Json:
        """Ask for something that must be there."""
        return _accepted(await self.ask("GET", path))

    async def post(self, path: str, body: object) -> Json:
        """Ask for something to be done that must not be refused."""
        return _accepted(await self.ask("POST", path, body))


def _accepted(answer: tuple[int, bytes]) -> Json:
    status, body = answer
    said = _reason(body)
    if status >= 500:  # noqa: PLR2004 - a status of the server's own failure
        raise BrokenError(f"{status} {said}")
    if status >= 400:  # noqa: PLR2004 - a status of refusal
        raise RefusedError(f"{status} {said}")
    return msgspec.json.decode(body, type=Json)


def _reason(body: bytes) -> str:
    """Return what an answer says in words, without what differs from answer to answer."""
    found = REASON.search(body)
    return (found[1] if found else body[:200]).decode(errors="replace")


async def buy(journey: Journey, connection: Connection, wanted: Wanted) -> tuple[Outcome, str]:
    """Walk one journey to its end; return what became of it and what was said if nothing did."""
    try:
        await journey(connection, wanted)
    except RefusedError as refused:
        return "refused", str(refused)
    except (BrokenError, OSError, asyncio.IncompleteReadError) as broken:
        return "error", str(broken)
    return "sold", ""


async def oneshelf(connection: Connection, wanted: Wanted) -> None:
    """Look, hold, place: 3 requests, of which the last two check stock under lock."""
    connection.headers["Authorization"] = f"Bearer {wanted.known['key']}"
    places = [{"sku": wanted.item, "node": node} for node in wanted.known["nodes"].split()]
    look = {"channel": "web", "places": places}
    seen = await connection.post("/api/v1/availability/lookup", look)
    if not any(msgspec.convert(seen["units"], list[int])):
        raise RefusedError("the look-up says that there is none")
    await _hold_and_place(connection, wanted)


async def oneshelf_promising(connection: Connection, wanted: Wanted) -> None:
    """Promise, hold, place: the buyer sees dates and costs first, and the stock behind them."""
    connection.headers["Authorization"] = f"Bearer {wanted.known['key']}"
    await connection.post("/api/v1/promise", _cart(wanted))
    await _hold_and_place(connection, wanted)


def _cart(wanted: Wanted) -> Json:
    return {
        "channel": "web",
        "method": "ship",
        "lines": [{"sku": wanted.item, "units": 1}],
        "place": {"country": "GB", "postcode": "M1", "latitude": 53.48, "longitude": -2.24},
    }


async def _hold_and_place(connection: Connection, wanted: Wanted) -> None:
    cart = _cart(wanted)
    connection.headers["Idempotency-Key"] = wanted.number
    held = await connection.post("/api/v1/reservations", cart)
    del connection.headers["Idempotency-Key"]  # an order brings its own
    order = {
        **cart,
        "key": wanted.number,
        "lines": [{"sku": wanted.item, "units": 1, "price_minor": 1_999}],
        "currency": "GBP",
        "contact": {"name": NAME, "mail": MAIL, "street": STREET},
        "reservation": held["reservation"],
    }
    await connection.post("/api/v1/orders", order)


VENDURE_LOOK = "query($id: ID!) { product(id: $id) { variants { id stockLevel } } }"
VENDURE_CART = """mutation($id: ID!) { addItemToOrder(productVariantId: $id, quantity: 1) {
  __typename ... on Order { code } ... on ErrorResult { errorCode message } } }"""
VENDURE_CUSTOMER = """mutation($in: CreateCustomerInput!) { setCustomerForOrder(input: $in) {
  __typename ... on Order { code } ... on ErrorResult { errorCode message } } }"""
VENDURE_ADDRESS = """mutation($in: CreateAddressInput!) { setOrderShippingAddress(input: $in) {
  __typename ... on Order { code } ... on ErrorResult { errorCode message } } }"""
VENDURE_METHOD = """mutation($id: [ID!]!) { setOrderShippingMethod(shippingMethodId: $id) {
  __typename ... on Order { code } ... on ErrorResult { errorCode message } } }"""
VENDURE_ARRANGE = """mutation { transitionOrderToState(state: "ArrangingPayment") {
  __typename ... on Order { code state } ... on ErrorResult { errorCode message } } }"""
VENDURE_PAY = """mutation { addPaymentToOrder(input: { method: "card", metadata: {} }) {
  __typename ... on Order { code state } ... on ErrorResult { errorCode message } } }"""


async def vendure(connection: Connection, wanted: Wanted) -> None:
    """Look, cart, customer, address, method, arrange payment, pay: 7 GraphQL requests."""
    connection.headers.clear()  # another buyer: a session of its own
    product = await _vendure(connection, VENDURE_LOOK, id=wanted.item)
    variants = msgspec.convert(product["variants"], list[dict[str, str]])
    if variants[0]["stockLevel"] == "OUT_OF_STOCK":
        raise RefusedError("the page says that it is out of stock")
    await _vendure(connection, VENDURE_CART, id=variants[0]["id"])
    mail = f"{wanted.number}@example.org"
    customer = {"firstName": NAME, "lastName": "Example", "emailAddress": mail}
    await _vendure(connection, VENDURE_CUSTOMER, **{"in": customer})
    address = {
        "fullName": NAME,
        "streetLine1": STREET,
        "city": CITY,
        "postalCode": POSTCODE,
        "countryCode": "GB",
    }
    await _vendure(connection, VENDURE_ADDRESS, **{"in": address})
    await _vendure(connection, VENDURE_METHOD, id=[wanted.known["method"]])
    await _vendure(connection, VENDURE_ARRANGE)
    paid = await _vendure(connection, VENDURE_PAY)
    if paid["state"] != "PaymentSettled":
        raise RefusedError(f"the order is {paid['state']}")


async def _vendure(connection: Connection, query: str, **variables: object) -> Json:
    answer = await connection.post("/shop-api", {"query": query, "variables": variables})
    if answer.get("errors"):
        said = str(answer["errors"])[:300]
        raise BrokenError(said) if "INTERNAL_SERVER_ERROR" in said else RefusedError(said)
    result = next(iter(msgspec.convert(answer["data"], dict[str, Json]).values()))
    if "errorCode" in result:
        raise RefusedError(f"{result['errorCode']}: {result['message']}")
    return result


async def medusa(connection: Connection, wanted: Wanted) -> None:
    """Look, cart, line, address, method, payment, its session, complete: 8 REST requests."""
    connection.headers["x-publishable-api-key"] = wanted.known["key"]
    product, variant = wanted.item.split()
    region = wanted.known["region"]
    look = f"/store/products/{product}?region_id={region}&fields=id,%2Bvariants.inventory_quantity"
    seen = await connection.get(look)
    variants = msgspec.convert(msgspec.convert(seen["product"], Json)["variants"], list[Json])
    if msgspec.convert(variants[0]["inventory_quantity"], int) < 1:
        raise RefusedError("the page says that there is none")
    cart = await _medusa(connection, "/store/carts", "cart", {"region_id": region})
    path = f"/store/carts/{cart}"
    await _medusa(connection, f"{path}/line-items", "cart", {"variant_id": variant, "quantity": 1})
    address = {
        "first_name": NAME,
        "last_name": "Example",
        "address_1": STREET,
        "city": CITY,
        "postal_code": POSTCODE,
        "country_code": "gb",
    }
    mail = f"{wanted.number}@example.org"
    await _medusa(connection, path, "cart", {"email": mail, "shipping_address": address})
    method = {"option_id": wanted.known["method"]}
    await _medusa(connection, f"{path}/shipping-methods", "cart", method)
    payments = "/store/payment-collections"
    payment = await _medusa(connection, payments, "payment_collection", {"cart_id": cart})
    provider = {"provider_id": "pp_system_default"}
    sessions = f"{payments}/{payment}/payment-sessions"
    await _medusa(connection, sessions, "payment_collection", provider)
    placed = await connection.post(f"{path}/complete", {})
    if placed.get("type") != "order":
        raise RefusedError(str(placed.get("error"))[:300])


async def _medusa(connection: Connection, path: str, what: str, body: object) -> str:
    answer = await connection.post(path, body)
    return str(msgspec.convert(answer[what], Json)["id"])
