"""Set-up plus run of CHSH on fake_torino: `qcoord_hw.run` against Aer as Qiskit's documentation shows it.

Both sides start from nothing but their imports, run the same four circuits with the same shots, and end
with counts; ours also chooses the layout, writes the sealed record and computes the estimates. The
documented way: `AerSimulator.from_backend(backend)`, `transpile(circuit, simulator)`, `simulator.run`.
"""

from __future__ import annotations

import statistics
import tempfile
import time

from qiskit import transpile
from qiskit_aer import AerSimulator
from qiskit_ibm_runtime.fake_provider import FakeTorino

import qcoord_hw as qc
from qcoord_hw.catalogue import load_spec
from qcoord_hw.families.experiment import build_experiment

SHOTS = 20_000
REPEATS = 3


def documented() -> None:
    """Run the four circuits as the documentation of Aer does."""
    circuits = [net.circuit for net in build_experiment(load_spec("chsh")).circuits]
    simulator = AerSimulator.from_backend(FakeTorino())
    for circuit in circuits:
        simulator.run(transpile(circuit, simulator), shots=SHOTS).result().get_counts()


def ours(folder: str) -> None:
    """Run the experiment with this package."""
    qc.run("chsh", target=FakeTorino(), shots=SHOTS, seed=1, runs=folder)


def seconds(work, *arguments: object) -> float:
    """Return the wall-clock seconds of one call."""
    start = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - start


def main() -> None:
    """Print the times of each repetition and the ratio of the medians."""
    with tempfile.TemporaryDirectory() as folder:
        qc.run("chsh", target="aer", shots=1, seed=1, runs=folder)  # loads every module of this package
        pairs = [(seconds(documented), seconds(ours, folder)) for _ in range(REPEATS)]
    for theirs, own in pairs:
        print(f"documented {theirs:7.2f} s   qcoord_hw {own:6.3f} s   ratio {theirs / own:6.1f}")
    theirs, own = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(f"median ratio {theirs / own:.1f} (wanted: at least 20)")


if __name__ == "__main__":
    main()
