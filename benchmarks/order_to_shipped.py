"""T19: the core's verbs in lists, from placing to shipped, on durable PostgreSQL.

Ours: two processes place, another is the worker and the floor that picks, packs and ships what was
released; batches of 250. Baseline: 16 connections, each takes an order through one verb a
transaction (naive_chain.py). Orders/s from the first order placed to the last one shipped.

Violations: orders that did not leave, audit findings of stock, claims and capacity.
"""

import multiprocessing
import os
import time
from multiprocessing.synchronize import Barrier, Event
from random import Random

import psycopg

import naive_chain
from chain import Chain, draw_orders
from oneshelf.simulation.network import draw_network
from oneshelf.web.serving import spare_what_is_loaded
from rounds import Figures, compare, finish
from worlds import count_differences, fresh_database, open_network, postgres

ORDERS = int(os.environ.get("ORDERS", "4000"))  # a turn
TURNS = 2
NAIVE_ORDERS = ORDERS // 5
PLACERS = 2  # a server a core
CLIENTS = 16
NETWORK = draw_network(1, 40, 500)
UNITS = 10_000
READY_WITHIN_S = 120  # who died before must not be waited for
IDLE_S = 0.02  # as a worker idles: looking all the time took a core from the rest

PROCESSES = multiprocessing.get_context("spawn")


def main() -> None:
    """Run both in turn, each on a database of its own."""
    shelves = [(one.sku, node.node_id, UNITS) for one in NETWORK.products for node in NETWORK.nodes]
    with (
        postgres() as server,
        fresh_database(server) as theirs,
        fresh_database(server) as mine,
    ):
        for url in (theirs, mine):
            open_network(url, NETWORK, shelves)
        line = compare("T19", lambda n: by_one(theirs, n), lambda n: by_lists(mine, n), turns=TURNS)
    finish([line])


def by_one(url: str, number: int) -> Figures:
    """Take orders through one by one."""
    orders = draw_orders(NETWORK, Random(number), NAIVE_ORDERS)
    began = time.perf_counter()
    naive_chain.run(url, NETWORK, orders, CLIENTS)
    took = time.perf_counter() - began
    return Figures(len(orders) / took, violations(url))


def by_lists(url: str, number: int) -> Figures:
    """Place in some processes; release, pick, pack and ship in another one."""
    placed = PROCESSES.Event()
    ready = PROCESSES.Barrier(PLACERS + 2, timeout=READY_WITHIN_S)
    seeds = range(number * PLACERS, number * PLACERS + PLACERS)
    placers = [PROCESSES.Process(target=place, args=(url, seed, ready)) for seed in seeds]
    floor = PROCESSES.Process(target=work, args=(url, ready, placed))
    for process in (*placers, floor):
        process.start()
    ready.wait()
    began = time.perf_counter()
    for process in placers:
        process.join()
    placing = time.perf_counter() - began
    placed.set()
    floor.join()
    took = time.perf_counter() - began
    failed = sum(process.exitcode != 0 for process in (*placers, floor))
    told = f"placing alone {ORDERS / placing:.0f}/s"
    return Figures(ORDERS / took, failed + violations(url), told)


def place(url: str, seed: int, ready: Barrier) -> None:
    """Be one of the servers that place, of its share of the orders."""
    orders = draw_orders(NETWORK, Random(seed), ORDERS // PLACERS)
    chain = Chain(url)
    spare_what_is_loaded()  # as servers and workers do
    ready.wait()
    chain.place_all(orders)
    chain.close()


def work(url: str, ready: Barrier, placed: Event) -> None:
    """Be the worker and the floor until all is placed and nothing is left to do."""
    chain = Chain(url)
    chain.worker.settle()
    spare_what_is_loaded()
    ready.wait()
    last = False
    while True:
        if chain.work_off():
            continue
        if last and chain.worker.is_settled():
            return
        last = placed.wait(IDLE_S)


def violations(url: str) -> int:
    """Count what the audit finds, and orders that did not leave whole."""
    with psycopg.connect(url) as connection:
        left = connection.execute(
            "SELECT count(DISTINCT order_id) FROM orders.quantity WHERE status <> 'shipped'"
        ).fetchone()
    return count_differences(url) + (int(left[0]) if left else 0)


if __name__ == "__main__":
    main()
