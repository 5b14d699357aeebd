"""A cart holds its units and the capacity of its parcels' days: both or neither, once."""

from collections import Counter
from datetime import timedelta

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oneshelf.base.calendars import WorkCalendar
from oneshelf.base.identifiers import ChannelId, NodeId, OrderId, PublicId, Sku, new_id
from oneshelf.flow import REACTIONS
from oneshelf.inventory.auditing.actions import audit
from oneshelf.inventory.facts import ReservationLapsed, ReservationLost
from oneshelf.inventory.ledger import StockPoint
from oneshelf.inventory.lines.actions import sell_at_till
from oneshelf.inventory.lines.handling import TillSale
from oneshelf.inventory.reservations.actions import extend, lapse_due
from oneshelf.inventory.reservations.actions import release as release_units
from oneshelf.inventory.reservations.holding import Hold, HoldLine, Moved, Resized, Short
from oneshelf.matching.capacity.actions import find_drift, lock_days
from oneshelf.matching.capacity.actions import hold as hold_for_orders
from oneshelf.matching.capacity.holding import Hold as OrderHold
from oneshelf.matching.capacity.holding import NodeDay
from oneshelf.matching.carts import actions as carts
from oneshelf.matching.carts.asking import Cart, Full, Outrun
from shop import MONDAY, Shop, node, order

TODAY, TOMORROW = MONDAY.date(), MONDAY.date() + timedelta(days=1)
SHUT = WorkCalendar("Europe/London", (), frozenset())
NODES = (
    node("hull", 53.7, -0.3),  # has no limit
    node("leeds", 53.8, -1.55, parcels_per_day_max=1),
    node("shut", 52.0, -1.0, parcels_per_day_max=1, calendar=SHUT),
    node("york", 53.96, -1.08, parcels_per_day_max=1),
)
MINUTES = timedelta(minutes=15)


@pytest.fixture
def shop(database):
    return Shop.opened(
        database,
        [(sku, one.node_id, 9) for sku in ("LAMP", "RUG") for one in NODES],
        nodes=NODES,
    )


def cart(*units, public_id=None, days=None, until=MONDAY + MINUTES):
    """Wish for units of lines at nodes, each node's parcel today."""
    lines = tuple(
        HoldLine(number, StockPoint(Sku(sku), NodeId(at)), count)
        for number, (sku, at, count) in enumerate(units, 1)
    )
    wish = Hold(PublicId(public_id or new_id()), ChannelId("web"), lines, until)
    places = dict.fromkeys(line.point.node for line in lines)
    return Cart(wish, tuple(days or (NodeDay(place, TODAY) for place in places)))


def lamps(at):
    return StockPoint(Sku("LAMP"), NodeId(at))


def hold(shop, *wishes, now=MONDAY):
    with shop.database.transaction("test", "hold") as tx:
        answers = carts.hold(tx, wishes, now)
    shop.refresh()
    return [answers[wish.hold.public_id] for wish in wishes]


def do(shop, verb, *given, now=MONDAY):
    """Do a verb; return its answer for the one cart it is about."""
    with shop.database.transaction("test", "cart") as tx:
        answer = verb(tx, *given, now)
    shop.refresh()
    return next(iter(answer.values())) if isinstance(answer, dict) else answer


def planned(shop, verb, change, now=MONDAY):
    with shop.database.transaction("test", "cart") as tx:
        answers = verb(shop.outlook, tx, [change], now)
    shop.refresh()
    return answers[change.public_id]


def settle(shop, now=MONDAY):
    """Tell everything that lapsed or was lost to its reaction, as a worker would: twice."""
    kinds = {"ReservationLapsed": ReservationLapsed, "ReservationLost": ReservationLost}
    told = shop.rows("SELECT name, body FROM base.fact WHERE name = ANY(%(names)s)", names=[*kinds])
    facts = [msgspec.convert(body, kinds[name]) for name, body in told]
    for _ in range(2):
        do(shop, carts.settle, facts, now=now)


def taken(shop):
    """Return the parcels taken of each day that has any; the figures are those of the holds."""
    with shop.database.transaction("test", "look") as tx:
        assert (find_drift(tx), audit(tx)) == ([], [])
        rows = tx.tuples("SELECT node_id, on_day, taken FROM matching.capacity_day WHERE taken > 0")
    return {(at, on): parcels for at, on, parcels in rows}


