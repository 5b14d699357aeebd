"""A shop whose orders live on: released, picked, sent, returned, with the worker's reactions."""

from oneshelf.base.clock import set_clock
from oneshelf.orders.progress.actions import read_orders
from oneshelf.outbound.picking.actions import pick
from oneshelf.outbound.picking.picks import Pick
from oneshelf.worker import Worker
from shop import MONDAY, Shop


class Life(Shop):
    """A shop and its worker."""

    def __init__(self, database, now=MONDAY):
        super().__init__(database, now)
        with database.transaction("test", "clock") as tx:
            set_clock(tx, now, 0)
        self.worker = Worker(database)

    def settle(self):
        self.refresh()
        self.worker.settle()
        self.refresh()

    def do(self, action, *arguments):
        """Run one action in a transaction of its own."""
        with self.database.transaction("test", action.__name__) as tx:
            return action(tx, *arguments, self.now)

    def pick(self, *picks):
        with self.database.transaction("test", "pick") as tx:
            return pick(self.outlook, tx, picks, self.now)

    def pick_all(self, order_id):
        """Pick everything the nodes were told of."""
        order = self.state(order_id)
        return self.pick(
            *[
                Pick(quantity.parcel_id, order.lines[quantity.line_id].line_no, quantity.units)
                for quantity in order.standing_in({"released"})
            ]
        )

    def state(self, order_id):
        with self.database.transaction("test", "look") as tx:
            return read_orders(tx, [order_id])[order_id]

    def standing(self, order_id):
        """Return (line number, status, node): units."""
        order = self.state(order_id)
        found = {}
        for quantity in order.quantities:
            line_no = order.lines[quantity.line_id].line_no
            place = (line_no, quantity.status, order.node_of(quantity))
            found[place] = found.get(place, 0) + quantity.units
        return found

    def parcels(self, order_id):
        """Return the parcels that still have something in them, by node."""
        order = self.state(order_id)
        live = {q.parcel_id for q in order.quantities if q.status != "cancelled"}
        return {p.node: number for number, p in order.parcels.items() if number in live}

    def stock(self, sku, node):
        """Return the figures of a shelf that are not zero."""
        columns = ("available", "committed", "picked", "damaged", "quality_hold")
        [figures] = self.rows(
            "SELECT available, committed, picked, damaged, quality_hold FROM inventory.point"
            " WHERE sku = %(sku)s AND node = %(node)s AND receipt_line_id IS NULL",
            sku=sku,
            node=node,
        )
        return {name: units for name, units in zip(columns, figures, strict=True) if units}

    def facts(self, order_id):
        """Return the names of an order's facts, in their order."""
        return [
            name
            for (name,) in self.rows(
                "SELECT name FROM base.fact WHERE subject = %(subject)s ORDER BY fact_id",
                subject=f"order:{order_id}",
            )
        ]

    def open_exceptions(self):
        return self.rows(
            "SELECT kind, order_id FROM teamwork.exception WHERE closed_at IS NULL ORDER BY 1, 2"
        )
