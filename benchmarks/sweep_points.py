"""A further point of a sweep, with another seed: on a device snapshot against on an ideal simulator.

Processor time of one worker, in pairs that are run in turn, after a first point of each that is not counted:
by then the worker has the experiment, the calibration, its noise model and the compiled circuits.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

from qcoord_hw import api
from qcoord_hw.sweeps.task import attempt

PAIRS = 15
EXPERIMENTS = ("chsh", "ghz-3", "mac-n2")
IDEAL, SNAPSHOT = "aer", "fake_torino"
WANTED = 2.5
"""Ratio that is wanted at most."""


def seconds(experiment: str, target: str, seed: int, folder: Path) -> float:
    """Return the processor seconds of one point."""
    spec = api.build(experiment, target=target, seed=0).spec
    task = {"spec": spec.to_json() | {"name": spec.name}, "target": target, "seed": seed, "idle_noise": True}
    before = time.process_time()
    outcome = attempt(task, folder)
    after = time.process_time()
    assert "run" in outcome, outcome
    return after - before


def main() -> None:
    """Print the medians and their ratios."""
    with tempfile.TemporaryDirectory() as folder:
        for experiment in EXPERIMENTS:
            pairs = [
                [seconds(experiment, target, seed, Path(folder)) for target in (SNAPSHOT, IDEAL)]
                for seed in range(PAIRS + 1)
            ]
            first, further = pairs[0], pairs[1:]
            noisy, ideal = (statistics.median(side) for side in zip(*further, strict=True))
            ratio = statistics.median(a / b for a, b in further)
            figures = f"{1e3 * noisy:6.1f} ms : {1e3 * ideal:5.1f} ms, ratio {ratio:4.2f}"
            print(
                f"{experiment:<10}{figures} (wanted: at most {WANTED:g}; first point {1e3 * first[0]:.0f} ms)"
            )


if __name__ == "__main__":
    main()
