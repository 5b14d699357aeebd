"""Every hot statement as a call of the function that sends it, on the rows of crowded.sql."""

from datetime import UTC, date, datetime, timedelta
from hashlib import md5
from uuid import UUID

from oneshelf.base import outbox, reading, repeat_keys
from oneshelf.base.repeat_keys import RepeatKey
from oneshelf.catalog.products import KitPart
from oneshelf.inventory.assortment import store as assortment
from oneshelf.inventory.claims import store as claims
from oneshelf.inventory.claims.serving import ClaimWish
from oneshelf.inventory.ledger import Movement, Step, StockPoint
from oneshelf.inventory.levels import store as levels
from oneshelf.inventory.recalls import store as recalls
from oneshelf.inventory.reservations import store as reservations
from oneshelf.inventory.shelf import store as shelf
from oneshelf.matching.capacity import store as capacity
from oneshelf.matching.capacity.holding import CartHold, Hold, NodeDay
from oneshelf.matching.decisions import store as decisions
from oneshelf.orders.changes import store as changes
from oneshelf.orders.facts import LinesUnsourced, OrderPlaced
from oneshelf.orders.progress import store as progress
from oneshelf.orders.progress.actions import read_orders
from oneshelf.orders.progress.order_state import NewParcel
from oneshelf.orders.progress.quantities import Move
from oneshelf.orders.resourcing import store as resourcing
from oneshelf.outbound.pickup import store as pickup
from oneshelf.outbound.shipping import store as shipping
from oneshelf.post_purchase.returns import store as returns
from oneshelf.teamwork.exceptions import store as exceptions
from oneshelf.web.commands import reads as command_reads
from oneshelf.web.events import reads as event_reads
from oneshelf.web.live import reads as live_reads
from oneshelf.web.orders import reads as order_reads
from oneshelf.web.orders.reads import OrderFilter
from oneshelf.web.outbound import reads as work_reads
from oneshelf.web.stock import reads as stock_reads

