"""The golden OpenQASM 3 files of the catalogue: `python -m qcoord_hw.golden --write` makes them anew.

One file an entry, `<name>.qasm` beside `<name>.toml`: a valid program that runs the experiment's circuits
one after the other on the same qubits. They are compared as parsed circuits, instruction by instruction,
because the text that Qiskit exports changes between releases.
"""

from __future__ import annotations

import sys
from pathlib import Path

from qiskit.circuit import QuantumCircuit

from qcoord_hw.catalogue import catalogue_paths
from qcoord_hw.execution.formats import in_a_row, parse_qasm, to_qasm
from qcoord_hw.execution.run import instructions
from qcoord_hw.protocols import build_experiment
from qcoord_hw.spec import read_spec


def program_of(spec_path: Path) -> QuantumCircuit:
    """Return the program that runs all circuits of a catalogue entry in a row."""
    experiment = build_experiment(read_spec(spec_path))
    return in_a_row([net.circuit for net in experiment.circuits])


def differing() -> list[str]:
    """Return the names of the entries whose golden file is missing or holds another circuit."""
    return [name for name, path in catalogue_paths().items() if not _matches(path)]


def _matches(path: Path) -> bool:
    golden = path.with_suffix(".qasm")
    if not golden.exists():
        return False
    before, now = parse_qasm(golden.read_text(encoding="utf-8")), parse_qasm(to_qasm(program_of(path)))
    registers = [[(r.name, r.size) for r in [*c.qregs, *c.cregs]] for c in (before, now)]
    return registers[0] == registers[1] and instructions(before) == instructions(now)


def main() -> int:
    """Write every golden file, or with no argument say which ones differ."""
    if sys.argv[1:] == ["--write"]:
        for path in catalogue_paths().values():
            path.with_suffix(".qasm").write_text(to_qasm(program_of(path)), encoding="utf-8")
        return 0
    names = differing()
    print("differ: " + ", ".join(names) if names else "all golden files match")
    return 1 if names else 0


if __name__ == "__main__":
    sys.exit(main())
