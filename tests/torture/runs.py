"""Run the command as anybody would, on our source or on a copy with a known bug in it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
SOURCE = HERE.parent.parent / "src"


def torture(focus, attempts, *, source=SOURCE, seed=1, minutes=1.0):
    """Return the laws that were violated, with an example each, and all that was told."""
    command = [sys.executable, "-m", "oneshelf", "torture", "--json", "--focus", focus]
    answer = subprocess.run(
        [*command, "--attempts", str(attempts), "--seed", str(seed), "--minutes", str(minutes)],
        env={**os.environ, "PYTHONPATH": str(source)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode in {0, 1}, answer.stderr
    told = json.loads(answer.stdout)
    broken = {law["law"]: law["violations"][0] for law in told["laws"] if law["violations"]}
    assert bool(broken) == bool(answer.returncode)
    return broken, told


def with_bug(name, folder):
    """Copy our source into a folder and put the bug in."""
    shutil.copytree(SOURCE, folder / "src", ignore=shutil.ignore_patterns("__pycache__"))
    patch = HERE / "bugs" / f"{name}.patch"
    answer = subprocess.run(
        [shutil.which("git"), "apply", "-p1", str(patch)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, f"write {patch.name} anew for the code of now: {answer.stderr}"
    return folder / "src"
