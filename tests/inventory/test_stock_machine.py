"""Whatever is done to stock, in whatever order, every figure follows from the ledger."""

import ast
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import msgspec
import shelf_rules
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    invariant,
    rule,
    run_state_machine_as_test,
)
from shelf_rules import (
    KIT,
    NODES,
    SET,
    SHELVES,
    SKUS,
    Shelves,
    few,
    grades,
    methods,
    nodes,
    old,
    shelves,
    skus,
    some_nodes,
)

import oneshelf.inventory
from oneshelf.base.identifiers import OrderId, new_id
from oneshelf.catalog.nodes import Toggle
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
    lock_for_waiting,
    open_claims,
    serve_skus,
    withdraw_claims,
)
from oneshelf.inventory.claims.serving import ClaimWish
from oneshelf.inventory.facts import StockChanged
from oneshelf.inventory.ledger import StockPoint, Take
from oneshelf.inventory.levels.actions import read_all_levels, read_levels
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
from oneshelf.inventory.reservations.actions import (
    end_holds,
    lock_holds,
    read_holds,
)
from oneshelf.inventory.shelf.actions import commit_units, find_commitments, lock_points
from queues import left_to_serve


class Stock(Shelves):
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
            locked = lock_for_waiting(tx, {*here, *inbound}, [sku], self.now)
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
        self.do(serve_skus, [sku])

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

    @invariant()
    def every_queue_has_had_what_it_can_get(self):
        assert left_to_serve(self.database, self.now) == []

    def teardown(self):
        snapshot, levels, learned = (StockSnapshot(SKUS, NODES) for _ in range(3))
        with self.database.transaction("test", "machine") as tx:
            bodies = tx.scalars("SELECT body::text FROM base.fact WHERE name = 'StockChanged'")
            levels.apply(read_all_levels(tx))
            for body in bodies[::2]:  # of the others it never heard
                learned.apply(msgspec.json.decode(body, type=StockChanged))
            learned.apply(read_levels(tx, SKUS, learned.coming(SKUS)))
            rows = tx.tuples("SELECT sku, node, sum(available) FROM inventory.point GROUP BY 1, 2")
        for body in reversed(bodies):
            snapshot.apply(msgspec.json.decode(body, type=StockChanged))
        free = snapshot.free(SKUS, None, "ship")

        assert snapshot.dated(SKUS) == levels.dated(SKUS) == learned.dated(SKUS)
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
    own = [ast.parse(Path(file).read_text()) for file in (__file__, shelf_rules.__file__)]
    done = {node.id for tree in own for node in ast.walk(tree) if isinstance(node, ast.Name)}

    assert verbs - parts - done == set()
