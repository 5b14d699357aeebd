"""Buy from a running Vendure 3 as its storefront does, and read its orders as its owner does."""

import http.client
from collections import Counter
from urllib.parse import urlsplit

from oneshelf.base.errors import OneshelfError
from oneshelf.base.identifiers import new_id
from oneshelf.simulation.torture.attacks import Wish
from oneshelf.web.torture.others.attacking import Answer
from oneshelf.web.torture.others.vendure import translation
from oneshelf.web.torture.others.vendure.translation import STEPS, Step

TIMEOUT_S = 120
TOKEN = "vendure-auth-token"  # noqa: S105 - the name of a header


class Session:
    """One visitor: the token that Vendure gave comes back with each question."""

    def __init__(self, at: str, door: str) -> None:
        """Remember where. door: `shop-api` or `admin-api`."""
        self._place = urlsplit(at)
        self._path = f"{self._place.path.rstrip('/')}/{door}"
        self._token = ""

    def ask(self, question: bytes) -> bytes:
        """Send a question; return the answer as it came."""
        kind = http.client.HTTPSConnection if self._place.scheme == "https" else None
        connect = kind or http.client.HTTPConnection
        connection = connect(self._place.hostname or "", self._place.port, timeout=TIMEOUT_S)
        headers = {"Content-Type": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        try:
            connection.request("POST", self._path, question, headers)
            response = connection.getresponse()
            self._token = response.getheader(TOKEN) or self._token
            return response.read()
        except (OSError, http.client.HTTPException) as error:
            raise OneshelfError(
                "server_failed", f"Vendure did not answer ({type(error).__name__}).", ""
            ) from error
        finally:
            connection.close()


class VendureShop:
    """The adapter. at: the address without `/shop-api`."""

    def __init__(self, at: str, user: str, password: str) -> None:
        """Remember where and who."""
        self._at = at
        self._login = (user, password)
        self._owner = Session(at, "admin-api")
        self._ids: dict[str, str] = {}

    def open(self, skus: int) -> list[str]:
        """Sign in as the owner; return some SKUs."""
        user, password = self._login
        translation.require_done(
            self._owner.ask(translation.ask(translation.LOGIN, user=user, password=password))
        )
        answer = self._owner.ask(translation.ask(translation.VARIANTS, take=skus))
        self._ids = {one.sku: one.id for one in translation.read_variants(answer)}
        return list(self._ids)

    def put_stock(self, stock: dict[str, int]) -> None:
        """Let exactly so many units stand there beyond what earlier orders have allocated."""
        inputs = translation.stock_inputs(self._ids, stock)
        translation.require_done(
            self._owner.ask(translation.ask(translation.PUT_STOCK, input=inputs))
        )

    def buy(self, wish: Wish) -> Answer:
        """Go through the checkout: seven questions of one fresh visitor."""
        visitor = Session(self._at, "shop-api")
        try:
            return self._check_out(visitor, wish)
        except OneshelfError:
            return "failed"

    def count_sold(self) -> dict[str, int]:
        """Return units by SKU of all orders that are paid for."""
        sold = Counter[str]()
        skip, total = 0, 1
        while skip < total:
            question = translation.ask(
                translation.ORDERS, take=translation.PAGE, skip=skip, states=translation.PAID
            )
            total, lines = translation.read_orders(self._owner.ask(question))
            for sku, units in lines:
                sold[sku] += units
            skip += translation.PAGE
        return dict(sold)

    def _check_out(self, visitor: Session, wish: Wish) -> Answer:
        def take(step: Step, **variables: object) -> Answer:
            answer = visitor.ask(translation.ask(STEPS[step][1], **variables))
            found = translation.read_step(step, answer)
            return "bought" if found == "done" else found

        mail = f"{new_id().hex}@example.org"
        customer = {"firstName": "A", "lastName": "Buyer", "emailAddress": mail}
        first: tuple[tuple[Step, dict[str, object]], ...] = (
            ("add", {"id": self._ids[wish.sku], "units": wish.units}),
            ("customer", {"customer": customer}),
            ("address", {"address": translation.ADDRESS}),
        )
        for step, variables in first:
            if (answer := take(step, **variables)) != "bought":
                return answer
        methods = translation.read_methods(visitor.ask(translation.ask(translation.METHODS)))
        if methods is None:
            return "failed"
        if (answer := take("method", ids=[methods[0]])) != "bought":
            return answer
        if (answer := take("arrange")) != "bought":
            return answer
        return take("pay", method=methods[1])
