"""Runs benchmarks and keeps what they print, with the machine: `python tools/benchmark_data.py NAME ..`.

NAME is a file of `benchmarks/` without its ending. `docs/benchmarks.json` is what the site shows.
"""

from __future__ import annotations

import datetime
import json
import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / "docs" / "benchmarks.json"
PACKAGES = ("qcoord_hw", "qiskit", "qiskit-aer", "numpy")


def machine() -> str:
    """Return processor, cores, memory and how busy it was, as Linux states them."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    model = next(
        (line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine()
    )
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    return f"{model}, {os.cpu_count()} cores, {memory:.0f} GiB, load {os.getloadavg()[0]:.1f}"


def main() -> None:
    """Run those that are named and write the file."""
    found = json.loads(DATA.read_text(encoding="utf-8")) if DATA.exists() else {}
    for name in sys.argv[1:]:
        where = machine()
        command = [sys.executable, str(ROOT / "benchmarks" / f"{name}.py")]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        found[name] = {
            "machine": where,
            "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
            "versions": ", ".join(f"{p} {version(p)}" for p in PACKAGES)
            + f", Python {platform.python_version()}",
            "output": output,
        }
        DATA.write_text(json.dumps(dict(sorted(found.items())), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
