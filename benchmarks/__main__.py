"""Run benchmarks by claim or by name: `python benchmarks T1`, `python benchmarks sourcing_kernel`.

Without a name all run, one after another, but those that take long; what they found is written to
`benchmarks/results.md`. `long` runs the others and writes `benchmarks/long_results.md`. Leaves
with 1 if any failed or counted a violation.
"""

import json
import os
import platform
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
RESULTS, LONG_RESULTS = FOLDER / "results.md", FOLDER / "long_results.md"
LONG = "long"


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A script beside this file. claims: what it measures. long: only when it is named."""

    script: str
    claims: tuple[str, ...] = ()
    long: str = ""


BENCHMARKS = (
    Benchmark("availability", ("T5",)),
    Benchmark("importing_stock", ("import",)),
    Benchmark("live_page"),
    Benchmark("order_to_shipped", ("T19",)),
    Benchmark("placing", ("T4",)),
    Benchmark("promising", ("T20",)),
    Benchmark("reserving", ("T1", "T2")),
    Benchmark("ledger_size", long="fills a ledger of ten million movements first"),
    Benchmark("looking_up", ("O2",), "fills a million orders first: half an hour"),
    Benchmark("soak", long="ten minutes of steady load"),
    Benchmark("sourcing_kernel"),
)


def main(names: list[str]) -> int:
    """Run what was named, or all."""
    chosen = [one for one in BENCHMARKS if _is_named(one, names)]
    if not chosen:
        print(f"unknown: {', '.join(names)}; there are:")
        for one in BENCHMARKS:
            print(f"  {one.script} {' '.join(one.claims)} {f'({one.long})' if one.long else ''}")
        return 2
    failed, found = 0, []
    for one in chosen:
        print(f"-- {one.script}", flush=True)
        began = time.monotonic()
        status, lines = run(one.script)
        print(
            f"   {time.monotonic() - began:.0f} s, {'ok' if not status else 'FAILED'}", flush=True
        )
        failed |= status != 0
        found += lines
    if not names:
        RESULTS.write_text(report("make bench", found), encoding="utf-8")
        print(f"written: {RESULTS.name}")
    if names == [LONG]:
        LONG_RESULTS.write_text(report(f"make bench ONLY={LONG}", found), encoding="utf-8")
        print(f"written: {LONG_RESULTS.name}")
    return int(failed)


def run(script: str) -> tuple[int, list[dict[str, object]]]:
    """Run one; return its exit code and the comparisons it printed."""
    lines = []
    command = [sys.executable, str(FOLDER / f"{script}.py")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            if line.startswith("{"):
                lines.append(json.loads(line))
    return process.returncode, lines


def report(command: str, lines: list[dict[str, object]]) -> str:
    """Return the results as a page."""
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    head = f"""# Results

Written by `{command}` on {time.strftime("%Y-%m-%d")}: {os.cpu_count()} cores
({platform.machine()}), {memory_gib:.0f} GiB, Python {platform.python_version()}, the embedded
PostgreSQL with durable commits, load and server on the same cores.

Baseline and ours ran in turn on the same data; the round with the lowest ratio is shown. Absolute
figures are this machine's; the ratio is the claim.

| what | baseline | ours | ratio | violations | |
|---|---:|---:|---:|---:|---|"""
    rows = [
        f"| {one['name']} | {one['baseline']} | {one['ours']} | {one['ratio']} |"
        f" {one['violations']} | {one.get('told', '')} |"
        for one in lines
    ]
    return "\n".join([head, *rows, ""])


def _is_named(one: Benchmark, names: list[str]) -> bool:
    called = {one.script, *one.claims, *([LONG] if one.long else [])}
    return bool(called & set(names)) or not (names or one.long)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
