"""The second call of a command whose search is kept on disk (`qcoord_hw.disk_cache`), against the first.

Processor time of whole processes (user and system), start-up included, in pairs: each begins with an empty
folder for what is kept, and ends with the same answer, read and proved again.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

from startup import PAIRS, bare_environment, seconds

COMMANDS = {
    "theory linear six-servers-f4": 0.2,
    "run example-1-f4 --target aer --shots 100 --seed 1": 1.0,
}
"""Command -> ratio that is wanted at most."""


def main() -> None:
    """Print the medians and their ratios."""
    for command, wanted in COMMANDS.items():
        pairs = []
        for _ in range(PAIRS):
            with tempfile.TemporaryDirectory() as folder:
                environment = bare_environment() | {
                    "QCOORD_RUNS": str(Path(folder) / "runs"),
                    "QCOORD_CACHE": str(Path(folder) / "cache"),
                }
                call = [sys.executable, "-m", "qcoord_hw", *command.split()]
                first, second = (seconds(call, environment) for _ in range(2))
            pairs.append((second, first))
        second, first = (statistics.median(side) for side in zip(*pairs, strict=True))
        ratio = statistics.median(a / b for a, b in pairs)
        print(
            f"{command:<52}{second:6.2f} s : {first:5.2f} s, ratio {ratio:5.2f} (wanted: at most {wanted:g})"
        )


if __name__ == "__main__":
    main()
