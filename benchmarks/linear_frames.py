"""Many inputs of one linear computation on a noise model: one run for all, against one run an input.

Example 1 over F_4 on fake_torino, 1000 inputs with 1000 shots each, CPU time of the whole process. The rival
is what Qiskit's documentation shows: bind an input, transpile for the backend, run on its simulator. It is
timed on a few inputs. Then the derived outcome distributions of some inputs are compared with exact ones, and
the main figure of 200 inputs with that of simulating each, by the rule of today and that of older records.

Run: python benchmarks/linear_frames.py
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace

import numpy as np
from qiskit import transpile
from qiskit_aer import AerSimulator
from qiskit_ibm_runtime.fake_provider import FakeTorino

import qcoord_hw as qc
from qcoord_hw.api import build
from qcoord_hw.execution.forecast import Forecast
from qcoord_hw.execution.program import bind
from qcoord_hw.execution.run_description import describe, program_of
from qcoord_hw.execution.simulate import Simulator
from qcoord_hw.execution.targets import by_engine, resolve_target
from qcoord_hw.families.experiment import DIRECT, TWIRLED_FRAME
from qcoord_hw.report.plan import Outlook

INPUTS = 1000
SHOTS = 1000
RIVAL_INPUTS = 3
CHECKED = 5
BIASED = 200


def ours() -> float:
    """Return the CPU seconds of a whole run, from the catalogue's name to the estimates."""
    start = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        qc.run(
            "example-1-f4",
            target="fake_torino",
            shots=SHOTS,
            seed=1,
            runs=folder,
            parameters={"inputs": INPUTS},
        )
    return time.process_time() - start


def rival() -> float:
    """Return the CPU seconds an input, the backend's simulator made beforehand."""
    built = build("example-1-f4", parameters={"inputs": RIVAL_INPUTS}, seed=1)
    (circuit,) = program_of(built.experiment).circuits
    simulator = AerSimulator.from_backend(FakeTorino())
    start = time.process_time()
    for setting in built.experiment.settings:
        compiled = transpile(bind(circuit, setting.values), simulator)
        simulator.run(compiled, shots=SHOTS).result().get_counts()
    return (time.process_time() - start) / RIVAL_INPUTS


def distances() -> list[float]:
    """Return total variation distances between derived and directly simulated outcome distributions."""
    built = build("example-1-f4", parameters={"inputs": CHECKED}, seed=2)
    prepared = resolve_target("fake_torino").prepare(program_of(built.experiment), ())
    settings = [s for s in prepared.settings if s.method == TWIRLED_FRAME]
    both = [*settings, *(replace(s, method=DIRECT) for s in settings)]
    simulator = Simulator(prepared.circuits, both, prepared.snapshot)
    found = []
    for k in range(len(settings)):
        joint = [np.ones(1), np.ones(1)]
        for part in range(simulator.parts(0)):
            for i, setting in enumerate((k, len(settings) + k)):
                joint[i] = np.multiply.outer(joint[i], simulator.probabilities(setting, part)).reshape(-1)
        found.append(float(np.abs(joint[0] - joint[1]).sum() / 2))
    return found


def biases(name: str, target: str) -> tuple[float, float]:
    """Return by how much the main figure of many inputs is too good, by today's rule and the older one."""
    built = build(name, target=target, parameters={"inputs": BIASED}, seed=3)
    program = program_of(built.experiment)
    forecast = Forecast.of(describe(built.experiment), program, built.spec, target, idle_noise=False)
    now = forecast.prepared
    direct = replace(now, settings=tuple(replace(s, method=DIRECT) for s in now.settings))
    each, twirled, derived = (
        Outlook(replace(forecast, prepared=one, chosen=tuple(range(BIASED)))).main.best
        for one in (direct, now, by_engine(now, program, 1))
    )
    return twirled - each, derived - each


def main() -> None:
    """Print both times, their ratio, the distances and the biases."""
    build("example-1-f4")  # imports
    one, each = ours(), rival()
    print(f"{INPUTS} inputs x {SHOTS} shots of example-1-f4 on fake_torino, CPU seconds")
    print(f"{one:10.2f}  one noisy run for all inputs: whole run with record and estimates")
    print(f"{INPUTS * each:10.2f}  transpile and run an input: {INPUTS} x {each:.2f}")
    print(f"{INPUTS * each / one:10.0f}  ratio (wanted: at least 500)")
    print(f"{max(distances()):10.5f}  total variation distance of derived from exact, worst of {CHECKED}")
    print("main figure of 200 inputs, derived less direct: twirled first, as in older records")
    for target in ("fake_torino", "fake_fez", "fake_sherbrooke"):
        for name in ("example-2-f2", "example-1-f2", "example-1-f4"):
            twirled, derived = biases(name, target)
            print(f"{name:<14}{target:<18}{twirled:+10.5f}{derived:+10.5f}")


if __name__ == "__main__":
    main()
