"""`run chsh` against metriq-gym's WIT benchmark, from start to result, on the same device snapshot.

Processor time of the processes, in pairs that are run in turn: one command here; there a job is dispatched,
then polled for its result. The circuits differ: CHSH takes four of two qubits, WIT one of six. metriq-gym
needs Python 3.12 and pins what it needs, so that it gets an environment of its own:

    python3.12 -m venv metriq-venv && metriq-venv/bin/pip install metriq-gym
    METRIQ_BIN=metriq-venv/bin python benchmarks/against_metriq_gym.py
"""

from __future__ import annotations

import json
import os
import statistics
import tempfile
from pathlib import Path

from startup import PAIRS, QCOORD, bare_environment, seconds

SHOTS = 8192
JOB = {"benchmark_name": "WIT", "num_qubits": 6, "shots": SHOTS}
WANTED = 12.0


def main() -> None:
    """Print the medians and the median of the ratios."""
    if not (there := os.environ.get("METRIQ_BIN")):
        print("metriq-gym takes no part: METRIQ_BIN names no folder that has its `mgym`")
        return
    mgym = str(Path(there).absolute() / "mgym")
    with tempfile.TemporaryDirectory() as folder:
        job = Path(folder, "wit.json")
        job.write_text(json.dumps(JOB))
        environment = bare_environment() | {"QCOORD_RUNS": folder, "MGYM_LOCAL_DB_DIR": folder}
        run = [*QCOORD, *f"run chsh --target fake_torino --shots {SHOTS} --seed 1".split()]
        dispatch = [mgym, "job", "dispatch", str(job), "-p", "local", "-d", "fake_torino"]
        poll = [mgym, "job", "poll", "latest"]
        rounds = [
            [seconds(command, environment) for command in (run, dispatch, poll)] for _ in range(PAIRS + 1)
        ][1:]
    own, dispatched, polled = (statistics.median(column) for column in zip(*rounds, strict=True))
    ratio = statistics.median((there + then) / here for here, there, then in rounds)
    print(f"run chsh {own:.2f} s, metriq-gym dispatch {dispatched:.2f} s + poll {polled:.2f} s, ", end="")
    print(f"ratio {ratio:.1f} (wanted: at least {WANTED:g})")


if __name__ == "__main__":
    main()
