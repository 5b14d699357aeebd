"""Who takes part in an interleaved run: buyers, carts, cancellers, pickers, the floor, a worker."""

from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from random import Random
from unittest.mock import patch
from uuid import UUID

from interleaving import Interleaved, Turns
from test_backorders_meet_receipts import waiting

from oneshelf.base.clock import set_clock
from oneshelf.base.database import Database
from oneshelf.base.errors import ContendedError, OneshelfError
from oneshelf.base.identifiers import ChannelId, NodeId, PublicId, Sku, new_id
from oneshelf.inventory.auditing.actions import audit
from oneshelf.inventory.claims.actions import find_stranded
from oneshelf.inventory.counting.actions import adjust, count
from oneshelf.inventory.counting.saying import Adjusted, Counted
from oneshelf.inventory.ledger import StockPoint
from oneshelf.inventory.receipts.actions import receive
from oneshelf.inventory.receipts.arriving import Received
from oneshelf.inventory.reservations.holding import Hold, HoldLine
from oneshelf.matching.capacity import actions as capacity
from oneshelf.matching.capacity.holding import NodeDay
from oneshelf.matching.carts import actions as carts
from oneshelf.matching.carts.asking import Cart
from oneshelf.orders.answers import Placed, Repeated
from oneshelf.orders.changes.actions import cancel
from oneshelf.orders.changes.cancelling import Cancellation
from oneshelf.orders.progress import actions as progress
from oneshelf.outbound.picking.actions import pick
from oneshelf.outbound.picking.picks import Pick
from oneshelf.web.demo.reads import find_oversold
from oneshelf.web.torture.reads import find_unwritten
from oneshelf.worker import Worker
from shop import MONDAY, NODES, Shop, inbound, order

SKUS = ("LAMP", "VASE", "RUG")
UNITS = 2
FEW_PARCELS = tuple(replace(node, parcels_per_day_max=4) for node in NODES)
DUE_AT = MONDAY + timedelta(days=5)
ACTS = 5
BUYERS = 2
TIMES_BUSY_MAX = 20
EXPECTED = frozenset({"conflict", "illegal_transition"})

Alter = Callable[[str], str]


@dataclass
class Play:
    """One run and what was told in it. alter: what becomes of each statement."""

    url: str
    seed: int
    turns: Turns
    alter: Alter
    receipt_lines: list = field(default_factory=list)
    placed: dict = field(default_factory=dict)  # number: the order as it was asked for
    done_buying: int = 0
    wrong: list = field(default_factory=list)

    def through(self, name, act):
        """Do it again as long as it is told "busy"; a refusal that may be is an answer too."""
        for _ in range(TIMES_BUSY_MAX):
            try:
                return act()
            except ContendedError:
                continue
            except OneshelfError as error:
                if error.code not in EXPECTED:
                    self.wrong.append(f"{name} was told {error.code}: {error.message}")
                return None
        self.wrong.append(f"{name} never came through")
        return None

    def place(self, name, shop, *wishes):
        """Place orders and remember which were acknowledged."""
        answers = self.through(name, lambda: shop.place(*wishes)) or []
        for wish, answer in zip(wishes, answers, strict=False):
            told = answer.answer if isinstance(answer, Repeated) else answer
            if isinstance(told, Placed):
                self.placed[told.number] = wish


@dataclass
class Player:
    """One of them, with a connection and a chance of his own."""

    name: str
    play: Play
    shop: Shop
    chance: Random

    def commit(self, act):
        def once():
            with self.shop.database.transaction(self.name, "interleaved") as tx:
                return act(tx)

        return self.play.through(self.name, once)


def buy(player):
    for _ in range(ACTS):
        wishes = [_wish(player.chance) for _ in range(player.chance.randint(1, 3))]
        player.play.place(player.name, player.shop, *wishes)
    player.play.done_buying += 1


def while_they_buy(player):
    """Yield as long as somebody buys, and a few times more; a look at the shop each time."""
    after = 0
    while after < ACTS:
        player.commit(lambda tx: tx.run("SELECT 1"))  # the others have their turns meanwhile
        after += player.play.done_buying == BUYERS
        yield


def _wish(chance):
    if chance.random() < 0.5:
        return waiting(chance)
    return order(*((sku, chance.randint(1, 2)) for sku in chance.sample(SKUS, 2)))


def fill_carts(player):
    """Hold a unit and a node's day, then order them, or give them back, or forget them."""
    for _ in range(ACTS):
        sku, node = player.chance.choice(SKUS), player.chance.choice(NODES).node_id
        line = HoldLine(1, StockPoint(Sku(sku), node), 1)
        until = MONDAY + timedelta(minutes=15)
        held = Hold(PublicId(new_id()), ChannelId("web"), (line,), until)
        cart = Cart(held, (NodeDay(NodeId(node), MONDAY.date()),))
        answer = player.commit(lambda tx, cart=cart: carts.hold(tx, [cart], MONDAY))
        if not answer or not isinstance(answer[held.public_id], tuple):
            continue
        then = player.chance.choice(["order", "give back", "forget"])
        if then == "order":
            wish = order((sku, 1), reservation=held.public_id)
            player.play.place(player.name, player.shop, wish)
        elif then == "give back":
            player.commit(lambda tx, held=held: carts.release(tx, [held.public_id], MONDAY))


