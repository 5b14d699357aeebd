"""What can be done to shelves, deliveries and holds, as rules of a state machine."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
)

from oneshelf.base.errors import ContendedError, OneshelfError
from oneshelf.base.identifiers import ChannelId, LineId, NodeId, PublicId, Sku, new_id
from oneshelf.catalog.nodes import METHODS
from oneshelf.catalog.products import KitPart
from oneshelf.inventory.claims.actions import (
    serve_waiting,
)
from oneshelf.inventory.counting.actions import adjust, arrive, count, regrade, send
from oneshelf.inventory.counting.saying import Adjusted, Arrived, Counted, Regraded, Sent
from oneshelf.inventory.ledger import StockPoint
from oneshelf.inventory.receipts.actions import expect, re_date, receive
from oneshelf.inventory.receipts.arriving import Expected, ExpectedLine, Received
from oneshelf.inventory.reservations.actions import (
    decrease,
    end_lapsed,
    extend,
    fulfil,
    increase,
    lapse_due,
    release,
    reserve,
    transfer,
)
from oneshelf.inventory.reservations.holding import Hold, HoldLine, Moved, Resized
from oneshelf.inventory.shelf.actions import find_commitments
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


class Shelves(RuleBasedStateMachine):
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