def test_a_cart_takes_its_days_once_and_gives_them_back_once(shop):
    wish = cart(("LAMP", "leeds", 2), ("RUG", "leeds", 1), ("LAMP", "york", 1), ("RUG", "hull", 1))
    first, again = hold(shop, wish)[0], hold(shop, wish)[0]
    while_held = taken(shop)
    told = [do(shop, carts.release, [wish.hold.public_id]) for _ in range(2)]

    assert first == again != ()
    assert while_held == {("leeds", TODAY): 1, ("york", TODAY): 1}
    assert (told, taken(shop)) == (["released", "released"], {})


def test_a_cart_whose_day_is_full_or_whose_units_are_short_holds_nothing_of_either(shop):
    _, late, short = hold(
        shop,
        cart(("LAMP", "leeds", 1)),
        cart(("LAMP", "hull", 1), ("LAMP", "leeds", 1)),
        cart(("LAMP", "york", 99)),
    )

    assert late == Outrun((NodeDay(NodeId("leeds"), TODAY),))
    assert isinstance(short, Short)
    assert taken(shop) == {("leeds", TODAY): 1}
    assert shop.rows("SELECT sum(reserved)::int FROM inventory.point") == [(1,)]


def test_a_moved_line_takes_its_day_along(shop):
    wish = cart(("LAMP", "leeds", 2))
    hold(shop, wish)
    seen = []
    for source, target in [("leeds", "york"), ("york", "hull"), ("hull", "leeds")]:
        change = Moved(wish.hold.public_id, 1, lamps(source), lamps(target))
        for _ in range(2):
            [units] = planned(shop, carts.transfer, change)
        seen.append((units.point.node, taken(shop)))

    assert seen == [
        ("york", {("york", TODAY): 1}),
        ("hull", {}),
        ("leeds", {("leeds", TODAY): 1}),
    ]


def test_a_line_that_moves_away_alone_leaves_the_others_their_day(shop):
    wish = cart(("LAMP", "leeds", 2), ("RUG", "leeds", 1))
    hold(shop, wish)
    planned(shop, carts.transfer, Moved(wish.hold.public_id, 1, lamps("leeds"), lamps("york")))

    assert taken(shop) == {("leeds", TODAY): 1, ("york", TODAY): 1}


def test_a_move_takes_the_next_day_with_room_or_is_refused_with_its_reason(shop):
    wish = cart(("LAMP", "leeds", 2))
    hold(shop, wish, cart(("LAMP", "york", 1)))
    shut = planned(
        shop, carts.transfer, Moved(wish.hold.public_id, 1, lamps("leeds"), lamps("shut"))
    )
    as_before = taken(shop)
    planned(shop, carts.transfer, Moved(wish.hold.public_id, 1, lamps("leeds"), lamps("york")))

    assert shut == Full((NodeId("shut"),))
    assert as_before == {("leeds", TODAY): 1, ("york", TODAY): 1}
    assert taken(shop) == {("york", TODAY): 1, ("york", TOMORROW): 1}


def test_a_move_to_a_day_that_went_meanwhile_changes_nothing(shop, database):
    wish = cart(("LAMP", "leeds", 2))
    hold(shop, wish)
    with database.transaction("test", "unseen") as tx:
        carts.hold(tx, [cart(("RUG", "york", 1))], MONDAY)  # the outlook has not seen it yet
    moved = Moved(wish.hold.public_id, 1, lamps("leeds"), lamps("york"))
    first, second = (planned(shop, carts.transfer, moved) for _ in range(2))

    assert first == Outrun((NodeDay(NodeId("york"), TODAY),))
    assert [one.point.node for one in second] == ["york"]
    assert taken(shop) == {("york", TODAY): 1, ("york", TOMORROW): 1}


def test_a_node_resized_to_nothing_gives_its_day_back_and_a_new_one_takes_one(shop):
    wish = cart(("LAMP", "leeds", 2), ("LAMP", "york", 1))
    hold(shop, wish)
    public_id = wish.hold.public_id
    planned(shop, carts.decrease, Resized(public_id, 1, lamps("leeds"), 1))
    less = taken(shop)
    planned(shop, carts.decrease, Resized(public_id, 1, lamps("leeds"), 0))
    emptied = taken(shop)
    planned(shop, carts.increase, Resized(public_id, 1, lamps("leeds"), 3))

    assert less == taken(shop) == {("leeds", TODAY): 1, ("york", TODAY): 1}
    assert emptied == {("york", TODAY): 1}


