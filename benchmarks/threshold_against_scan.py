"""The factor on all errors at which a verdict flips: `qc.threshold` against a scan by runs.

CPU seconds of this process. The scan is what one does without it: runs at 20 noise scales, spaced evenly on a
log axis from 1 to 20, each with shots enough that its 95 % interval is as wide as 1 % of the factor makes a
difference, and a straight line between the two runs about the bound. It gives the factor on all errors alone;
`qc.threshold` gives the factors of four mechanisms and their shares of the loss as well.

Run: python benchmarks/threshold_against_scan.py
"""

from __future__ import annotations

import math
import tempfile
import time

import numpy as np

import qcoord_hw as qc

EXPERIMENTS = ("chsh", "magic-square")
TARGET = "fake_torino"
POINTS, LARGEST = 20, 20.0
ACCURACY = 0.01
"""Of the factor, relative."""


def shots_for(found: qc.Threshold, circuits: int) -> int:
    """Return the shots of a circuit whose interval is as wide as the accuracy, by the slope at the bound."""
    (x0, y0), (x1, y1) = min(
        zip(found.curve[1:], found.curve[2:], strict=False), key=lambda pair: abs(pair[0][1] - found.bound)
    )
    slope = abs((y1 - y0) / math.log(x1 / x0))
    half = ACCURACY * slope
    return math.ceil(1.96**2 * found.bound * (1 - found.bound) / half**2 / circuits)


def scan(name: str, shots: int, folder: str) -> float:
    """Return the factor at which the line between two runs meets the bound."""
    scales = np.geomspace(1, LARGEST, POINTS)
    runs = [
        qc.run(name, target=f"{TARGET}_x{scale:.4f}", shots=shots, seed=k, runs=folder)
        for k, scale in enumerate(scales)
    ]
    figures = [run["win_probability"] for run in runs]
    margins = [figure.best - figure.bound.value for figure in figures]
    k = next(k for k, margin in enumerate(margins) if margin <= 0)
    share = margins[k - 1] / (margins[k - 1] - margins[k])
    return float(scales[k - 1] * (scales[k] / scales[k - 1]) ** share)


def main() -> None:
    """Print for each experiment both factors, both times and their ratio."""
    with tempfile.TemporaryDirectory() as folder:
        qc.run("chsh", target=TARGET, shots=1, seed=1, runs=folder)  # imports
        for name in EXPERIMENTS:
            start = time.process_time()
            found = qc.threshold(name, target=TARGET)
            ours = time.process_time() - start
            alone = ours * len(found.curve) / found.evaluations
            shots = shots_for(found, qc.plan(name).circuits)
            start = time.process_time()
            other = scan(name, shots, folder)
            theirs = time.process_time() - start
            factor = found.factor
            print(f"{name} on {TARGET}, CPU seconds")
            print(
                f"{ours:8.2f}  qc.threshold, all of it: {factor.value:.4f} in [{factor.lower:.4f}, ", end=""
            )
            print(f"{factor.upper:.4f}], four mechanisms; {found.evaluations} evaluations")
            print(f"{alone:8.2f}  of it the factor on all errors: {len(found.curve)} evaluations")
            print(f"{theirs:8.2f}  scan by {POINTS} runs of {shots} shots a circuit: {other:.4f}")
            print(f"{theirs / alone:8.1f}  ratio for the factor on all errors")
            print(f"{theirs / ours:8.1f}  ratio of the scan to all of `qc.threshold`")


if __name__ == "__main__":
    main()
