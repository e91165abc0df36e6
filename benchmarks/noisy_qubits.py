"""Twelve noisy qubits against eleven, 20,000 shots on a device snapshot: what one more qubit costs.

Processor time of the simulation alone, in pairs that are run in turn: of a GHZ state, a Clifford circuit, and
of a line of rotations, which is none. Then how many shots of the line, one by one, take as long as a density
matrix.
"""

from __future__ import annotations

import statistics
import time

from qiskit.circuit import QuantumCircuit

from qcoord_hw.execution.program import Program
from qcoord_hw.execution.targets import Prepared, resolve_target

PAIRS, SHOTS, FEW = 5, 20_000, 200
WANTED = 4.0


def prepared(size: int, angle: float) -> Prepared:
    """Return a line of CX, compiled, with rotations by an angle between them; a GHZ state where it is 0."""
    circuit = QuantumCircuit(size, size)
    circuit.h(0)
    for q in range(size - 1):
        if angle:
            circuit.ry(angle + q, q)
        circuit.cx(q, q + 1)
    circuit.measure(range(size), range(size))
    return resolve_target("fake_torino").prepare(Program.of([circuit]), ())


def seconds(one: Prepared, shots: int) -> float:
    """Return the processor seconds of some shots."""
    start = time.process_time()
    one.counted(shots).simulator().counts(0, shots, seed=1)
    return time.process_time() - start


def main() -> None:
    """Print the medians and their ratios."""
    for name, angle in (("GHZ state", 0.0), ("rotations", 0.3)):
        more, fewer = prepared(12, angle), prepared(11, angle)
        pairs = [(seconds(more, SHOTS), seconds(fewer, SHOTS)) for _ in range(PAIRS + 1)][1:]
        one, other = (statistics.median(side) for side in zip(*pairs, strict=True))
        ratio = statistics.median(a / b for a, b in pairs)
        method = ", ".join(more.counted(SHOTS).simulator().methods)
        figures = f"n = 12 {one:6.2f} s : n = 11 {other:5.2f} s, ratio {ratio:5.2f}"
        print(f"{name:<12}{figures} (wanted: at most {WANTED:g}), by {method}")
    each = (seconds(more, FEW) - seconds(more, FEW // 2)) / (FEW - FEW // 2)
    print(f"one shot alone {1e3 * each:.1f} ms; a density matrix takes as long as {one / each:.0f} of them")


if __name__ == "__main__":
    main()