def test_a_day_goes_with_the_units_that_a_till_took_from_the_cart(shop):
    hold(shop, cart(("LAMP", "leeds", 9), ("LAMP", "york", 1)))
    do(shop, sell_at_till, [TillSale(new_id(), lamps("leeds"), 9)])
    settle(shop)

    assert taken(shop) == {("york", TODAY): 1}


@pytest.mark.parametrize("noticed_by", ["sweep", "order", "cart"])
def test_a_lapsed_cart_s_day_is_free_for_whoever_locks_it_and_given_back_once(shop, noticed_by):
    late = MONDAY + MINUTES
    old, new = cart(("LAMP", "leeds", 2), ("LAMP", "york", 1)), cart(("LAMP", "leeds", 1))
    hold(shop, old)
    if noticed_by == "sweep":
        do(shop, lapse_due, now=late)
        settle(shop, late)
        assert taken(shop) == {}
    if noticed_by == "order":
        with shop.database.transaction("test", "order") as tx:
            days = [NodeDay(NodeId("leeds"), TODAY)]
            room = lock_days(tx, days, late)[days[0]]
            hold_for_orders(tx, [OrderHold(OrderId(1), 1, days[0])], late)
    else:
        new = cart(("LAMP", "leeds", 1), until=late + MINUTES)
        assert isinstance(hold(shop, new, now=late)[0], tuple)
    do(shop, lapse_due, now=late)
    settle(shop, late)
    gone = do(shop, extend, {old.hold.public_id: late + MINUTES}, now=MONDAY)

    assert noticed_by != "order" or room.taken == 0
    assert taken(shop) == {("leeds", TODAY): 1}
    assert gone == "lapsed"  # also for a host that still believes it to be Monday, 9:00
    assert shop.rows("SELECT count(*) FROM base.fact WHERE name = 'ReservationLapsed'") == [(1,)]


def test_an_extended_cart_keeps_its_day_as_long_as_its_units(shop):
    wish = cart(("LAMP", "leeds", 1))
    hold(shop, wish)
    for _ in range(3):
        until = do(shop, extend, {wish.hold.public_id: MONDAY + 2 * MINUTES})
    [rival] = hold(shop, cart(("RUG", "leeds", 1)), now=MONDAY + MINUTES)
    do(shop, lapse_due, now=MONDAY + MINUTES)
    settle(shop, MONDAY + MINUTES)

    assert until == MONDAY + 2 * MINUTES
    assert isinstance(rival, Outrun)
    assert taken(shop) == {("leeds", TODAY): 1}


def test_an_order_consumes_exactly_the_day_of_its_cart(shop):
    wish = cart(("LAMP", "leeds", 2))
    hold(shop, wish)
    rival, mine = shop.place(
        order(("RUG", 1), node=NodeId("leeds")), order(("LAMP", 2), reservation=wish.hold.public_id)
    )
    held = shop.rows("SELECT order_id, on_day FROM matching.capacity_hold ORDER BY on_day")

    assert mine.reservation == "consumed"
    assert taken(shop) == {("leeds", TODAY): 1, ("leeds", TOMORROW): 1}
    assert held == [(mine.number, TODAY), (rival.number, TOMORROW)]
    assert shop.rows("SELECT count(*) FROM matching.cart_capacity") == [(0,)]


def test_an_order_after_the_cut_off_gives_up_its_cart_s_day_and_takes_another(shop):
    wish = cart(("LAMP", "leeds", 2), until=MONDAY + timedelta(hours=9))
    hold(shop, wish)
    shop.now = MONDAY + timedelta(hours=8)
    [answer] = shop.place(order(("LAMP", 2), reservation=wish.hold.public_id))

    assert answer.reservation == "consumed"
    assert taken(shop) == {("leeds", TOMORROW): 1}


def test_a_cart_keeps_its_day_though_a_sold_order_overfilled_it(shop):
    wish = cart(("LAMP", "leeds", 2))
    hold(shop, wish)
    full = NodeDay(NodeId("leeds"), TODAY)
    with shop.database.transaction("test", "sold") as tx:
        lock_days(tx, [full], MONDAY)
        hold_for_orders(tx, [OrderHold(OrderId(1), 1, full)], MONDAY)
    shop.refresh()
    [answer] = shop.place(order(("LAMP", 2), reservation=wish.hold.public_id))

    assert answer.reservation == "consumed"
    assert taken(shop) == {("leeds", TODAY): 2}


