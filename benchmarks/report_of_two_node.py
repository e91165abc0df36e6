"""`report` of a run of two-node-n3 against `report` of a run of chsh: both commands whole.

Processor time of the processes, in pairs that are run in turn. Both runs are on the same device snapshot; the
one has 8640 chunks, the other 32.
"""

from __future__ import annotations

import os
import statistics
import tempfile

from startup import PAIRS, QCOORD, seconds

import qcoord_hw as qc

WANTED = 1.3


def main() -> None:
    """Print the medians and the median of the ratios."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryDirectory() as folder:
        runs = [
            str(qc.run(name, target="fake_torino", seed=1, runs=folder).path)
            for name in ("two-node-n3", "chsh")
        ]
        pairs = [[seconds([*QCOORD, "report", run], environment) for run in runs] for _ in range(PAIRS + 1)][
            1:
        ]
    two, chsh = (statistics.median(side) for side in zip(*pairs, strict=True))
    ratio = statistics.median(a / b for a, b in pairs)
    figures = f"{two:7.2f} s : {chsh:5.2f} s, ratio {ratio:5.2f}"
    print(f"{'report of two-node-n3':<40}{figures} (wanted: at most {WANTED:g})")


if __name__ == "__main__":
    main()