def change_minds(player):
    for _ in while_they_buy(player):
        if player.play.placed:
            number = player.chance.choice(sorted(player.play.placed)[-4:])
            part = {"line_no": 1, "units_kept": 1} if player.chance.random() < 0.7 else {}
            wish = Cancellation(number, "changed_mind", **part)
            player.commit(lambda tx, wish=wish: cancel(tx, [wish], MONDAY))


def bring(player):
    """Find units, count shelves, take deliveries in."""
    for _ in range(2 * ACTS):
        player.commit(_arrival(player.chance, player.play.receipt_lines))


def _arrival(chance, receipt_lines):
    point = StockPoint(Sku(chance.choice(SKUS)), chance.choice(NODES).node_id)
    units = chance.randint(1, 3)
    match chance.randrange(3):
        case 0:
            return lambda tx: adjust(tx, [Adjusted(new_id(), point, units, "found")], MONDAY)
        case 1:
            return lambda tx: count(tx, [Counted(new_id(), point, units)], MONDAY)
    came = Received(new_id(), chance.choice(receipt_lines), units)
    return lambda tx: receive(tx, [came], MONDAY)


def walk(player):
    """Pick what nodes were told of; some of it is not there."""
    for _ in while_they_buy(player):
        player.commit(lambda tx: _pick_some(player, tx))


def _pick_some(player, tx):
    rows = tx.tuples(
        "SELECT parcel_id, line_no, sum(quantity.units)::int"
        "  FROM orders.quantity JOIN orders.line USING (line_id)"
        " WHERE status = 'released' GROUP BY 1, 2 ORDER BY 1, 2 LIMIT 3"
    )
    picks = [
        Pick(parcel, line_no, units - 1, short="mismatch")
        if (parcel + line_no) % 3 == 0
        else Pick(parcel, line_no, units)
        for parcel, line_no, units in rows
    ]
    return pick(player.shop.outlook, tx, picks, MONDAY) if picks else []


def react(player):
    worker = Worker(player.shop.database)
    for _ in while_they_buy(player):
        for step in (worker.react_once, worker.do_due_work):
            with suppress(ContendedError):
                step()


CAST = {
    "ann": buy,
    "bob": buy,
    "cai": fill_carts,
    "dee": change_minds,
    "eli": bring,
    "flo": walk,
    "gus": walk,
    "hal": change_minds,
    "ivy": react,
}


def play(url, seed, alter=str):
    """Play a seed on a fresh database; return what is wrong after it, and who went when."""
    one = Play(url, seed, Turns(seed, url), alter, _opened(url))
    drawn = Random(seed)  # ids decide the shards of facts, and so who reads what when
    with ExitStack() as stack:
        stack.enter_context(
            patch("oneshelf.base.identifiers.uuid7", lambda: UUID(int=drawn.getrandbits(128)))
        )
        acts = {}
        for name, act in CAST.items():
            database = stack.enter_context(closing(Interleaved(url, one.turns, name, alter)))
            player = Player(name, one, Shop(database), Random(f"{seed}/{name}"))
            acts[name] = partial(act, player)
        one.turns.play(acts)
    with closing(Database(url)) as database:
        return [*one.wrong, *_found_wrong(database, one.placed)], one.turns.drawn


def _opened(url):
    with closing(Database(url)) as database:
        with database.transaction("test", "clock") as tx:
            set_clock(tx, MONDAY, 0)
        shelves = [(sku, node.node_id, UNITS) for sku in SKUS for node in NODES]
        Shop.opened(database, shelves, nodes=FEW_PARCELS)
        return [inbound(database, sku, "york", 40, DUE_AT) for sku in SKUS]


def _found_wrong(database, placed):
    """Let all carts lapse and everybody who waits be served; then say what is not as it must be."""
    with database.transaction("test", "clock") as tx:
        set_clock(tx, MONDAY + timedelta(hours=1), 0)
    Worker(database).settle()
    with database.transaction("test", "judge") as tx:
        stands = dict(
            tx.tuples("SELECT order_id, sum(units)::int FROM orders.quantity GROUP BY order_id")
        )
        [deadlocks] = tx.scalars(
            "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        )
        wrong = [
            *audit(tx),
            *capacity.find_drift(tx),
            *progress.find_drift(tx),
            *find_stranded(tx),
            *find_oversold(tx).items(),
            *find_unwritten(tx),
            *tx.tuples("SELECT reaction, error FROM base.parked"),
        ]
    asked = {number: sum(line.units for line in one.lines) for number, one in placed.items()}
    wrong += [(number, units) for number, units in asked.items() if stands.get(number) != units]
    return [str(one) for one in wrong] + ["a circle of locks"] * deadlocks
