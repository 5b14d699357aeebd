"""The Vendure adapter reads payloads of Vendure's published schema, over real HTTP."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from oneshelf.base.errors import OneshelfError
from oneshelf.simulation.torture.attacks import CROWD, Attack, Outcome, Wish, last_unit, scarce
from oneshelf.web.torture.others.attacking import attack_shop
from oneshelf.web.torture.others.vendure import translation
from oneshelf.web.torture.others.vendure.shop import VendureShop

NO_STOCK = {
    "__typename": "InsufficientStockError",
    "errorCode": "INSUFFICIENT_STOCK_ERROR",
    "message": "Only 0 items were added to the order due to insufficient stock",
}
NAMES = [name for name, _ in translation.STEPS.values()]


class Vendure:
    """A shop that sells up to `limit` units of whatever stock it is given; None: without end."""

    def __init__(self, limit):
        self.limit = limit
        self.sold = []
        self.stock = {}
        self.tokens = set()
        self.lock = threading.Lock()

    def answer(self, asked, token):
        query, variables = asked["query"], asked["variables"]
        if "login(" in query:
            return {"login": {"__typename": "CurrentUser"}}
        if "productVariants(" in query and "update" not in query:
            return {"productVariants": {"items": [{"id": "7", "sku": "LAMP"}]}}
        if "updateProductVariants(" in query:
            self.stock = {one["id"]: one["stockOnHand"] for one in variables["input"]}
            return {"updateProductVariants": [{"id": "7"}]}
        if "orders(" in query:
            page = self.sold[variables["skip"] : variables["skip"] + variables["take"]]
            lines = [
                {"lines": [{"quantity": units, "productVariant": {"sku": "LAMP"}}]}
                for units in page
            ]
            return {"orders": {"totalItems": len(self.sold), "items": lines}}
        if "eligibleShippingMethods" in query:
            pays = [{"code": "standard-payment", "isEligible": True}]
            return {"eligibleShippingMethods": [{"id": "1"}], "eligiblePaymentMethods": pays}
        return self.step(query, variables, token)

    def step(self, query, variables, token):
        [name] = [name for name in NAMES if f"{name}(" in query]
        state = {"transitionOrderToState": "ArrangingPayment"}.get(name, "AddingItems")
        with self.lock:
            if name == "addItemToOrder":
                if self.limit == "stock" and len(self.sold) >= self.stock["7"]:
                    return {name: NO_STOCK}
                self.tokens.add((token, variables["units"]))
            if name == "addPaymentToOrder":
                if self.limit == "stock" and len(self.sold) >= self.stock["7"]:
                    error = {"__typename": "OrderStateTransitionError", "errorCode": "X"}
                    return {name: error | {"message": "out of stock"}}
                [units] = [units for known, units in self.tokens if known == token]
                self.sold.append(units)
                state = "PaymentSettled"
        return {name: {"__typename": "Order", "code": "T_1", "state": state}}


@contextmanager
def serving(vendure):
    class Door(BaseHTTPRequestHandler):
        def do_POST(self):
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            token = self.headers.get("Authorization", "").removeprefix("Bearer ")
            token = token or f"visitor-{id(self)}"
            body = json.dumps({"data": vendure.answer(asked, token)}).encode()
            self.send_response(200)
            self.send_header("vendure-auth-token", token)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            """Say nothing."""

    class Crowded(ThreadingHTTPServer):
        request_queue_size = 200

    server = Crowded(("127.0.0.1", 0), Door)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def attacked(vendure):
    with serving(vendure) as at:
        return attack_shop(VendureShop(at, "owner", "secret"), 1, 20, lambda _: None)


def test_a_shop_that_sells_one_unit_to_everybody_is_seen_to_oversell():
    last, _ = attacked(Vendure(limit=None))

    assert (last.orders, last.refused, last.failed) == (CROWD, 0, 0)
    assert last.oversold() == CROWD - 1
    assert last.lost() == 0


def test_a_shop_that_refuses_in_time_does_not_oversell():
    last, _ = attacked(Vendure(limit="stock"))

    assert (last.orders, last.refused) == (1, CROWD - 1)
    assert (last.oversold(), last.lost()) == (0, 0)


def test_an_order_that_was_told_and_is_not_there_is_lost():
    told = Outcome(Attack("a", {"LAMP": 2}, ()), 2, 0, 0, {"LAMP": 2}, {"LAMP": 1})

    assert (told.oversold(), told.lost()) == (0, 1)


def test_an_attack_is_a_function_of_its_seed():
    assert scarce(1, ["A", "B"], 50) == scarce(1, ["A", "B"], 50)
    assert scarce(1, ["A", "B"], 50) != scarce(2, ["A", "B"], 50)
    assert last_unit("A").buyers == (Wish("A", 1),) * CROWD


@pytest.mark.parametrize(
    ("step", "result", "outcome"),
    [
        ("add", {"__typename": "Order", "code": "T", "state": "AddingItems"}, "done"),
        ("add", NO_STOCK, "refused"),
        ("method", {"__typename": "NoActiveOrderError", "errorCode": "X"}, "failed"),
        ("pay", {"__typename": "Order", "code": "T", "state": "PaymentAuthorized"}, "done"),
        ("pay", {"__typename": "Order", "code": "T", "state": "ArrangingPayment"}, "failed"),
        ("pay", {"__typename": "PaymentDeclinedError", "errorCode": "X"}, "failed"),
        ("arrange", None, "failed"),
    ],
)
def test_the_type_of_a_result_tells_what_became_of_a_step(step, result, outcome):
    name, _ = translation.STEPS[step]
    answer = json.dumps({"data": {name: result}}).encode()

    assert translation.read_step(step, answer) == outcome


def test_what_vendure_could_not_do_is_an_error():
    answer = json.dumps({"errors": [{"message": "FORBIDDEN"}], "data": None}).encode()

    with pytest.raises(OneshelfError, match="FORBIDDEN"):
        translation.require_done(answer)
