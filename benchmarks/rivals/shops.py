"""Start a shop on a database of its own, seeded, in production mode."""

import json
import os
import secrets
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.sql import SQL, Identifier

from oneshelf.simulation.network import draw_network
from rivals import journeys
from worlds import admin_key, free_port, fresh_database, open_network, run_server

HERE = Path(__file__).parent
LOOPBACK = f"127.1.{os.getpid() // 250 % 250}.{os.getpid() % 250 + 1}"  # nobody else listens there
READY_WITHIN_S = 300
PRODUCTS, PLENTY = 500, 1_000_000
NODES = 2
SERVERS = 2  # one a core


@dataclass(frozen=True, slots=True)
class Open:
    """A shop that sells. known: what a shop front has cached, and the ids of the two products.

    addresses: of its servers, among which buyers are dealt out.
    """

    addresses: tuple[str, ...]
    database: str
    known: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Shop:
    """A system. sold: counts orders that are paid, or placed where there is no payment.

    buyers_max: more of them, and one order takes minutes.
    """

    name: str
    opened: Callable[[str, Path], AbstractContextManager[Open]]
    journey: journeys.Journey
    sold: str
    buyers_max: int = 1_000


@contextmanager
def open_oneshelf(server: str, _: Path) -> Iterator[Open]:
    """Servers; two nodes that have the hot SKU, one that has the last unit."""
    network = draw_network(10, NODES, PRODUCTS)
    *plenty, scarce = network.products
    shelves = [(p.sku, node.node_id, PLENTY) for p in plenty for node in network.nodes]
    with fresh_database(server) as url:
        open_network(url, network, [*shelves, (scarce.sku, network.nodes[0].node_id, 1)])
        known = {
            "key": admin_key(url),
            "hot": plenty[0].sku,
            "scarce": scarce.sku,
            "nodes": " ".join(node.node_id for node in network.nodes),
        }
        with ExitStack() as servers:
            opened = [servers.enter_context(run_server(url)) for _ in range(SERVERS)]
            yield Open(tuple(opened), url, known)


@contextmanager
def open_vendure(server: str, home: Path) -> Iterator[Open]:
    """Servers and a worker, as its guide to production says."""
    with _database(server, "rival_vendure") as url:
        folder = _installed("vendure", home)
        settings = _settings(url)
        known = _said(["node", "seed.js"], folder, settings)
        ports = [settings["RIVAL_PORT"], *(str(free_port()) for _ in range(SERVERS - 1))]
        addresses = tuple(f"http://127.0.0.1:{port}" for port in ports)
        worker = {**settings, "RIVAL_PORT": str(free_port())}
        with ExitStack() as processes:
            for port, address in zip(ports, addresses, strict=True):
                serving = {**settings, "RIVAL_PORT": port}
                processes.enter_context(_running(["node", "serve.js"], folder, serving))
                _wait(f"{address}/health")
            processes.enter_context(_running(["node", "work.js"], folder, worker))
            yield Open(addresses, url, known)


@contextmanager
def open_medusa(server: str, home: Path) -> Iterator[Open]:
    """One process that is server and worker; `medusa build` would have nothing to compile."""
    with _database(server, "rival_medusa") as url:
        folder = _installed("medusa", home)
        settings = _settings(url)
        command = str(folder / "node_modules" / ".bin" / "medusa")
        _run([command, "db:migrate"], folder, settings)
        known = _said([command, "exec", "./src/scripts/seed.js"], folder, settings)
        address = f"http://127.0.0.1:{settings['RIVAL_PORT']}"
        start = [command, "start", "--host", "127.0.0.1", "--port", settings["RIVAL_PORT"]]
        with _running(start, folder, settings):
            _wait(f"{address}/health")
            yield Open((address,), url, known)


VENDURE = Shop(
    "vendure",
    open_vendure,
    journeys.vendure,
    """SELECT count(*) FROM "order" WHERE state = 'PaymentSettled'""",
)
MEDUSA = Shop(
    "medusa",
    open_medusa,
    journeys.medusa,
    """SELECT count(*) FROM "order" o WHERE EXISTS (
        SELECT FROM order_payment_collection l JOIN payment_collection p
        ON p.id = l.payment_collection_id
        WHERE l.order_id = o.id AND p.status IN ('authorized', 'completed'))""",
    buyers_max=8,
)
OUR_ORDERS = "SELECT count(*) FROM orders.sales_order"
ONESHELF = Shop("oneshelf", open_oneshelf, journeys.oneshelf, OUR_ORDERS)
PROMISING = Shop("oneshelf/promise", open_oneshelf, journeys.oneshelf_promising, OUR_ORDERS)


def count_sold(shop: Shop, database: str) -> int:
    """Count what the shop's own tables call sold."""
    with psycopg.connect(database) as connection:
        found: int = connection.execute(shop.sold).fetchall()[0][0]
        return found


@contextmanager
def _database(server: str, name: str) -> Iterator[str]:
    """Make an empty database; yield its address over TCP, which Node's drivers all understand."""
    parts = conninfo_to_dict(server)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))
        connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
    yield f"postgresql://{parts['user']}:{parts['password']}@{LOOPBACK}:5432/{name}"
    with psycopg.connect(make_conninfo(server), autocommit=True) as connection:
        connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


def _settings(url: str) -> dict[str, str]:
    return {
        **os.environ,
        "NODE_ENV": "production",
        "RIVAL_DATABASE": url,
        "RIVAL_PORT": str(free_port()),
        "RIVAL_PASSWORD": secrets.token_urlsafe(),
        "MEDUSA_DISABLE_TELEMETRY": "true",
        "VENDURE_DISABLE_TELEMETRY": "true",
    }


def _installed(name: str, home: Path) -> Path:
    """Copy our files beside the modules and install these unless they are there."""
    folder = home / name
    shutil.copytree(HERE / name, folder, dirs_exist_ok=True)
    if not (folder / "node_modules").exists():
        install = ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund"]
        _run(install, folder, dict(os.environ))
    return folder


def _said(command: Sequence[str], folder: Path, settings: Mapping[str, str]) -> dict[str, str]:
    """Return the JSON line among what a seed printed."""
    lines = _run(command, folder, settings).splitlines()
    found = next(line for line in reversed(lines) if line.startswith("{") and '"hot"' in line)
    return {name: str(value) for name, value in json.loads(found).items()}


def _run(command: Sequence[str], folder: Path, settings: Mapping[str, str]) -> str:
    answer = subprocess.run(
        command, cwd=folder, env=settings, capture_output=True, text=True, check=False
    )
    if answer.returncode:
        last_words = (answer.stdout + answer.stderr)[-2_000:]
        raise RuntimeError(f"{' '.join(command)} in {folder} failed: {last_words}")
    return answer.stdout


@contextmanager
def _running(command: Sequence[str], folder: Path, settings: Mapping[str, str]) -> Iterator[None]:
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(command, cwd=folder, env=settings, stdout=log, stderr=log)
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(url: str) -> None:
    until = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < until:
        try:
            urllib.request.urlopen(url, timeout=5).close()  # noqa: S310 - our own loopback address
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
        else:
            return
    raise RuntimeError(f"nothing answers at {url}; its log stands in its folder")
