"""Run every benchmark, or those named: `python benchmarks sourcing_kernel`."""

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent


def main(names: list[str]) -> int:
    """Run them one after another; return 1 if any failed or counted a violation."""
    known = {file.stem: file for file in sorted(FOLDER.glob("*.py")) if file.stem != "__main__"}
    unknown = sorted(set(names) - known.keys())
    if unknown:
        print(f"unknown: {', '.join(unknown)}; there are: {', '.join(known)}")
        return 2
    failed = 0
    for name in names or known:
        print(f"-- {name}", flush=True)
        failed |= subprocess.run([sys.executable, str(known[name])], check=False).returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
