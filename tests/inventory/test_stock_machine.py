"""Whatever is done to stock, in whatever order, every figure follows from the ledger."""

import ast
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

import oneshelf.inventory
from oneshelf.base.errors import ContendedError, OneshelfError
from oneshelf.base.identifiers import ChannelId, LineId, NodeId, OrderId, PublicId, Sku, new_id
from oneshelf.catalog.nodes import METHODS, Toggle
from oneshelf.catalog.products import KitPart
from oneshelf.catalog.sheets.reading import GoodRow
from oneshelf.inventory.assortment.actions import import_rows, put_toggles
from oneshelf.inventory.auditing.actions import audit, repair
from oneshelf.inventory.auditing.differences import plan_repair
from oneshelf.inventory.availability import StockSnapshot
from oneshelf.inventory.buffers import BufferPolicy, BufferRule
from oneshelf.inventory.claims.actions import (
    Withdrawn,
    decide_buffers,
    open_claims,
    serve_skus,
    serve_waiting,
    withdraw_claims,
)
from oneshelf.inventory.claims.serving import ClaimWish
from oneshelf.inventory.counting.actions import adjust, arrive, count, regrade, send
from oneshelf.inventory.counting.saying import Adjusted, Arrived, Counted, Regraded, Sent
from oneshelf.inventory.facts import StockChanged
from oneshelf.inventory.ledger import StockPoint, Take
from oneshelf.inventory.levels.actions import read_levels
from oneshelf.inventory.lines.actions import (
    cancel_lines,
    hand_over,
    pick,
    reject,
    return_to_stock,
    sell_at_till,
    ship,
    uncommit,
    unpick,
)
from oneshelf.inventory.lines.handling import LineUnits, Rejected, Returned, TillSale
from oneshelf.inventory.recalls.actions import put_back, recall
from oneshelf.inventory.recalls.recalled import PutBack
from oneshelf.inventory.receipts.actions import expect, re_date, receive
from oneshelf.inventory.receipts.arriving import Expected, ExpectedLine, Received
from oneshelf.inventory.reservations.actions import (
    decrease,
    end_holds,
    end_lapsed,
    extend,
    fulfil,
    increase,
    lapse_due,
    lock_holds,
    read_holds,
    release,
    reserve,
    transfer,
)
from oneshelf.inventory.reservations.holding import Hold, HoldLine, Moved, Resized
from oneshelf.inventory.shelf.actions import commit_units, find_commitments, lock_points
from oneshelf.inventory.stocktaking.actions import (
    advance,
    begin,
    find_apart,
    finish,
    set_shelves,
)
from oneshelf.inventory.stocktaking.filed import ShelfRow

SKUS = [Sku("LAMP"), Sku("RUG")]
NODES = [NodeId("berlin"), NodeId("paris")]
LOTS = [None, "a"]
SHELVES = [StockPoint(sku, node, lot) for sku in SKUS for node in NODES for lot in LOTS]
SET = Sku("SET")
KIT = (KitPart(SKUS[0], 1), KitPart(SKUS[1], 2))
NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
TABLES = ", ".join(
    f"inventory.{table}"
    for table in ["movement", "point", "commitment", "recalled", "claim", "reservation", "receipt"]
)

shelves = st.sampled_from(SHELVES)
skus = st.sampled_from(SKUS)
nodes = st.sampled_from(NODES)
few = st.integers(1, 5)
some_nodes = st.none() | st.frozensets(nodes, min_size=1)
methods = st.sampled_from(sorted(METHODS))
grades = st.sampled_from(["available", "damaged", "quality_hold"])
old = st.integers(0, 3)  # which of the latest holds, lines, receipt lines


