"""Many inputs of one linear computation on a noise model: one run for all, against one run an input.

Example 1 over F_4 on fake_torino, 1000 inputs with 1000 shots each, CPU time of the whole process. The rival
is what Qiskit's documentation shows: bind an input, transpile for the backend, run on its simulator. It is
timed on a few inputs. Then the derived outcome distributions of some inputs are compared with exact ones.

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
from qcoord_hw.execution.program import bind
from qcoord_hw.execution.run_description import program_of
from qcoord_hw.execution.simulate import Simulator
from qcoord_hw.execution.targets import resolve_target
from qcoord_hw.families.experiment import DIRECT, FRAME

INPUTS = 1000
SHOTS = 1000
RIVAL_INPUTS = 3
CHECKED = 5


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
    settings = [s for s in prepared.settings if s.method == FRAME]
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


def main() -> None:
    """Print both times, their ratio and the distances."""
    build("example-1-f4")  # imports
    one, each = ours(), rival()
    print(f"{INPUTS} inputs x {SHOTS} shots of example-1-f4 on fake_torino, CPU seconds")
    print(f"{one:10.2f}  one noisy run for all inputs: whole run with record and estimates")
    print(f"{INPUTS * each:10.2f}  transpile and run an input: {INPUTS} x {each:.2f}")
    print(f"{INPUTS * each / one:10.0f}  ratio (wanted: at least 500)")
    print(f"{max(distances()):10.5f}  total variation distance of derived from exact, worst of {CHECKED}")


if __name__ == "__main__":
    main()