def test_the_audit_finds_a_miscounted_day_and_what_a_cart_left_behind(shop):
    wish = cart(("LAMP", "leeds", 2))
    hold(shop, wish)
    with shop.database.transaction("test", "wrong") as tx:
        release_units(tx, [wish.hold.public_id], MONDAY)
        tx.run("UPDATE matching.capacity_day SET taken = 2")
        found = find_drift(tx)

    assert found == [
        f"leeds on {TODAY}: 2 taken, 1 held",
        f"leeds on {TODAY}: 1 left behind by cart {wish.hold.public_id}",
    ]


def test_the_flow_gives_back_what_lapsed_and_lost_carts_hold():
    after = {entry.fact: entry.reactions for entry in REACTIONS}

    assert after[ReservationLapsed] == after[ReservationLost] == (carts.settle,)


PLACES = st.sampled_from(["hull", "leeds", "york"])
STEPS = st.one_of(
    st.tuples(st.just("hold"), st.lists(PLACES, min_size=1, max_size=3)),
    st.tuples(st.just("move"), st.tuples(st.integers(1, 3), PLACES, PLACES)),
    st.tuples(st.just("resize"), st.tuples(st.integers(1, 3), PLACES, st.integers(0, 3))),
    st.tuples(st.sampled_from(["release", "order", "wait", "sweep", "extend"]), st.none()),
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(st.integers(0, 2), STEPS), max_size=12))
def test_whatever_carts_do_each_has_a_day_exactly_where_it_stands(shop, steps):
    clean(shop)
    names = [PublicId(new_id()) for _ in range(3)]
    shop.now = MONDAY
    for whose, (what, with_what) in steps:
        step(shop, names[whose], what, with_what)
        if what == "release":
            names[whose] = PublicId(new_id())

        stands = shop.rows(
            "SELECT public_id, node FROM inventory.reservation JOIN inventory.reserved_unit"
            " ON public_id = reservation JOIN inventory.point USING (point_id)"
            " WHERE status = 'held' AND lapses_at > %(now)s AND node <> 'hull' GROUP BY 1, 2",
            now=shop.now,
        )
        has = shop.rows(
            "SELECT cart.reservation, node_id, sum(parcels) FROM matching.cart_capacity AS cart"
            "  JOIN inventory.reservation AS held ON held.public_id = cart.reservation"
            " WHERE status = 'held' AND lapses_at > %(now)s GROUP BY 1, 2",
            now=shop.now,
        )
        assert sorted((i, at, 1) for i, at in stands) == sorted(has)
        assert all(parcels == 1 for parcels in taken(shop).values())


def clean(shop):
    with shop.database.transaction("test", "clean") as tx:
        tx.run("TRUNCATE inventory.reservation, matching.capacity_day, orders.sales_order CASCADE")
        tx.run("DELETE FROM inventory.commitment")
        tx.run("DELETE FROM inventory.movement WHERE reason <> 'opening'")
        tx.run(
            "UPDATE inventory.point SET available = 9, reserved = 0, committed = 0, outside = -9"
        )
        tx.run("UPDATE inventory.point SET version = version + 1000")
    with shop.database.transaction("test", "clean") as tx:
        shop.watch = type(shop.watch)(tx, MONDAY)


def step(shop, public_id, what, with_what):
    now = shop.now
    match what:
        case "hold":
            units = Counter(with_what).items()
            wish = cart(*(("LAMP", at, many) for at, many in units), public_id=public_id)
            days = [NodeDay(NodeId(at), shop.outlook.first_day(NodeId(at), now)) for at, _ in units]
            hold(shop, Cart(wish.hold, tuple(days)), now=now)
        case "move":
            line, source, target = with_what
            planned(shop, carts.transfer, Moved(public_id, line, lamps(source), lamps(target)), now)
        case "resize":
            line, at, many = with_what
            for verb in (carts.increase, carts.decrease):
                planned(shop, verb, Resized(public_id, line, lamps(at), many), now)
        case "order":
            shop.place(order(("LAMP", 1), reservation=public_id))
        case "release":
            do(shop, carts.release, [public_id], now=now)
        case "extend":
            do(shop, extend, {public_id: now + MINUTES}, now=now)
        case "wait":
            shop.now += timedelta(minutes=8)
        case "sweep":
            do(shop, lapse_due, now=now)
            settle(shop, now)