NOW = datetime(2026, 1, 20, 12, tzinfo=UTC)
MANY = range(3, 20_000, 1_000)
SKUS = [f"sku-{n % 2_000}" for n in range(3, 20)]
SHELVES = [StockPoint(f"sku-{n % 2_000}", f"node-{n // 2_000}") for n in MANY]
NEW_SHELVES = [StockPoint("sku-new", f"node-{n}") for n in range(10)]
ORDERS = [10_000 + n for n in MANY]
LINES = [n + n % 3 for n in MANY]
HOLDS = [UUID(bytes=b"\x07" * 15 + bytes([n])) for n in range(20)]
KEYS = [RepeatKey("web", f"key-{n}") for n in MANY]
NEW_KEYS = [RepeatKey("web", f"new-{n}") for n in MANY]
DAYS = [NodeDay(f"node-{n % 10}", date(2026, 1, 20 + n // 10)) for n in range(20)]
CARTS, HELD = (
    [UUID(md5(f"hold{n}".encode(), usedforsecurity=False).hexdigest()) for n in numbers]
    for numbers in (range(20), MANY)
)
CART_HOLDS = [CartHold(cart, day, 1) for cart, day in zip(CARTS[1:], DAYS[1:], strict=True)]
RARE = reading.Reader("rare", {"Rare": OrderPlaced}, print)
OFTEN = reading.Reader("often", {"Fact1": OrderPlaced}, print)


def steps(source, target):
    """Say that the bound units of lines change state where they stand."""
    return [Step(n, 10_000 + n // 2, 1 + n, source, target, 1, "moved") for n in MANY]


def asked(**chosen):
    """Ask for a page of orders."""
    nothing = dict.fromkeys(("channel", "status", "key", "mail", "phone", "tracking", "before"))
    return OrderFilter(**(nothing | {"limit": 51} | chosen))


def quantities(tx):
    return progress.find_quantities(tx, ORDERS)


def parcels(tx):
    return progress.find_parcels(tx, ORDERS)


def note_lapsed(tx):
    return shelf.free_lapsed(tx, shelf.lock_lapsed(tx, MANY, NOW))


def new_parcel(order_id):
    return NewParcel(order_id, "node-1", "post", NOW, None, date(2026, 1, 22), None, 0, 0)


INVENTORY = {
    "missing_points_are_inserted": lambda tx: shelf.insert_missing(tx, NEW_SHELVES),
    "known_points_are_not_inserted": lambda tx: shelf.insert_missing(tx, SHELVES),
    "shelves_are_found": lambda tx: shelf.find_shelves(tx, [(p.sku, p.node) for p in SHELVES]),
    "units_move": lambda tx: shelf.move(
        tx, [Movement(n, "available", "committed", 1, "sold") for n in MANY], NOW
    ),
    "points_are_touched": lambda tx: shelf.touch(tx, MANY),
    "commitments_are_added": lambda tx: shelf.add_commitments(tx, steps("available", "committed")),
    "commitments_are_removed": lambda tx: shelf.remove_commitments(
        tx, steps("committed", "picked")
    ),
    "commitments_are_found_by_line": lambda tx: shelf.find_commitments(tx, LINES, []),
    "commitments_are_found_by_point": lambda tx: shelf.find_commitments(tx, [], MANY),
    "lapsed_holds_are_freed": note_lapsed,
    "stock_requests_are_taken": lambda tx: shelf.take_requests(tx, HOLDS, NOW),
    "reservations_are_found": lambda tx: reservations.find(tx, HOLDS),
    "reserved_units_are_found": lambda tx: reservations.find_units(tx, HELD),
    "reserved_units_are_changed": lambda tx: reservations.change_units(
        tx, [reservations.ChangeRow(hold, 1, n, 2) for hold, n in zip(HELD, MANY, strict=True)]
    ),
    "reservations_at_points_are_locked": lambda tx: reservations.lock_held_at(tx, MANY),
    "reservations_are_extended": lambda tx: reservations.extend(tx, [(hold, NOW) for hold in HELD]),
    "due_reservations_are_locked": lambda tx: reservations.lock_lapsed(tx, NOW, 50),
    "lapsed_reservations_are_ended": lambda tx: reservations.end_lapsed(tx, CARTS, NOW),
    "reservations_are_closed": lambda tx: reservations.close(tx, HOLDS, "released"),
    "reservations_are_forgotten": lambda tx: reservations.forget(tx, HOLDS),
    "recalled_units_are_added": lambda tx: recalls.add(
        tx, {(n, "node-1", "sku-1"): 1 for n in MANY}, NOW
    ),
    "recalled_units_are_reduced": lambda tx: recalls.reduce(
        tx, {(n, f"node-{n % 10}", "sku-1"): 1 for n in MANY}
    ),
    "claims_are_added": lambda tx: claims.add(
        tx, [ClaimWish(n, n, "sku-1", (KitPart("sku-1", 1),), 1) for n in MANY], NOW
    ),
    "neighbours_are_found": lambda tx: claims.find_neighbours(tx, SKUS),
    "nearby_points_are_found": lambda tx: claims.find_nearby_points(tx, SHELVES, SKUS[:2]),
    "queues_are_taken": lambda tx: claims.take_queues(tx, SKUS, LINES),
    "claims_are_reduced": lambda tx: claims.reduce(tx, {20: 1, 40: 1}, "served"),
    "waited_for_skus_of_lines_are_found": lambda tx: claims.find_skus_of_lines(tx, LINES),
    "waited_for_skus_of_goods_are_found": lambda tx: assortment.find_waiting_for(tx, SKUS),
    "free_units_are_found": lambda tx: claims.find_free(tx, SKUS),
    "waiting_lines_are_found": lambda tx: claims.find_waiting_lines(tx, LINES),
    "due_dates_are_found": lambda tx: claims.find_due(tx, [20_001, 20_002]),
    "levels_of_skus_are_read": lambda tx: levels.read_of(tx, SKUS[:2], [1, 2]),
}

BASE = {
    "new_keys_are_taken": lambda tx: repeat_keys.take_keys(tx, dict.fromkeys(NEW_KEYS, b"hash")),
    "known_keys_are_taken": lambda tx: repeat_keys.take_keys(tx, dict.fromkeys(KEYS, b"hash")),
    "answers_are_stored": lambda tx: repeat_keys.store_answers(tx, dict.fromkeys(KEYS, "{}")),
    "keys_are_forgotten": lambda tx: repeat_keys.forget_keys(tx, KEYS),
    "facts_are_announced": lambda tx: outbox.announce(tx, [LinesUnsourced(ORDERS[0], (), "")], NOW),
    "cursors_behind_are_found": lambda tx: reading.find_behind(tx, [RARE, OFTEN], 50_000),
    "next_facts_are_read": lambda tx: reading._next_facts(tx, OFTEN, 1, 49_000, 50_000, 500),  # noqa: SLF001 - the statement itself
    "next_rare_facts_are_read": lambda tx: reading._next_facts(tx, RARE, 1, 45_000, 50_000, 500),  # noqa: SLF001 - the statement itself
}

MATCHING = {
    "capacity_days_are_inserted": lambda tx: capacity.insert_missing(tx, DAYS),
    "capacity_is_held": lambda tx: capacity.insert_holds(
        tx, [Hold(1, n, day) for n, day in enumerate(DAYS)]
    ),
    "capacity_is_given_back": lambda tx: capacity.delete_holds(tx, ORDERS, [None] * len(ORDERS)),
    "capacity_is_added": lambda tx: capacity.add(
        tx, [capacity.CountRow(day.node, day.on, 1) for day in DAYS]
    ),
    "days_of_carts_are_found": lambda tx: capacity.find_cart_holds(tx, CARTS),
    "days_of_ended_carts_are_found": lambda tx: capacity.find_ended(tx, DAYS, NOW),
    "days_of_carts_are_held": lambda tx: capacity.insert_cart_holds(tx, CART_HOLDS),
    "days_of_carts_are_given_back": lambda tx: capacity.delete_cart_holds(tx, CART_HOLDS),
    "decisions_are_found": lambda tx: decisions.find(tx, ORDERS[0]),
}

ORDERS_AND_AFTER = {
    "orders_are_found": lambda tx: progress.find_orders(tx, ORDERS),
    "lines_are_found": lambda tx: progress.find_lines(tx, ORDERS),
    "quantities_are_found": quantities,
    "parcels_are_found": parcels,
    "holds_are_found": lambda tx: progress.find_holds(tx, ORDERS),
    "orders_of_parcels_are_found": lambda tx: progress.find_orders_of_parcels(tx, MANY),
    "quantities_are_updated": lambda tx: progress.update_quantities(tx, quantities(tx), NOW),
    "quantities_are_added": lambda tx: progress.add_quantities(tx, quantities(tx), NOW),
    "moves_are_logged": lambda tx: progress.log_moves(
        tx, [Move(n, n, "new", "sourced", 1) for n in MANY], NOW
    ),
    "versions_are_raised": lambda tx: progress.raise_versions(
        tx, list(read_orders(tx, ORDERS).values())
    ),
    "parcel_dates_are_updated": lambda tx: progress.update_dates(tx, parcels(tx)),
    "parcels_are_added": lambda tx: progress.add_parcels(tx, [90_001], [new_parcel(ORDERS[0])]),
    "holds_are_added": lambda tx: changes.add_holds(tx, [(n, "fraud") for n in ORDERS], NOW),
    "holds_are_lifted": lambda tx: changes.lift_holds(tx, [(n, "fraud") for n in ORDERS], NOW),
    "due_orders_are_locked": lambda tx: changes.lock_due(tx, NOW, 100),
    "promises_are_set": lambda tx: resourcing.set_promises(tx, dict.fromkeys(ORDERS, None)),
    "pickup_codes_are_kept": lambda tx: pickup.keep_codes(tx, pickup.lock_codes(tx, MANY), NOW),
    "wrong_attempts_are_set": lambda tx: pickup.set_wrong_attempts(tx, [(n, 1) for n in MANY]),
    "handovers_are_noted": lambda tx: pickup.note_used(tx, MANY, NOW),
    "shipments_are_added": lambda tx: shipping.add_shipments(tx, [(19_500, "post", "T")], NOW),
    "deliveries_are_noted": lambda tx: shipping.note_delivered(
        tx, [(n, date(2026, 1, 20)) for n in MANY]
    ),
    "received_returns_are_found": lambda tx: returns.find_received(tx, HOLDS),
    "solved_exceptions_are_found": lambda tx: exceptions.find_solved(tx, "lines_unsourced", ORDERS),
}

DOORS = {
    "an_order_is_found_by_number": lambda tx: order_reads.find_order(tx, 12_345),
    "an_order_is_found_by_key": lambda tx: command_reads.find_numbers(tx, "key-99"),
    "orders_are_found_by_key": lambda tx: order_reads.find_orders(tx, asked(key="key-99")),
    "an_order_is_found_by_mail": lambda tx: order_reads.find_orders(
        tx, asked(mail="Name-99@example.org")
    ),
    "an_order_is_found_by_phone": lambda tx: order_reads.find_orders(tx, asked(phone="+4499")),
    "an_order_is_found_by_tracking": lambda tx: order_reads.find_orders(
        tx, asked(tracking="TRACK-99")
    ),
    "the_money_is_read": lambda tx: order_reads.read_money(tx, 12_345),
    "the_lines_are_read": lambda tx: order_reads.find_lines(tx, 12_345),
    "the_standing_is_read": lambda tx: order_reads.find_standing(tx, 12_345),
    "the_parcels_are_read": lambda tx: order_reads.find_parcels(tx, 12_345),
    "the_holds_are_read": lambda tx: order_reads.find_holds(tx, 12_345),
    "the_contact_is_read": lambda tx: order_reads.find_contact(tx, 12_345),
    "the_progress_is_read": lambda tx: order_reads.find_progress(tx, 12_345),
    "the_work_of_a_node_is_read": lambda tx: work_reads.find_work(
        tx, "node-3", ["released", "picked"], 0, 50
    ),
    "recalled_units_are_read": lambda tx: work_reads.find_recalled(tx, "node-3", 0, 51),
    "open_exceptions_are_read": lambda tx: work_reads.find_exceptions(tx, 0, 51),
    "stock_of_a_sku_is_read": lambda tx: stock_reads.find_stock(tx, "sku-7"),
    "stock_is_looked_up": lambda tx: stock_reads.look_up(tx, [(p.sku, p.node) for p in SHELVES]),
    "shelves_of_a_sku_are_shown": lambda tx: live_reads.read_shelves(tx, "sku-7"),
    "a_receipt_is_read": lambda tx: stock_reads.find_receipt(tx, "asn-7"),
    "facts_are_fed": lambda tx: event_reads.find_facts(tx, 49_000, 50_000, ["Fact1"], 100),
}

LOCKING = {  # in which key's order: two batches that lock the same rows never cross
    "points": (["point_id"], lambda tx: shelf.lock_points(tx, SHELVES)),
    "points_by_id": (["point_id"], lambda tx: shelf.lock_ids(tx, MANY)),
    "reservations": (["public_id"], lambda tx: reservations.lock(tx, HOLDS)),
    "recalled_units": (["line_id", "node", "sku"], lambda tx: recalls.lock(tx, LINES)),
    "queues": (["claim_id"], lambda tx: claims.lock_queues(tx, SKUS)),
    "orders": (["order_id"], lambda tx: progress.lock_orders(tx, ORDERS)),
    "capacity_days": (["node_id", "on_day"], lambda tx: capacity.lock_days(tx, DAYS)),
    "pickup_codes": (["parcel_id"], lambda tx: pickup.lock_codes(tx, MANY)),
    "exceptions": (["exception_id"], lambda tx: exceptions.close(tx, MANY, NOW)),
}

CALLS = (
    INVENTORY
    | BASE
    | MATCHING
    | ORDERS_AND_AFTER
    | DOORS
    | {f"{name}_are_locked": call for name, (_, call) in LOCKING.items()}
)

PAGES = {  # which index is walked from its end on
    "the_newest_fact": ("fact_pkey", reading.newest_fact),
    "a_page_of_orders": (
        "sales_order_by_placed",
        lambda tx: order_reads.find_orders(tx, asked()),
    ),
    "the_next_page_of_orders": (
        "sales_order_by_placed",
        lambda tx: order_reads.find_orders(tx, asked(before=(NOW - timedelta(days=9), 12_345))),
    ),
    "the_orders_of_a_channel": (
        "sales_order_by_channel",
        lambda tx: order_reads.find_orders(tx, asked(channel="web")),
    ),
    "the_orders_of_a_status": (
        "sales_order_by_status",
        lambda tx: order_reads.find_orders(tx, asked(status="waiting")),
    ),
    "the_next_page_of_a_status": (
        "sales_order_by_status",
        lambda tx: order_reads.find_orders(
            tx, asked(status="done", before=(NOW - timedelta(days=9), 12_345))
        ),
    ),
}

NEWS = {  # everything above a place that the reader remembers
    "visible_facts": lambda tx: reading.visible_facts(tx, ["Fact1", "Rare"], 49_000, {49_500}),
    "fresh_facts": lambda tx: live_reads.read_fresh_facts(tx, 49_000, []),
}
