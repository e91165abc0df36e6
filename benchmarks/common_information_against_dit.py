"""Wyner's common information against dit: both values, the truth where it is known, and the ratio of times.

Ours is the time of `coordination_region` for C0 and R_inf with certificates; dit's that of
`wyner_common_information`, which gives C0 alone and proves nothing. Imports are not counted. dit needs an
environment of its own:

    python -m venv dit-venv && dit-venv/bin/pip install dit
    DIT_PYTHON=dit-venv/bin/python python benchmarks/common_information_against_dit.py

Run: python benchmarks/common_information_against_dit.py [--repeat N]
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import time
from typing import Any

import numpy as np

from qcoord_hw.theory.information import binary_entropy
from qcoord_hw.theory.named_states import named_state
from qcoord_hw.theory.regions import coordination_region
from qcoord_hw.theory.states import State, make_state

WORKER = """
import json, sys, time, warnings
warnings.simplefilter("ignore")
import dit
from dit.multivariate.common_informations import wyner_common_information
print(json.dumps({"ready": True}), flush=True)
for line in sys.stdin:
    table = json.loads(line)
    outcomes = [f"{x}{y}" for x, row in enumerate(table) for y, p in enumerate(row) if p > 0]
    masses = [p for row in table for p in row if p > 0]
    start = time.perf_counter()
    value = float(wyner_common_information(dit.Distribution(outcomes, masses)))
    print(json.dumps({"value": value, "seconds": time.perf_counter() - start}), flush=True)
"""


def joint(name: str, table: np.ndarray[Any, Any]) -> State:
    """Return the state of a joint distribution, shape (letters of X, letters of B)."""
    blocks = [(float(row.sum()), (x,), np.diag(row / row.sum())) for x, row in enumerate(table)]
    return make_state(name, {"X": table.shape[0], "B": table.shape[1]}, blocks, ("X",))


def cases() -> list[tuple[State, float | None]]:
    """Return states and, where a formula is known, their common information."""
    wyner = [1 + binary_entropy(a) - 2 * binary_entropy((1 - math.sqrt(1 - 2 * a)) / 2) for a in (0.1, 0.25)]
    rng = np.random.default_rng(1)
    return [
        (named_state("dsbs:crossover=0.1"), wyner[0]),
        (named_state("dsbs:crossover=0.25"), wyner[1]),
        (named_state("erasure:erasure=0.25"), 1.0),  # 1 up to erasure 1/2, then h(erasure) [Cuff2013]
        (named_state("erasure:erasure=0.8"), binary_entropy(0.8)),
        *(
            (joint(f"random-{s[0]}x{s[1]}", rng.dirichlet(np.ones(s[0] * s[1])).reshape(s)), None)
            for s in ((2, 3), (3, 3))
        ),
    ]


def main() -> int:
    """Print a line a distribution, and the median ratio."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeat", type=int, default=3, help="times of which the least is taken (3)")
    repeat = parser.parse_args().repeat
    python = os.environ.get("DIT_PYTHON")
    if python is None:
        print("DIT_PYTHON is not set, so only our times are shown: the head of this file says more")
    rival = None
    if python is not None:
        rival = subprocess.Popen(
            [python, "-c", WORKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert rival.stdout is not None
        rival.stdout.readline()
    coordination_region(named_state("dsbs:crossover=0.3"), "two-node")  # warm up
    ratios = []
    print(
        f"{'':<24}{'formula':>12}{'ours, lower':>14}{'upper':>12}{'s':>8}{'dit':>12}{'s':>8}{'dit/ours':>10}"
    )
    for state, truth in cases():
        ours = []
        for _ in range(repeat):
            start = time.perf_counter()
            answer = coordination_region(state, "two-node")
            ours.append(time.perf_counter() - start)
        c0 = answer.quantities["C0"]
        line = f"{state.name:<24}{'' if truth is None else f'{truth:.8f}':>12}"
        line += f"{c0['lower']:>14.8f}{c0['upper']:>12.8f}{min(ours):>8.3f}"
        if rival is not None:
            table = state.tensor().real.diagonal(axis1=1, axis2=2)
            found = [ask(rival, table.tolist()) for _ in range(repeat)]
            seconds = min(one["seconds"] for one in found)
            ratios.append(seconds / min(ours))
            line += f"{found[-1]['value']:>12.8f}{seconds:>8.3f}{ratios[-1]:>10.1f}"
        print(line, flush=True)
    if ratios:
        print(f"median ratio {np.median(ratios):.1f}, least {min(ratios):.1f}")
    return 0


def ask(rival: subprocess.Popen[str], table: list[list[float]]) -> dict[str, float]:
    """Return dit's answer for one table."""
    assert rival.stdin is not None
    assert rival.stdout is not None
    print(json.dumps(table), file=rival.stdin, flush=True)
    answer: dict[str, float] = json.loads(rival.stdout.readline())
    return answer


if __name__ == "__main__":
    sys.exit(main())
