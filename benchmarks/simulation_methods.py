"""Where the rules for choosing a simulation method come from: noisy lines of n qubits on fake_torino.

Prints seconds for exact density-matrix probabilities (any number of shots), for trajectories, and for
Aer's `automatic`, each at 4096 shots; then the eight-round sequential game simulated part by part
against one sixteen-qubit circuit.
"""

from __future__ import annotations

import time

from qiskit.circuit import QuantumCircuit
from qiskit_aer import AerSimulator

from qcoord_hw.catalogue import load_spec
from qcoord_hw.execution.noise import noise_model
from qcoord_hw.execution.program import Program
from qcoord_hw.execution.simulate import Simulator
from qcoord_hw.execution.targets import Prepared, resolve_target
from qcoord_hw.families.experiment import build_experiment

SHOTS = 4096


def line(size: int) -> QuantumCircuit:
    """Return a line of CX between single-qubit rotations, measured."""
    circuit = QuantumCircuit(size, size)
    for q in range(size):
        circuit.ry(0.3 + q, q)
    for q in range(size - 1):
        circuit.cx(q, q + 1)
    circuit.measure(range(size), range(size))
    return circuit


def ours(prepared: Prepared, shots: int) -> float:
    """Return the seconds of one circuit on this package's own path, set-up included."""
    start = time.perf_counter()
    Simulator(prepared.circuits[:1], prepared.settings[:1], prepared.snapshot).counts(0, shots, seed=1)
    return time.perf_counter() - start


def aer(prepared: Prepared, method: str, shots: int) -> float:
    """Return the seconds of one circuit sampled by Aer, with the same restricted noise model."""
    start = time.perf_counter()
    model = noise_model(prepared.snapshot, readout=True)
    AerSimulator(method=method, noise_model=model).run(prepared.circuits[0], shots=shots).result()
    return time.perf_counter() - start


def main() -> None:
    """Print the two tables."""
    target = resolve_target("fake_torino")
    ours(target.prepare(Program.of([line(2)]), ()), 1)  # warms up
    print(f"{'n':>3}{'exact':>9}{'trajectories':>14}{'automatic':>11}   seconds, {SHOTS} shots")
    for size in (2, 4, 6, 8, 10):
        prepared = target.prepare(Program.of([line(size)]), ())
        times = [
            ours(prepared, SHOTS),
            aer(prepared, "statevector", SHOTS),
            aer(prepared, "automatic", SHOTS),
        ]
        print(f"{size:>3}{times[0]:>9.2f}{times[1]:>14.2f}{times[2]:>11.2f}")
    circuits = [net.circuit for net in build_experiment(load_spec("sequential-chsh")).circuits]
    prepared = target.prepare(Program.of(circuits), ())
    parts, whole = ours(prepared, 200), aer(prepared, "statevector", 200)
    print(f"eight rounds, 200 shots: parts {parts:.2f} s, whole {whole:.2f} s, {whole / parts:.0f}x")


if __name__ == "__main__":
    main()
