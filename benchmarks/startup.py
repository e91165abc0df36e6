"""`qcoord list` as a whole process against `python -c "import qiskit"`."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

REPEATS = 7
COMMANDS = {
    "qcoord list": [str(Path(sys.executable).with_name("qcoord")), "list"],
    "import qiskit": [sys.executable, "-c", "import qiskit"],
}


def seconds(command: list[str]) -> float:
    """Return the wall-clock seconds of one process."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    """Print both medians, measured in turn, and their ratio."""
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(REPEATS + 1):  # the first round warms the disk cache
        for name, command in COMMANDS.items():
            times[name].append(seconds(command))
    medians = {name: statistics.median(values[1:]) for name, values in times.items()}
    for name, value in medians.items():
        print(f"{name:<14}{value:7.3f} s")
    print(f"ratio {medians['qcoord list'] / medians['import qiskit']:.2f} (wanted: below 1)")


if __name__ == "__main__":
    main()
