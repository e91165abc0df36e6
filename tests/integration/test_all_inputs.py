"""Runs on drawn inputs hold the figures of all inputs, which are computed here without the analysis.

Every outcome probability of every input is exact; errors are counted with plain arithmetic.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

import qcoord_hw as qc
from qcoord_hw.api.building import build
from qcoord_hw.execution.run_description import program_of
from qcoord_hw.execution.simulate import Simulator
from qcoord_hw.execution.targets import resolve_target

TARGET = "fake_torino"
SEEDS = 100


def exact_figures(name):
    """Return the figures of all inputs on the noise model: name -> value."""
    experiment = build(name, parameters={"inputs": "all"}, target=TARGET, seed=1).experiment
    prepared = resolve_target(TARGET).prepare(program_of(experiment), (), 1)
    play, settings = experiment.play, prepared.settings[: len(experiment.play.inputs)]
    simulator = Simulator(prepared.circuits, settings, prepared.snapshot)
    size = prepared.circuits[0].num_clbits
    clbits = [c for part in simulator._parts[0] for c in part.clbits]
    bits = np.zeros((2**size, size), dtype=np.int64)
    for place, c in enumerate(clbits):
        bits[:, c] = np.arange(2**size) >> (size - 1 - place) & 1
    digits = np.stack([bits[:, list(d)] @ (1 << np.arange(len(d))) for d in play.bits], axis=-1)
    field = play.task.field
    leaked = (digits >= field.characteristic).any(axis=1)
    outputs = play.outputs(digits).reshape(2**size, -1)
    expected = play.expected.reshape(len(settings), -1)
    base = field.order ** np.arange(expected.shape[1])
    errors, lost, known = np.zeros(field.order ** expected.shape[1]), 0.0, {}
    for k in range(len(settings)):
        weights = np.ones(1)
        for part in range(simulator.parts(k)):
            key = part, simulator._instance(settings[k], part), settings[k].flips
            if key not in known:
                known[key] = simulator.probabilities(k, part)
            found = known[key]
            weights = np.multiply.outer(weights, found).reshape(-1)
        code = field.add[outputs, field.neg[expected[k]]] @ base
        lost += float(weights[leaked].sum()) / len(settings)
        errors += np.bincount(code[~leaked], weights[~leaked], len(errors)) / len(settings)
    share = errors[errors > 0] / (1 - lost)
    entropy = -float((share * np.log(share)).sum()) / math.log(field.order)
    right = {
        "success_probability": float(errors[0]),
        "surviving_rate": (1 - lost) * (expected.shape[1] - entropy) / play.qudits,
        "error_entropy": entropy,
    }
    if field.characteristic > 2:
        right |= {"leakage": lost, "success_postselected": float(errors[0]) / (1 - lost)}
    for j in range(expected.shape[1]):
        clear = np.arange(len(errors)) // base[j] % field.order == 0
        right[f"success_y{1 + j // play.task.rows}[{j % play.task.rows}]"] = float(errors[clear].sum())
    return right


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("name", "inputs", "shots"),
    [("sum-3-f4", 200, 1000), ("example-1-f3", 8, 4096)],
)
def test_a_hundred_runs_hold_the_figures_of_all_inputs(name, inputs, shots, tmp_path):
    """At least 90 of 100, of every figure; and of 50 pairs of the same experiment few differ."""
    right = exact_figures(name)
    held, differ = dict.fromkeys(right, 0), dict.fromkeys(right, 0)
    widths, best = dict.fromkeys(right, 0.0), {key: [] for key in right}
    before = None
    for seed in range(SEEDS):
        result = qc.run(
            name, target=TARGET, shots=shots, seed=seed, parameters={"inputs": inputs}, runs=tmp_path
        )
        for key, value in right.items():
            e = result[key]
            held[key] += e.low <= value <= e.high
            widths[key] += (e.high - e.low) / SEEDS
            best[key].append(e.best)
        if seed % 2:
            rows = qc.compare(before, result.path, runs=tmp_path)["differences"]
            for row in rows:
                if row["name"] in differ:
                    differ[row["name"]] += row["differ"]
        before = result.path
    print({key: (held[key], differ[key], widths[key] / (3.92 * np.std(best[key]))) for key in right})
    assert min(held.values()) >= 90
    assert sum(differ.values()) <= (0.05 + 0.03) * len(right) * SEEDS / 2
    for key in right:
        assert widths[key] < 1.4 * 3.92 * np.std(best[key])
