"""A stock file against a statement a row: rows a second, and a million rows once.

Baseline: what an ORM does with each row of the same file, read and checked by the same code: look
the shelf up under a lock, write its movement, write its new figure; 5,000 rows a commit, as ours.
It announces nothing, which is to its advantage.

`python benchmarks/importing_stock.py --rows 1000000` imports so many once, as information (the
default); `--rows 0` leaves it out. Violations: differences of the audit, units that are missing.
"""

import argparse
import tempfile
import time
from collections.abc import Iterable, Sequence
from io import BytesIO
from pathlib import Path
from random import Random

import psycopg

from oneshelf.base.database import Database
from oneshelf.simulation.network import draw_network
from oneshelf.web.commands.files.intake import Form, examine, in_parts
from oneshelf.web.commands.files.shelves import check_rows, read_rows, take_shelves
from oneshelf.web.commands.printing import progress
from rounds import Figures, compare, finish
from worlds import count_differences, fresh_database, open_network, postgres

ROWS = 20_000
NAIVE_ROWS = 4_000  # of the same file: it takes its time
MILLION = 1_000_000
NODES, SKUS = 100, 10_000
UNITS = 5
SEED = 1


def main() -> None:
    """Compare both arms, then import the large file."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--rows", type=int, default=MILLION)
    many = asked.parse_args().rows
    network = draw_network(SEED, NODES, SKUS)
    shelves = [(p.sku, n.node_id) for n in network.nodes for p in network.products]
    Random(SEED).shuffle(shelves)
    with postgres() as server:

        def naive(number: int) -> Figures:
            with fresh_database(server) as url:
                open_network(url, network, [])
                return import_naively(url, _file(shelves[:ROWS], UNITS + number))

        def ours(number: int) -> Figures:
            with fresh_database(server) as url:
                open_network(url, network, [])
                return import_file(url, _file(shelves[:ROWS], UNITS + number))

        line = compare("import/stock", naive, ours)
        if many:
            with fresh_database(server) as url:
                open_network(url, network, [])
                told = import_file(url, _file(shelves[:many], UNITS))
            print(f"   {told.told}", flush=True)
    finish([line])


def import_file(url: str, content: bytes) -> Figures:
    """Import as the command does, from a file on disk."""
    rows = content.count(b"\n") - 1
    database = Database(url)
    with tempfile.TemporaryFile() as file, progress("Importing", None, json=False) as bar:
        file.write(content)
        file.seek(0)
        began = time.perf_counter()
        taken = take_shelves(database, file, "all_or_nothing", bar)
        seconds = time.perf_counter() - began
    database.close()
    violations = count_differences(url) + (taken.changed != rows) + _missing(url, content)
    peak_mib = _peak_mib()
    told = f"{rows:,} rows in {seconds:.1f} s, peak memory {peak_mib} MiB"
    return Figures(rows / seconds, violations, told)


def import_naively(url: str, content: bytes) -> Figures:
    """Import row by row, as an ORM does: the same reading and checking, three statements a row."""
    database = Database(url)
    with psycopg.connect(url) as connection:
        began = time.perf_counter()
        examined = examine(database, Form(read_rows, check_rows, in_parts), BytesIO(content))
        read_s = time.perf_counter() - began
        began = time.perf_counter()
        for part in in_parts(examined.good[:NAIVE_ROWS]):
            for row in part:
                _set_naively(connection, row.sku, row.node, row.units)
            connection.commit()
        written_s = time.perf_counter() - began
    database.close()
    seconds = read_s + written_s * len(examined.good) / NAIVE_ROWS
    return Figures(len(examined.good) / seconds, count_differences(url))


def _set_naively(
    connection: psycopg.Connection[tuple[int, int]], sku: str, node: str, n: int
) -> None:
    found = connection.execute(
        "SELECT point_id, available FROM inventory.point WHERE sku = %s AND node = %s"
        " AND lot IS NULL AND receipt_line_id IS NULL FOR UPDATE",
        (sku, node),
    ).fetchone()
    if found is None:
        found = connection.execute(
            "INSERT INTO inventory.point (sku, node) VALUES (%s, %s) RETURNING point_id, available",
            (sku, node),
        ).fetchone()
    point_id, available = found or (0, 0)
    connection.execute(
        "INSERT INTO inventory.movement (point_id, source, target, units, reason, subject,"
        " transfer, by, because, moved_at)"
        " VALUES (%s, 'outside', 'available', %s, 'opening', '', '', 'naive', 'import', now())",
        (point_id, n - available),
    )
    connection.execute(
        "UPDATE inventory.point SET available = %s, outside = %s, version = version + 1"
        " WHERE point_id = %s",
        (n, -n, point_id),
    )


def _file(shelves: Sequence[tuple[str, str]], units: int) -> bytes:
    lines: Iterable[str] = (f"{sku},{node},{units}\n" for sku, node in shelves)
    return ("sku,node,units\n" + "".join(lines)).encode()


def _missing(url: str, content: bytes) -> int:
    wanted = sum(int(line.rpartition(b",")[2]) for line in content.splitlines()[1:])
    database = Database(url)
    with database.transaction("benchmark", "sum") as tx:
        [found] = tx.scalars("SELECT coalesce(sum(available), 0) FROM inventory.point")
    database.close()
    return abs(wanted - int(found))


def _peak_mib() -> int:
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) // 1024
    return 0


if __name__ == "__main__":
    main()
