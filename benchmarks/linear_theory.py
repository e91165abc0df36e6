"""`theory linear example-1-f3` against `python -c "import qiskit"`: finite fields are tables of our own.

Processor time of whole processes (user and system), in pairs that are run in turn: once with nothing kept on
disk, once with the graph kept (`qcoord_hw.disk_cache`).
"""

from __future__ import annotations

import statistics
import sys
import tempfile

from startup import PAIRS, QISKIT, bare_environment, seconds

COMMAND = "theory linear example-1-f3"
WANTED = 1.2
"""Ratio to importing Qiskit that is wanted at most."""


def main() -> None:
    """Print the medians and their ratios."""
    call = [sys.executable, "-m", "qcoord_hw", *COMMAND.split()]
    with tempfile.TemporaryDirectory() as folder:
        for words, place in (("nothing kept", "off"), ("graph kept", folder)):
            environment = bare_environment() | {"QCOORD_CACHE": place}
            pairs = [(seconds(call, environment), seconds(QISKIT, environment)) for _ in range(PAIRS + 1)][1:]
            own, least = (statistics.median(side) for side in zip(*pairs, strict=True))
            ratio = statistics.median(a / b for a, b in pairs)
            figures = f"{own:5.2f} s : {least:5.2f} s, ratio {ratio:5.2f}"
            print(f"{COMMAND}, {words:<14}{figures} (wanted: at most {WANTED:g})")


if __name__ == "__main__":
    main()