class Stock(RuleBasedStateMachine):
    def __init__(self, database):
        super().__init__()
        self.database = database
        self.now = NOW
        self.holds, self.lines, self.receipt_lines = [], [], []
        self.safety = 0
        with database.transaction("test", "machine") as tx:
            tx.run(f"TRUNCATE base.fact, base.policy, catalog.toggle, {TABLES} CASCADE")

    def do(self, verb, *given):
        """Do it; too few units is an answer that changes nothing."""
        try:
            with self.database.transaction("test", "machine") as tx:
                return verb(tx, *given, self.now)
        except ContendedError:
            raise
        except OneshelfError as error:
            if error.code != "conflict":
                raise
            return None

    def line(self, place):
        return self.lines[-1 - place % len(self.lines)] if self.lines else LineId(999)

    def held(self, place):
        return self.holds[-1 - place % len(self.holds)] if self.holds else PublicId(new_id())

    def bound(self, place):
        """Some line that has units somewhere, and where."""
        with self.database.transaction("test", "machine") as tx:
            found = find_commitments(tx, self.lines)
        one = found[place % len(found)] if found else None
        return (one.line_id, one.point.node, one.state) if one else (LineId(9), NODES[0], "picked")

    def new_line(self):
        self.lines.append(LineId(len(self.lines) + 1))
        return self.lines[-1]

    @rule(minutes=st.integers(1, 9))
    def time_passes(self, minutes):
        self.now += timedelta(minutes=minutes)

    @initialize(units=st.integers(0, 9))
    def opens(self, units):
        self.do(count, [Counted(new_id(), point, units) for point in SHELVES])

    @rule(point=shelves, units=st.integers(-4, 9), grade=grades)
    def adjusts(self, point, units, grade):
        request = new_id()
        for _ in range(2):
            self.do(adjust, [Adjusted(request, point, units, "feed", grade)])

    @rule(point=shelves, units=st.integers(0, 9))
    def counts(self, point, units):
        self.do(count, [Counted(new_id(), point, units)])

    @rule(seen=st.dictionaries(shelves, st.integers(0, 9), min_size=1, max_size=4))
    def takes_a_file_in(self, seen):
        rows = [
            ShelfRow(line, point.sku, point.node, point.lot, units)
            for line, (point, units) in enumerate(seen.items(), 2)
        ]
        with self.database.transaction("test", "machine") as tx:
            stocktake = begin(tx, new_id().bytes, self.now)
            apart = find_apart(tx, rows)
        counted = [row.counted(stocktake, "file") for row in rows if row.line in apart]
        if counted:
            self.do(count, counted)
        with self.database.transaction("test", "machine") as tx:
            advance(tx, stocktake, rows[-1].line)
            set_shelves(tx, [row for row in rows if row.line not in apart], "file", self.now)
            finish(tx, stocktake)

    @rule(point=shelves, before=grades, after=grades, units=few)
    def regrades(self, point, before, after, units):
        if before != after:
            self.do(regrade, [Regraded(new_id(), point, before, after, units)])

    @rule(point=shelves, node=nodes, units=few)
    def sends(self, point, node, units):
        if node != point.node:
            self.do(send, [Sent(new_id(), point, node, units)])

    @rule(point=shelves, units=st.integers(0, 3), damaged=st.integers(0, 2), lost=st.integers(0, 2))
    def arrives(self, point, units, damaged, lost):
        self.do(arrive, [Arrived(new_id(), point, units, damaged, lost)])

    @rule(sku=skus, node=nodes, days=st.integers(1, 9), units=few)
    def expects(self, sku, node, days, units):
        line = ExpectedLine(1, sku, node, self.now + timedelta(days=days), units)
        answers = self.do(expect, [Expected(str(new_id()), (line,))])
        self.receipt_lines += answers.values()

    @rule(place=old, days=st.integers(1, 9))
    def re_dates(self, place, days):
        if self.receipt_lines:
            line = self.receipt_lines[-1 - place % len(self.receipt_lines)]
            self.do(re_date, {line: self.now + timedelta(days=days)})

    @rule(
        place=old,
        units=st.integers(0, 6),
        damaged=st.integers(0, 2),
        lot=st.sampled_from(LOTS),
        rest=st.sampled_from(["still_expected", "will_not_come"]),
    )
    def receives(self, place, units, damaged, lot, rest):
        if self.receipt_lines:
            line = self.receipt_lines[-1 - place % len(self.receipt_lines)]
            came = Received(new_id(), line, units, damaged, lot, rest)
            self.do(receive, [came])
            self.do(receive, [came])

    @rule(wanted=st.lists(st.tuples(shelves, few), min_size=1, max_size=3), minutes=few)
    def reserves(self, wanted, minutes):
        lines = tuple(HoldLine(no, point, units) for no, (point, units) in enumerate(wanted))
        lapses_at = self.now + timedelta(minutes=minutes * 5)
        hold = Hold(PublicId(new_id()), ChannelId("web"), lines, lapses_at)
        first, second = self.do(reserve, [hold]), self.do(reserve, [hold, hold])

        assert first == second
        self.holds.append(hold.public_id)

    @rule(place=old, minutes=few)
    def extends(self, place, minutes):
        self.do(extend, {self.held(place): self.now + timedelta(minutes=minutes)})

    @rule(place=old, line=st.integers(0, 1), point=shelves, units=st.integers(0, 5))
    def increases(self, place, line, point, units):
        self.do(increase, [Resized(self.held(place), line, point, units)])

    @rule(place=old, line=st.integers(0, 1), point=shelves, units=st.integers(0, 5))
    def decreases(self, place, line, point, units):
        self.do(decrease, [Resized(self.held(place), line, point, units)])

    @rule(place=old, line=st.integers(0, 1), source=shelves, node=nodes)
    def transfers(self, place, line, source, node):
        target = StockPoint(source.sku, node, source.lot)
        self.do(transfer, [Moved(self.held(place), line, source, target)])

    @rule(place=old)
    def releases(self, place):
        self.do(release, [self.held(place)])

    @rule(place=old)
    def fulfils(self, place):
        self.do(fulfil, [self.held(place)])

    @rule()
    def sweeps(self):
        self.do(lapse_due)

    @rule(place=old)
    def find_out_that_a_hold_lapsed(self, place):
        self.do(end_lapsed, [self.held(place)])
        self.do(serve_waiting)

    @rule(place=old)
    def orders_from_a_hold(self, place):
        with self.database.transaction("test", "machine") as tx:
            hold = self.held(place)
            [units] = lock_holds(tx, [hold], self.now).values()

            assert read_holds(tx, [hold], self.now) == {hold: units}
            if isinstance(units, tuple):
                lock_points(tx, {one.point for one in units}, self.now)
                end_holds(tx, [hold])
                line = self.new_line()
                takes = [
                    Take(line, OrderId(line), o.point_id, o.units, "reserved", self.now)
                    for o in units
                ]
                commit_units(tx, takes, self.now)

    @rule(
        sku=skus,
        units=few,
        accepted=some_nodes,
        days=st.none() | st.integers(0, 9),
        firm=st.booleans(),
    )
    def orders(self, sku, units, accepted, days, firm):
        promised_at = None if days is None else self.now + timedelta(days=days)
        line, takes = self.new_line(), []
        inbound = [StockPoint(*row) for row in self.points_of(sku)]
        with self.database.transaction("test", "machine") as tx:
            here = [point for point in SHELVES if point.sku == sku]
            locked = lock_points(tx, {*here, *inbound}, self.now)
            for node in accepted or NODES:
                there = [b for p, b in locked.items() if p.node == node and not p.receipt_line]
                free = sum(balance.available for balance in there) - self.safety
                for balance in there:
                    if part := min(units, max(free, 0), balance.available):
                        units -= part
                        free -= part
                        takes.append(Take(line, OrderId(line), balance.point_id, part))
            inbound = [
                balance
                for point, balance in locked.items()
                if point.receipt_line and (accepted is None or point.node in accepted)
            ]
            firm = firm and sum(balance.expected for balance in inbound) >= units
            wishes = []
            if units and not firm:
                parts = (KitPart(sku, 1),)
                wishes = [ClaimWish(line, OrderId(line), sku, parts, units, accepted, promised_at)]
            for balance in inbound:
                if part := min(units, balance.expected):
                    units -= part
                    takes.append(
                        Take(line, OrderId(line), balance.point_id, part, "expected", promised_at)
                    )
            commit_units(tx, takes, self.now)
            open_claims(tx, wishes, self.now)

    def points_of(self, sku):
        with self.database.transaction("test", "machine") as tx:
            return tx.tuples(
                "SELECT sku, node, lot, receipt_line_id FROM inventory.point"
                " WHERE receipt_line_id IS NOT NULL AND sku = %(sku)s",
                sku=sku,
            )

    @rule(units=few, accepted=some_nodes, serving=st.sampled_from(["as_it_comes", "together"]))
    def backorders_kits_and_whole_orders(self, units, accepted, serving):
        kit, lamp = self.new_line(), self.new_line()
        order = OrderId(kit)
        wishes = [ClaimWish(kit, order, SET, KIT, 1, accepted, None, 0, serving)]
        if serving == "together":
            lamps = KIT[:1]
            wishes.append(
                ClaimWish(lamp, order, lamps[0].sku, lamps, units, accepted, None, 0, serving)
            )
        self.do(open_claims, wishes)
        self.do(serve_skus, SKUS)

    @rule(place=old, units=st.none() | few)
    def withdraws(self, place, units):
        self.do(withdraw_claims, [Withdrawn(self.line(place), units)])

    @rule(place=old)
    def cancels(self, place):
        self.do(cancel_lines, [self.line(place)])

    @rule(place=old, units=few, verb=st.sampled_from([pick, pick, unpick, ship, hand_over]))
    def handles(self, place, units, verb):
        line, node, _ = self.bound(place)
        self.do(verb, [LineUnits(line, node, units)] * 2)

    @rule(place=old, units=few)
    def gives_up(self, place, units):
        line, node, state = self.bound(place)
        if state != "picked":
            self.do(uncommit, [LineUnits(line, node, units)], state)

    @rule(place=old, units=few, found=st.sampled_from(["available", "damaged", "lost"]))
    def calls_back(self, place, units, found):
        """As a cancellation does, and an associate later; a picked unit has nowhere else to go."""
        line, node, _ = self.bound(place)
        self.do(pick, [LineUnits(line, node, 9)])
        with self.database.transaction("test", "machine") as tx:
            tote = Counter()
            for one in find_commitments(tx, [line]):
                if one.state == "picked":
                    tote[one.point.node, one.point.sku] += one.units
        for (place_now, sku), there in tote.items():
            wanted = LineUnits(line, place_now, there, sku)
            self.do(recall, [wanted])
            back = PutBack(new_id(), line, place_now, sku, units, found)
            first, again = self.do(put_back, [back]), self.do(put_back, [back, back])
            rest = replace(back, request=new_id(), units=there)

            assert (first, again) == ([min(units, there)], [0, 0])
            assert self.do(put_back, [rest]) == [there - min(units, there)]

    @rule(point=shelves, units=few, condition=grades)
    def returns(self, point, units, condition):
        self.do(return_to_stock, [Returned(new_id(), point, units, condition)])

    @rule(sales=st.lists(st.tuples(shelves, few), min_size=1, max_size=3))
    def sells(self, sales):
        self.do(sell_at_till, [TillSale(new_id(), point, units) for point, units in sales])

    @rule(
        place=old,
        units=few,
        reason=st.sampled_from(["not_in_stock", "mismatch", "damaged", "worn"]),
    )
    def rejects(self, place, units, reason):
        line, node, _ = self.bound(place)
        self.do(reject, [Rejected(new_id(), line, node, units, reason)])

    @rule(units=st.integers(0, 1))
    def keeps_back(self, units):
        self.safety = units
        self.do(decide_buffers, BufferPolicy((BufferRule("safety", units),)))

    @rule(sku=st.sampled_from([*SKUS, SET]), node=nodes, methods=st.frozensets(methods))
    def switches(self, sku, node, methods):
        self.do(put_toggles, [Toggle(node, sku, methods)])

    @rule(sku=skus, node=nodes, methods=st.frozensets(methods))
    def imports(self, sku, node, methods):
        row = GoodRow(2, Toggle(node, sku, methods))
        with self.database.transaction("test", "machine") as tx:
            import_rows(tx, "toggles", [row], self.now)

    @invariant()
    def every_figure_follows_from_the_ledger(self):
        with self.database.transaction("test", "machine") as tx:
            differences = audit(tx)

            assert differences == []
            assert repair(tx, plan_repair(differences), self.now) == []

    def teardown(self):
        snapshot, levels = StockSnapshot(SKUS, NODES), StockSnapshot(SKUS, NODES)
        with self.database.transaction("test", "machine") as tx:
            bodies = tx.scalars("SELECT body::text FROM base.fact WHERE name = 'StockChanged'")
            levels.apply(read_levels(tx))
            rows = tx.tuples("SELECT sku, node, sum(available) FROM inventory.point GROUP BY 1, 2")
        for body in reversed(bodies):
            snapshot.apply(msgspec.json.decode(body, type=StockChanged))
        free = snapshot.free(SKUS, None, "ship")

        assert snapshot.dated(SKUS) == levels.dated(SKUS)
        assert free.tolist() == levels.free(SKUS, None, "ship").tolist()
        seen = {(s, n): free[i, j] for i, n in enumerate(NODES) for j, s in enumerate(SKUS)}

        assert all(seen[sku, node] == units for sku, node, units in rows)


def test_stock_holds_its_equations_whatever_is_done_to_it(database):
    run_state_machine_as_test(
        lambda: Stock(database),
        settings=settings(
            max_examples=30,
            stateful_step_count=40,
            phases=[Phase.explicit, Phase.generate],  # shrinking on a database takes minutes
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_the_machine_does_every_verb_that_is_not_a_part_of_another():
    files = list(Path(oneshelf.inventory.__file__).parent.rglob("actions.py"))
    trees = [ast.parse(file.read_text()) for file in files]
    verbs = {
        f.name
        for tree in trees
        for f in tree.body
        if isinstance(f, ast.FunctionDef) and not f.name.startswith("_")
    }
    parts = {
        alias.name
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module.endswith(".actions")
        for alias in node.names
    }
    own = ast.parse(Path(__file__).read_text())
    done = {node.id for node in ast.walk(own) if isinstance(node, ast.Name)}

    assert verbs - parts - done == set()
