"""A durable PostgreSQL of the benchmark's own, a network sold from it, servers in processes."""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Identifier

from oneshelf.base import embedded_server
from oneshelf.base.clock import set_clock
from oneshelf.base.database import Database, Transaction
from oneshelf.base.identifiers import NodeId, Sku, new_id
from oneshelf.base.migrating import migrate
from oneshelf.catalog.access.actions import issue_key
from oneshelf.catalog.actions import (
    put_brands,
    put_channels,
    put_nodes,
    put_products,
    put_services,
)
from oneshelf.catalog.carriage.actions import put_carriers
from oneshelf.inventory.auditing.actions import audit
from oneshelf.inventory.counting.actions import adjust
from oneshelf.inventory.counting.saying import Adjusted
from oneshelf.inventory.ledger import StockPoint
from oneshelf.matching.capacity.actions import find_drift
from oneshelf.orders.progress.actions import find_drift as find_orders_that_drift
from oneshelf.simulation.network import BRAND, Network

MONDAY = datetime(2026, 1, 5, 9, tzinfo=UTC)
SHELVES_A_COMMIT = 5_000
READY_WITHIN_S = 60
OURS = (sys.executable, "-m", "oneshelf", "serve", "--host", "127.0.0.1")
CONNECTIONS_MAX = 400  # a naive arm has a connection for each client
LOG_MB = 512

Shelf = tuple[Sku, NodeId, int]


@contextmanager
def postgres() -> Iterator[str]:
    """Start a server of our own, durable as in production and run in; yield its address."""
    with tempfile.TemporaryDirectory(prefix="oneshelf-benchmark-") as folder:
        Path(folder).chmod(0o711)  # as root, the server's own user must be able to enter
        home = Path(folder, "server")
        embedded_server.SETTINGS["max_connections"] = str(CONNECTIONS_MAX)
        embedded_server.SETTINGS["min_wal_size"] = f"{LOG_MB}MB"
        try:
            server = embedded_server.start(home)
            _run_in(server)
            yield server
        finally:
            embedded_server.stop(home)


def _run_in(server: str) -> None:
    """Make the log's files: a server that has run for a day writes over old ones."""
    with psycopg.connect(server, autocommit=True) as connection:
        for _ in range(LOG_MB):
            connection.execute(
                "SELECT pg_logical_emit_message(false, 'run in', repeat('x', 1000000))"
            )
        connection.execute("CHECKPOINT")


@contextmanager
def fresh_database(server: str) -> Iterator[str]:
    """Make a migrated database whose clock stands on a Monday morning; yield its address."""
    name = f"benchmark_{new_id().hex}"
    _administer(server, "CREATE DATABASE {}", name)
    url = make_conninfo(server, dbname=name)
    database = Database(url)
    try:
        migrate(database)
        with database.transaction("benchmark", "clock") as tx:
            set_clock(tx, MONDAY, 0)
        database.close()
        yield url
    finally:
        database.close()
        _administer(server, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


def open_network(url: str, network: Network, shelves: Iterable[Shelf]) -> None:
    """Write the catalog and put units on shelves."""
    database = Database(url)
    with database.transaction("benchmark", "catalog") as tx:
        put_brands(tx, [BRAND], MONDAY)
        put_carriers(tx, network.carriers, MONDAY)
        put_products(tx, network.products, MONDAY)
        put_nodes(tx, network.nodes, MONDAY)
        put_services(tx, network.services, MONDAY)
        put_channels(tx, network.channels, MONDAY)
    left = iter(shelves)
    while part := list(islice(left, SHELVES_A_COMMIT)):
        with database.transaction("benchmark", "stock") as tx:
            adjust(
                tx,
                [Adjusted(new_id(), StockPoint(sku, node), n, "opening") for sku, node, n in part],
                MONDAY,
            )
    with database.transaction("benchmark", "statistics") as tx:
        _analyze_what_is_filled(tx)
    database.close()


def _analyze_what_is_filled(tx: Transaction) -> None:
    """Tell the planner how much there is, and nothing of tables without rows.

    Of a table known to be empty it plans to read all, and such a plan stays with its connection,
    the foreign keys' too, while the table grows.
    """
    filled = tx.scalars(
        """
        SELECT oid::regclass::text
          FROM pg_class
         WHERE relkind = 'r' AND relnamespace::regnamespace::text !~ '^(pg_|information_schema)'
           AND pg_relation_size(oid) > 0
         ORDER BY 1
        """
    )
    tx.run(f"ANALYZE {', '.join(filled)}")


def admin_key(url: str) -> str:
    """Issue a key that opens every door."""
    database = Database(url)
    with database.transaction("benchmark", "key") as tx:
        presented = issue_key(tx, "benchmark", ["admin"], None, MONDAY).presented
    database.close()
    return presented


def count_differences(url: str) -> int:
    """Audit stock, holds, claims, capacity and orders; return how many differences there are."""
    database = Database(url)
    with database.transaction("benchmark", "audit") as tx:
        differences = len(audit(tx)) + len(find_drift(tx)) + len(find_orders_that_drift(tx))
    database.close()
    return differences


@contextmanager
def servers(url: str, many: int = 1, command: Sequence[str] = OURS) -> Iterator[list[str]]:
    """Run so many `oneshelf serve`; yield their addresses once they are ready."""
    with ExitStack() as stack:
        yield [stack.enter_context(run_server(url, command)) for _ in range(many)]


@contextmanager
def run_server(url: str, command: Sequence[str] = OURS) -> Iterator[str]:
    """Run one; yield its address. command: serves on the port named last."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [*command, "--port", str(port)],
            env={**os.environ, "ONESHELF_DATABASE": url},
            stdout=said,
            stderr=said,
        )
        try:
            _wait_until_ready(address, process)
            yield address
        finally:
            process.terminate()
            process.wait(READY_WITHIN_S)


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        found: int = probe.getsockname()[1]
        return found


def _wait_until_ready(address: str, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < until and process.poll() is None:
        try:
            urllib.request.urlopen(f"{address}/health/ready", timeout=5).close()  # noqa: S310 - our own loopback address
        except (urllib.error.URLError, OSError):  # not there yet, or says that it is not ready
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"the server at {address} did not become ready")


def _administer(server: str, statement: str, name: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(SQL(statement).format(Identifier(name)))
