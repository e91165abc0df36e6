"""What noise models predict beside what was measured on the device and published.

Prints a page in Markdown; with `--write` it becomes docs/published-hardware.md. Predictions are of the
snapshots in the runtime package, whose calibration is of another day than the experiment.
"""

from __future__ import annotations

import math
import sys
from pathlib import Path

import numpy as np
from qiskit.circuit import QuantumCircuit

import qcoord_hw as qc
from qcoord_hw.execution.frames import distribution
from qcoord_hw.execution.idle import with_idle_noise
from qcoord_hw.execution.layout import choose_layout
from qcoord_hw.execution.snapshot import Snapshot
from qcoord_hw.execution.targets import compile_for, fake_chip

PAGE = Path(__file__).resolve().parents[1] / "docs" / "published-hardware.md"

G14 = 83_391 / 90_112
"""Rounds won on ibm_hanoi, of rounds played [arXiv:2311.01363]."""

DISTANCES = (0, 4, 8, 12)
LAST = 13
"""Qubits between at which S > 2 was still measured on ibm_quebec, post-processed [arXiv:2504.18429]."""


def line(distance: int, end: int) -> QuantumCircuit:
    """Return a line of CZ whose inner qubits are measured in X, one end in X and the other in Z.

    Entanglement swapping: the inner outcomes say by which Pauli operators the ends' pair is turned.

    Args:
        distance: inner qubits, an even number.
        end: which end is measured in X, 0 or 1.
    """
    size = distance + 2
    circuit = QuantumCircuit(size, size)
    circuit.h(range(size))
    for start in (0, 1):
        for q in range(start, size - 1, 2):
            circuit.cz(q, q + 1)
    circuit.barrier()
    circuit.h([*range(1, size - 1), 0 if end == 0 else size - 1])
    circuit.measure(range(size), range(size))
    return circuit


def chsh_at(distance: int, chip: Snapshot, *, idle: bool) -> float:
    """Return CHSH's S = sqrt(2) (<XZ> + <ZX>) of the ends, outcomes inside accounted for, errors twirled."""
    circuits = [line(distance, end) for end in (0, 1)]
    layout = choose_layout(circuits, chip)
    used = chip.restrict(layout)
    found, last = [], distance + 1
    for end, circuit in enumerate(compile_for(used, circuits)):
        (noisy,) = with_idle_noise([circuit], used) if idle else (circuit,)
        # The stabilizers X0 X2 X4 .. Z(last) and Z0 X1 X3 .. X(last) of the line.
        parity = [*range(0, last, 2), last] if end == 0 else [0, *range(1, last + 1, 2)]
        even, odd = distribution(noisy, used, [parity])
        found.append(even - odd)
    return math.sqrt(2) * float(np.sum(found))


def page() -> str:
    """Return the page."""
    expected = [
        qc.plan("g14", target="fake_hanoi", idle_noise=idle).figures["win_probability"]
        for idle in (True, False)
    ]
    chip = fake_chip("fake_quebec")
    rows = [
        f"| {d} | {chsh_at(d, chip, idle=True):.3f} | {chsh_at(d, chip, idle=False):.3f} | "
        f"{'above 2' if d <= LAST else ''} |"
        for d in DISTANCES
    ]
    return "\n".join(
        [
            "# Published hardware figures beside predictions",
            "",
            "Written by `benchmarks/published_hardware.py --write`. Predictions are exact figures of noise",
            "models made of the snapshots in the runtime package; their calibration is of another day than",
            "the experiment, and circuits and qubits are ours. What the models leave out: crosstalk, drift,",
            "leakage, coherent errors and, with `--no-idle-noise`, what qubits do while they wait.",
            "",
            "## The colouring game G14 on ibm_hanoi",
            "",
            "| | win probability |",
            "|---|---|",
            f"| measured (arXiv:2311.01363: 83,391 of 90,112 rounds) | {G14:.4f} |",
            f"| predicted, `qcoord plan g14 --target fake_hanoi` | {expected[0]:.4f} |",
            f"| predicted with `--no-idle-noise` | {expected[1]:.4f} |",
            "",
            "## CHSH over a distance on ibm_quebec",
            "",
            "Entanglement swapping along a line, post-processed; errors twirled. On the device S > 2 was",
            f"measured with up to {LAST} qubits between (arXiv:2504.18429).",
            "",
            "| qubits between | S predicted, `fake_quebec` | without idle noise | measured |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


def main() -> None:
    """Print the page, or write it."""
    if "--write" in sys.argv:
        PAGE.write_text(page(), encoding="utf-8")
    else:
        print(page())


if __name__ == "__main__":
    main()
