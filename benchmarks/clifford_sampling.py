"""Sampling a Clifford circuit of 30 qubits without noise, 20,000 shots, against stim used plainly.

Processor time from the circuit to counted outcome strings, in pairs that are run in turn.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import stim
from qiskit.circuit import QuantumCircuit

from qcoord_hw.execution.program import Program
from qcoord_hw.execution.simulate import Simulator

PAIRS = 5
WANTED = 2.0


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return the CPU seconds of a call and what it returned."""
    start = time.process_time()
    found = work()
    return time.process_time() - start, found


def clifford_sampling(size: int = 30, shots: int = 20_000) -> list[tuple[float, float]]:
    """Return the seconds of ideal Clifford sampling, ours and stim's, circuit and counts included."""
    rng = np.random.default_rng(1)
    circuit, asked = QuantumCircuit(size, size), []
    for _ in range(4):
        asked += [(str(rng.choice(["h", "s"])), q) for q in range(size)]
        asked += [("cx", q, q + 1) for q in range(size - 1)]
    for name, *qubits in asked:
        getattr(circuit, name)(*qubits)
    circuit.measure(range(size), range(size))
    settings = Program.of([circuit]).settings

    def plain() -> dict[str, int]:
        gates = stim.Circuit()
        for name, *qubits in asked:
            gates.append(name, qubits)
        gates.append("M", range(size))
        codes = gates.compile_sampler(seed=1).sample(shots) @ (1 << np.arange(size)[::-1])
        found, times = np.unique(codes, return_counts=True)
        return {format(c, f"0{size}b"): n for c, n in zip(found.tolist(), times.tolist(), strict=True)}

    pairs = [
        (timed(lambda: Simulator([circuit], settings, None).counts(0, shots, 1))[0], timed(plain)[0])
        for _ in range(1 + PAIRS)
    ][1:]
    return pairs


def main() -> None:
    """Print the medians and their ratio."""
    pairs = clifford_sampling()
    ours, plain = (statistics.median(side) for side in zip(*pairs, strict=True))
    ratio = statistics.median(a / b for a, b in pairs)
    print(f"ours {ours:.3f} s : stim {plain:.3f} s, ratio {ratio:.2f} (wanted: at most {WANTED:g})")


if __name__ == "__main__":
    main()
